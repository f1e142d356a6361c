from wrapping import Counted


@Counted
def scale(x):
    return x + 1


def answer():
    return scale(3)
