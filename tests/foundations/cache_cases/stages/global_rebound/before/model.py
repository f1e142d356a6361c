TOTAL = 0


def add(x):
    global TOTAL
    TOTAL += x
    return x


def answer(x):
    return x, TOTAL
