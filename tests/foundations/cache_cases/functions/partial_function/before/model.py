from functools import partial


def scale(x, factor):
    return x * factor


answer = partial(scale, 10, factor=2)
