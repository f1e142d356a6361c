import numpy as np


def answer():
    return int(np.load("data/a.npy", mmap_mode="r").sum())
