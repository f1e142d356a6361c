from meta import Meta


class Net(metaclass=Meta):
    pass


def answer():
    return Net()
