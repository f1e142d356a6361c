import warnings

FACTOR = 2


def up():
    warnings.simplefilter("error")
    return 1


def answer(x):
    return x, warnings.filters[0][0], FACTOR
