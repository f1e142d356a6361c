from functools import partial


def scale(x, factor, offset):
    return x * factor + offset


inner = partial(scale, factor=3)
outer = partial(inner, offset=1)


def answer():
    return outer(10)
