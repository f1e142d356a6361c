import numpy as np

VALUE = np.arange(4) * 2


def answer():
    return VALUE.tolist()
