"""Tools."""


def scale(value):
    """Scale a value."""
    return value * 2
