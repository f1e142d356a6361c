RATE = 3


def answer():
    return RATE * 2
