def load():
    return [1, 2, 4]


def answer(values):
    return sum(values)
