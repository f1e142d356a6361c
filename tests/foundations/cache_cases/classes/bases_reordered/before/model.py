class Left:
    def value(self):
        return 1


class Right:
    def value(self):
        return 2


class Net(Left, Right):
    pass


def answer():
    return Net().value()
