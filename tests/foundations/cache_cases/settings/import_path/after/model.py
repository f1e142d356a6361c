import sys

FACTOR = 2


def up():
    sys.path.insert(0, "/nowhere")
    return 1


def answer(x):
    return x, sys.path[0], FACTOR
