def difference(second, first):
    return first - second


def answer():
    return difference(7, 3)
