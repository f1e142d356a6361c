"""What a parameter of a search may be: some values, whole numbers, or numbers of an interval."""

import math
import operator
import sys
from collections.abc import Iterable
from fractions import Fraction
from numbers import Real
from random import Random
from typing import Any, Protocol


class Range(Protocol):
    """The values that a parameter may take; `size` is how many there are, None where they can't be counted."""

    @property
    def size(self) -> int | None:
        """How many values there are, or None."""

    def value(self, place: int) -> Any:
        """Return the value at a place from 0 to `size` - 1, in the order in which a grid goes through them."""

    def draw(self, random: Random) -> Any:
        """Return any value, each as likely as the others."""


class DiscreteHyperparameter:
    """Some values of any kind; one that is given twice counts once.

    >>> DiscreteHyperparameter(["relu", "tanh"])
    """

    def __init__(self, values: Iterable[Any]) -> None:
        if isinstance(values, str | bytes) or not isinstance(values, Iterable):
            raise TypeError(f"DiscreteHyperparameter takes a list of values, got {values!r}")
        self.values = tuple(_distinct(values))
        if not self.values:
            raise ValueError("DiscreteHyperparameter takes at least one value, got none")

    def __repr__(self) -> str:
        return f"DiscreteHyperparameter({list(self.values)!r})"

    @property
    def size(self) -> int:
        """How many values there are."""
        return len(self.values)

    def value(self, place: int) -> Any:
        """Return the value at a place, in the order in which they were given."""
        return self.values[place]

    def draw(self, random: Random) -> Any:
        """Return any of the values."""
        return random.choice(self.values)


class IntegerHyperparameter:
    """The whole numbers from `start` up to, but not including, `stop`, as `range` has them.

    >>> IntegerHyperparameter(1, 10, step=2)      # 1, 3, 5, 7, 9
    """

    def __init__(self, start: int, stop: int, step: int = 1) -> None:
        self.start, self.stop = _whole("start", start), _whole("stop", stop)
        self.step = _whole("step", step)
        if self.step <= 0:
            raise ValueError(f"step must be above 0, got {step!r}")
        if self.start >= self.stop:
            raise ValueError(f"there is no whole number from start={start!r} up to, but not including, stop={stop!r}")

    def __repr__(self) -> str:
        step = f", step={self.step}" if self.step != 1 else ""
        return f"IntegerHyperparameter({self.start}, {self.stop}{step})"

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return -((self.start - self.stop) // self.step)

    def value(self, place: int) -> int:
        """Return the number at a place, from the smallest on."""
        return self.start + place * self.step

    def draw(self, random: Random) -> int:
        """Return any of the numbers."""
        return self.value(random.randrange(self.size))


class FloatingHyperparameter:
    """The numbers from `min` to `max`, both included: any of them, or with `step` those at that distance from `min`.

    `max` is one of them even where the last step to it is a shorter one. A grid needs a `step`.

    >>> FloatingHyperparameter(0.1, 0.5, step=0.1)      # 0.1, 0.2, 0.3, 0.4, 0.5
    """

    def __init__(self, min: float, max: float, step: float | None = None) -> None:  # noqa: A002 - what users write
        self.min, self.max = _finite("min", min), _finite("max", max)
        self.step = None if step is None else _finite("step", step)
        if self.min > self.max:
            raise ValueError(f"min={min!r} is above max={max!r}")
        if self.step is not None and self.step <= 0:
            raise ValueError(f"step must be above 0, got {step!r}")

    def __repr__(self) -> str:
        step = f", step={self.step!r}" if self.step is not None else ""
        return f"FloatingHyperparameter({self.min!r}, {self.max!r}{step})"

    @property
    def size(self) -> int | None:
        """How many numbers there are; None without a step, unless `min` is `max`."""
        if self.min == self.max:
            return 1
        if self.step is None:
            return None
        return math.ceil((_exact(self.max) - _exact(self.min)) / _exact(self.step)) + 1

    def value(self, place: int) -> float:
        """Return the number at a place, from the smallest on, as it would be typed: 0.3 and not 0.1 + 0.2."""
        if self.step is None:
            return self.min
        return float(min(_exact(self.min) + place * _exact(self.step), _exact(self.max)))

    def draw(self, random: Random) -> float:
        """Return any of the numbers."""
        if self.size is not None:
            return self.value(random.randrange(self.size))
        share = random.random()
        # not min + share * (max - min): the distance between two numbers may be larger than any number
        return min(max(self.min * (1 - share) + self.max * share, self.min), self.max)


KINDS = (DiscreteHyperparameter, IntegerHyperparameter, FloatingHyperparameter)


def _exact(number: float) -> Fraction:
    # the decimal that was typed, which a float only comes near to: steps of 0.1 then meet 0.3
    return Fraction(repr(number))


def _whole(name: str, value: Any) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{name} must be a whole number, got {value!r} of type {type(value).__name__}")
    return operator.index(value)


def _finite(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number, got {value!r} of type {type(value).__name__}")
    try:
        number = float(value)
    except OverflowError as error:
        raise ValueError(f"{name} must be at most {sys.float_info.max}, got {value!r}") from error
    if not math.isfinite(number):
        raise ValueError(f"{name} must be a finite number, got {value!r}")
    return number


def _distinct(values: Iterable[Any]) -> Iterable[Any]:
    seen: set[tuple[type, Any]] = set()
    for value in values:
        try:
            # 1, 1.0 and True are equal, and are not the same parameter
            new = (type(value), value) not in seen
            seen.add((type(value), value))
        except TypeError:  # it can't be hashed, and what equality means to it is its own affair
            new = True
        if new:
            yield value
