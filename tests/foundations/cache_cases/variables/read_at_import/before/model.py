import os

RATE = os.environ["RATE"]


def answer():
    return RATE
