"""A column: one value of each of many jobs, in as few bytes as keep every value what it is."""

import json
import math
import sys
from array import array
from collections.abc import Sequence
from functools import cached_property
from itertools import chain
from typing import Any, Literal, get_args

from foundations_archive.envelope import canonical

Kind = Literal["f8", "i8", "json", "lists"]

KINDS = get_args(Kind)
WIDTH = 8

_CODES: dict[str, Literal["d", "q"]] = {"f8": "d", "i8": "q"}
_NO_NUMBERS = {"nan", "inf", "-inf"}


class Column:
    """One value of each of many jobs.

    `f8` are floats and `i8` integers, eight bytes each, the lowest first; `json` is anything that JSON has; `lists`
    are the values of a metric that not every job has logged exactly once.
    """

    def __init__(self, kind: Kind, *, size: int, data: memoryview | None = None, values: list[Any] | None = None):
        self.kind: Kind = kind
        self.size = size
        self._data, self._values = data, values

    @classmethod
    def of(cls, values: list[Any]) -> "Column":
        """Return a column of values as records have them, in the narrowest kind that changes none."""
        kinds = set(map(type, values))
        if kinds == {float}:
            return cls("f8", size=len(values), values=values)
        if kinds and kinds <= {float, dict}:
            numbers = [_number(value) for value in values]
            if all(type(number) is float for number in numbers):
                return cls("f8", size=len(values), values=numbers)
        if kinds == {int} and min(values) >= -(2**63) and max(values) < 2**63:
            return cls("i8", size=len(values), values=values)
        return cls("json", size=len(values), values=values)

    @classmethod
    def of_metric(cls, series: list[Sequence[Any]]) -> "Column":
        """Return a column of the values that each job has logged: one each where that is so for all."""
        if all(len(values) == 1 for values in series):
            return cls.of([values[0] for values in series])
        return cls("lists", size=len(series), values=[list(values) for values in series])

    @cached_property
    def values(self) -> list[Any]:
        """The values: of `f8` and `i8` numbers, else as records have them; raises `ValueError` for other bytes."""
        if self._values is not None:
            return self._values
        assert self._data is not None
        if self.kind in _CODES:
            numbers = array(_CODES[self.kind], self._data.tobytes())
            if sys.byteorder == "big":
                numbers.byteswap()
            return numbers.tolist()
        values = json.loads(bytes(self._data))
        if not isinstance(values, list) or len(values) != self.size:
            raise ValueError("a column has not a value for every job")
        return values

    @property
    def data(self) -> memoryview:
        """The bytes of the values."""
        if self._data is None:
            if self.kind in _CODES:
                numbers = array(_CODES[self.kind], self.values)
                if sys.byteorder == "big":
                    numbers.byteswap()
                self._data = memoryview(numbers.tobytes())
            else:
                self._data = memoryview(canonical(self.values))
        return self._data

    def plain(self) -> list[Any]:
        """Return the values as records have them."""
        if self.kind != "f8" or math.isfinite(sum(self.values)):
            return self.values
        return [number if math.isfinite(number) else {"$float": repr(number)} for number in self.values]

    def series(self) -> list[list[Any]]:
        """Return the values that each job has logged, where this is a metric's column."""
        return self.plain() if self.kind == "lists" else [[value] for value in self.plain()]

    def take(self, places: Sequence[int]) -> "Column":
        """Return the column of some of the jobs, in the order of `places`."""
        values = [self.values[place] for place in places]
        if self.kind in _CODES:
            return Column(self.kind, size=len(places), values=values)
        return Column.of_metric(values) if self.kind == "lists" else Column.of(values)


def concatenated(columns: Sequence[Column], order: Sequence[int]) -> Column:
    """Return columns as one, its values in the order of `order`."""
    kind = columns[0].kind
    kinds = {column.kind for column in columns}
    if "lists" in kinds:
        series = list(chain.from_iterable(column.series() for column in columns))
        return Column.of_metric([series[place] for place in order])
    if len(kinds) == 1 and kinds < _CODES.keys():
        values = list(chain.from_iterable(column.values for column in columns))
        return Column(kind, size=len(order), values=[values[place] for place in order])
    values = list(chain.from_iterable(column.plain() for column in columns))
    return Column.of([values[place] for place in order])


def _number(value: Any) -> Any:
    """Return the float that a tagged one stands for, and anything else as it is."""
    if type(value) is dict and value.keys() == {"$float"} and type(value["$float"]) is str:
        return float(value["$float"]) if value["$float"] in _NO_NUMBERS else value
    return value
