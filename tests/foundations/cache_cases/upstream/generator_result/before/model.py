def load():
    yield 1
    yield 2


def answer(values):
    return list(values)
