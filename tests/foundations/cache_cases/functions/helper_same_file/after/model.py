def scale(x):
    return x * 3


def answer():
    return scale(21)
