def scale(x):
    """Thrice."""
    return x


def answer():
    return scale.__doc__
