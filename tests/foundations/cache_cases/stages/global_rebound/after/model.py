TOTAL = 0


def add(x):
    global TOTAL
    TOTAL += x * 2
    return x


def answer(x):
    return x, TOTAL
