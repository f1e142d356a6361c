import numpy as np


def load():
    return np.arange(20).reshape(4, 5)[:, 1:3]


def answer(values):
    return int(values.sum())
