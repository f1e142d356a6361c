from settings import RATE as rate


def answer():
    return rate
