import math


def scale(x, k):
    # scaled
    return x * k


def shift(x, k):
    return x + k


def unrelated(x):
    return x
