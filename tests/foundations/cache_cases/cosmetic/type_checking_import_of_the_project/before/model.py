import math
import os

from lib.tools import scale, shift

FACTOR = 2


class Model:
    """A model."""

    bias = 1

    def __init__(self, k):
        self.k = k

    def run(self, x):
        total = scale(x, FACTOR) + self.bias
        return shift(total, self.k)


def answer():
    m = Model(3)
    return [m.run(i) for i in range(3)]
