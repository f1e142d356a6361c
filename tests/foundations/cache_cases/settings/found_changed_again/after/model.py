import sys

FACTOR = 2


def up():
    sys.setrecursionlimit(5000)
    return 1


def between(x):
    return x + 1


def answer(x):
    return x * FACTOR
