class Net:
    """Small."""


def answer():
    return Net().__doc__
