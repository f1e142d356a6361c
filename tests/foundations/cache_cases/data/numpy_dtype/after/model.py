import numpy as np

VALUE = np.arange(4, dtype='int64')


def answer():
    return str(VALUE.dtype)
