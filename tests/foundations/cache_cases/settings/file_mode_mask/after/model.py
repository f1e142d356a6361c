import os

FACTOR = 2


def up():
    os.umask(0o77)
    return 1


def answer(x):
    return x, os.umask(0o77), FACTOR
