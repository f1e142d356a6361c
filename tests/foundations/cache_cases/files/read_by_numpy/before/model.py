import numpy as np


def answer():
    return np.load("data/a.npy").tolist()
