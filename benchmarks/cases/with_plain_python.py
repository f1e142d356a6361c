"""The floor: a loop."""

from work import join, measure, step


def chain(count: int, start: int) -> int:
    """Call one after the other."""
    number = start
    for _ in range(count):
        number = step(number)
    return number


def fan_out(count: int, start: int) -> int:
    """Call each for itself, then join."""
    return join([step(start + place) for place in range(count)])


measure(chain=chain, fan_out=fan_out)
