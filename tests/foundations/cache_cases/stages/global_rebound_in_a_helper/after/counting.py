TOTAL = 0


def add(x):
    global TOTAL
    TOTAL += x * 2
