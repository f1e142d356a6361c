"""Tools."""


def unused(value):
    return value * 3
