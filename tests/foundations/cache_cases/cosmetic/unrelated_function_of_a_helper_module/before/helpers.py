"""Tools."""


def scale(value):
    """Scale a value."""
    return value * 2


def unused(value):
    return value * 3
