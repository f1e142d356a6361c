from helpers import scale


def answer():
    return scale(10)
