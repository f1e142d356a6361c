def difference(second, first):
    return second - first


def answer():
    return difference(first=7, second=3)
