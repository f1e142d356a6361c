def difference(first, second):
    return first - second


def answer():
    return difference(first=7, second=3)
