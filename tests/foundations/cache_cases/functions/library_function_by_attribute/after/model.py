import math


def answer():
    return math.ceil(1.5)
