import numpy as np

VALUE = np.arange(4, dtype='int32')


def answer():
    return str(VALUE.dtype)
