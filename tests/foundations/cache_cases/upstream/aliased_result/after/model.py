def load():
    found = [[1]] * 2
    return found


def answer(values):
    return values
