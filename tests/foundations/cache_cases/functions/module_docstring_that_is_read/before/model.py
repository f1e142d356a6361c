"""Usage: once."""


def answer():
    return __doc__
