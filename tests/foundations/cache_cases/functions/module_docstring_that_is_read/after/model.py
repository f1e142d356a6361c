"""Usage: twice."""


def answer():
    return __doc__
