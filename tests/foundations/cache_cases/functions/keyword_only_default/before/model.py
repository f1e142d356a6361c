def scale(x, *, factor=2):
    return x * factor


def answer():
    return scale(21)
