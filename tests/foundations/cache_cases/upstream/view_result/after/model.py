import numpy as np


def load():
    found = np.arange(20).reshape(4, 5)[:, 1:3]
    return found


def answer(values):
    return int(values.sum())
