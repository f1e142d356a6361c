import counting


def add(x):
    counting.TOTAL = x
    return x


def answer(x):
    return x, counting.TOTAL
