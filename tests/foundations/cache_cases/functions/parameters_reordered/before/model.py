def difference(first, second):
    return first - second


def answer():
    return difference(7, 3)
