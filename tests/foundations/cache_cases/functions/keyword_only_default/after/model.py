def scale(x, *, factor=3):
    return x * factor


def answer():
    return scale(21)
