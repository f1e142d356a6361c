import counting


def add(x):
    counting.add(x)
    return x


def answer(x):
    return x, counting.TOTAL
