def scale(x):
    return x


def answer():
    return scale.__name__
