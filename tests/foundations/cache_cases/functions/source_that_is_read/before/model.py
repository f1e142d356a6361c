import inspect


def scale(x):
    return x  # one


def answer():
    return inspect.getsource(scale)
