class Net:
    """Large."""


def answer():
    return Net().__doc__
