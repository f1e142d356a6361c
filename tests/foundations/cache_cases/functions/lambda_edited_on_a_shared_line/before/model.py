first, second = lambda x: x + 1, lambda x: x + 2


def answer():
    return second(1)
