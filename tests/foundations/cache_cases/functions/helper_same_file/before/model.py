def scale(x):
    return x * 2


def answer():
    return scale(21)
