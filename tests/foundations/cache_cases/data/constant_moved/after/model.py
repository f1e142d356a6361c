from settings import RATE


def answer():
    return RATE
