import math


def answer():
    return math.floor(1.5)
