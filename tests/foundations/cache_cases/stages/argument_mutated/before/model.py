def load():
    return [3, 1, 2]


def spoil(values):
    values.sort()
    return values[0]


def answer(first, values):
    return first, values
