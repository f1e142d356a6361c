from functools import lru_cache


@lru_cache
def scale(x):
    return x * 5


def answer():
    return scale(2) + scale(2)
