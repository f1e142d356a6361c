import numpy as np

FACTOR = 2


def up():
    np.set_printoptions(precision=2)
    return 1


def answer(x):
    return x, str(np.array([1.23456])), FACTOR
