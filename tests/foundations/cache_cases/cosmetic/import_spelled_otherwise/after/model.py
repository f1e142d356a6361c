import math
import os

from lib import tools

FACTOR = 2


class Model:
    """A model."""

    bias = 1

    def __init__(self, k):
        self.k = k

    def run(self, x):
        total = tools.scale(x, FACTOR) + self.bias
        return tools.shift(total, self.k)


def answer():
    m = Model(3)
    return [m.run(i) for i in range(3)]
