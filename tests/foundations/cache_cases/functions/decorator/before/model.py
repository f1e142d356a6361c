import functools


def logged(function):
    @functools.wraps(function)
    def wrapper(*args):
        return function(*args) + 1

    return wrapper


@logged
def answer():
    return 3
