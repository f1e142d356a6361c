first, second = lambda x: x + 1, lambda x: x + 3


def answer():
    return second(1)
