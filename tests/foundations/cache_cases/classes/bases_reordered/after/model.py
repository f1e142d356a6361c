class Left:
    def value(self):
        return 1


class Right:
    def value(self):
        return 2


class Net(Right, Left):
    pass


def answer():
    return Net().value()
