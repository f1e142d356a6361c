"""Tools."""


def scale(value):
    """Scale a value."""
    return value * 2  # twice


def unused(value):
    return value * 3
