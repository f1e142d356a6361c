import functools


def logged(function):
    @functools.wraps(function)
    def wrapper(*args):
        return function(*args) + 1

    return wrapper


@logged
def scale(x):
    return x * 4


def answer():
    return scale(3)
