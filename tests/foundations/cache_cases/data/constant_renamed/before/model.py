RATE = 0.1


def answer():
    return RATE
