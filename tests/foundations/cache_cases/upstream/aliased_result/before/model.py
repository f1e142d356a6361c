def load():
    return [[1]] * 2


def answer(values):
    return values
