def double(x):
    return x * 2


def scale(x):
    return x


scale.__code__ = double.__code__


def answer():
    return scale(21)
