import numpy as np

FACTOR = 2


def up():
    np.seterr(divide="ignore")
    return 1


def answer(x):
    return x, np.geterr(), FACTOR
