"""Tools."""


def scale(value):
    return value * 2


def unused(value):
    return value * 3
