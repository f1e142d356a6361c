def load():
    yield 1
    yield 3


def answer(values):
    return list(values)
