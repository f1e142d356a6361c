from tools import scale


def answer():
    return scale(2)
