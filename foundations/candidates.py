"""The parameters that a search tries, one set after the other: all of a grid, or some at random."""

import math
import sys
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

from foundations.ranges import DiscreteHyperparameter, Range
from foundations.stage import LAZY

Parameters = dict[str, Any]

_VERBS = ("size", "value", "draw")


class Space:
    """All that the parameters of a search can be, from what a user gives as ranges.

    A range is one of the Hyperparameter classes; a list, a tuple, a `range` or a one-dimensional array is its values,
    anything else a constant. Raise `TypeError` or `ValueError` for what can't be meant.
    """

    def __init__(self, ranges: Mapping[str, Any]) -> None:
        if not isinstance(ranges, Mapping):
            raise TypeError(f"ranges is a dict of names and what they may be, got {ranges!r}")
        for name in ranges:
            if not isinstance(name, str):
                raise TypeError(f"the name of a parameter is a text, got {name!r}")
        self._ranges = {name: _range(name, given) for name, given in ranges.items()}

    @property
    def names(self) -> list[str]:
        """The names of the parameters."""
        return list(self._ranges)

    @property
    def size(self) -> int | None:
        """How many sets of parameters there are; None where they can't be counted."""
        sizes = [one.size for one in self._ranges.values()]
        return None if None in sizes else math.prod(size for size in sizes if size is not None)

    def grid(self, limit: int | None = None) -> Iterator[Parameters]:
        """Yield every set, at most `limit`, the last name's values changing first; raise where that has no end."""
        _check_limit("max_iterations", limit)
        endless = [name for name, one in self._ranges.items() if one.size is None]
        if endless:
            raise ValueError(
                f"a grid needs a step for {', '.join(endless)}: FloatingHyperparameter(min, max, step=...); a random "
                "search does without"
            )
        assert self.size is not None
        count = self.size if limit is None else min(limit, self.size)
        return (self._at(place) for place in range(count))

    def random(self, limit: int, seed: int | None = None) -> Iterator[Parameters]:
        """Yield `limit` sets at random, the same for the same seed, none twice; fewer where there are not so many."""
        if limit is None:
            raise TypeError("max_iterations is needed: a random search goes on for as many jobs")
        _check_limit("max_iterations", limit)
        random = Random(seed)
        if self.size is None:
            return ({name: one.draw(random) for name, one in self._ranges.items()} for _ in range(limit))
        return (self._at(place) for place in _sample(random, self.size, limit))

    def _at(self, place: int) -> Parameters:
        found = {}
        for name, one in reversed(self._ranges.items()):
            assert one.size is not None
            place, within = divmod(place, one.size)
            found[name] = one.value(within)
        return dict(reversed(found.items()))


def _range(name: str, given: Any) -> Range:
    if isinstance(given, type):
        raise TypeError(f"{name} is the class {given.__name__}; give an instance of it, with the values it may have")
    if isinstance(given, LAZY):  # it has every attribute, and no value: the graph says so
        return DiscreteHyperparameter([given])
    if all(hasattr(given, verb) for verb in _VERBS):
        found: Range = given
        return found
    if isinstance(given, set | frozenset | Iterator):
        raise TypeError(
            f"{name} is a {type(given).__name__}, whose values come in no fixed order or only once; give a list"
        )
    values = given.tolist() if getattr(given, "ndim", None) == 1 and hasattr(given, "tolist") else given
    values = values if isinstance(values, list | tuple | range) else [values]
    if not values:
        raise ValueError(f"{name} has no value to try; give it at least one")
    return DiscreteHyperparameter(values)


def _check_limit(name: str, limit: int | None) -> None:
    if limit is None:
        return
    if isinstance(limit, bool) or not isinstance(limit, int):
        raise TypeError(f"{name} is a whole number, got {limit!r}")
    if limit < 1:
        raise ValueError(f"{name} must be at least 1, got {limit!r}")


def _sample(random: Random, size: int, limit: int) -> Iterator[int]:
    if size <= sys.maxsize:
        yield from random.sample(range(size), min(size, limit))
        return
    seen: set[int] = set()
    while len(seen) < limit:
        place = random.randrange(size)
        if place not in seen:
            seen.add(place)
            yield place
