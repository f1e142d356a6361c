def numbers():
    yield 1
    yield 2


def answer():
    return list(numbers())
