"""A model."""

import os
from helpers import scale

RATE = 2


def answer(x: int = 3) -> int:
    """Return it."""
    result = 0
    for item in (1, 2, 3):
        result += scale(item) * RATE
    return result + x


def other():
    return len(os.sep)


class Unrelated:
    size = 3
