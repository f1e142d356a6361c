from fields import Positive


class Net:
    depth = Positive(2)


def answer():
    return Net().depth
