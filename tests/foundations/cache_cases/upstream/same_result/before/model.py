def load():
    return [1, 2, 3]


def answer(values):
    return sum(values)
