from helpers import scale


def double(x):
    return scale(x)


def answer(function):
    return function(10)


def other():
    return 2
