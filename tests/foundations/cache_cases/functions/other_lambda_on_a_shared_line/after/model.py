first, second = lambda x: x + 7, lambda x: x + 2


def answer():
    return second(1)
