"""A model."""

import os
from helpers import scale

RATE = 2


def answer(x: int = 3) -> int:
    """Return it."""
    total = 0
    for value in (1, 2, 3):
        total += scale(value) * RATE
    return total + x


def other():
    return len(os.sep)


class Unrelated:
    size = 3
