import inspect


def scale(x):
    return x  # two


def answer():
    return inspect.getsource(scale)
