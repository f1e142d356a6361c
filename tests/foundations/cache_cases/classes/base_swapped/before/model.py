class Slow:
    def value(self):
        return 1


class Fast:
    def value(self):
        return 2


class Net(Slow):
    pass


def answer():
    return Net().value()
