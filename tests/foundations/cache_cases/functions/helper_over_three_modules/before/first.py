import second


def one(x):
    return second.two(x) + 1
