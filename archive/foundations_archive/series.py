"""Metrics as series: a million values of one key are two columns, not a million records."""

import heapq
import math
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from foundations_archive.envelope import tagged


@dataclass(frozen=True)
class Series:
    """What a stage has logged under one key: every value, in order, and when (seconds since 1970)."""

    stage: str
    key: str
    values: Sequence[Any]
    times: Sequence[float]

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Self:
        """Return the series that a record holds."""
        if len(body["values"]) != len(body["times"]):
            raise ValueError(f"the metric {body['key']!r} has {len(body['values'])} values, {len(body['times'])} times")
        return cls(body["stage"], body["key"], tuple(body["values"]), tuple(body["times"]))

    def plain(self) -> dict[str, Any]:
        """Return the series as what `json` writes; its values are that already."""
        return {"stage": self.stage, "key": self.key, "values": list(self.values), "times": list(self.times)}


class GrowingSeries:
    """A series that is being logged; numbers alone take 16 bytes each."""

    def __init__(self) -> None:
        self._values: array[float] | list[Any] = array("d")
        self._times = array("d")

    def extend(self, values: Sequence[Any], times: Sequence[float]) -> None:
        """Add values, which are plain JSON, and their times."""
        self._times.extend(times)
        if isinstance(self._values, array):
            if all(type(value) is float for value in values):
                self._values.extend(values)
                return
            self._values = self._values.tolist()
        self._values.extend(values)

    def series(self, stage: str, key: str) -> Series:
        """Return what has been logged up to now."""
        return Series(stage, key, tuple(self._values), tuple(self._times))


def json_numbers(values: Sequence[Any]) -> list[Any]:
    """Return numbers as JSON has them: NaN and the infinities, where there are any, as tagged objects."""
    # the sum of finite numbers may overflow: then each is looked at, and none is tagged
    return list(values) if math.isfinite(sum(values)) else list(tagged(list(values)))


def values_by_key(metrics: Iterable[Series]) -> dict[str, list[Any]]:
    """Return the values of each key, whichever stages logged them, in the order of their times."""
    by_key: dict[str, list[Series]] = {}
    for series in metrics:
        by_key.setdefault(series.key, []).append(series)
    return {key: _merged(several) for key, several in by_key.items()}


def _merged(several: Sequence[Series]) -> list[Any]:
    if len(several) == 1:
        return list(several[0].values)
    timed = [
        [(time, place, number) for number, time in enumerate(series.times)] for place, series in enumerate(several)
    ]
    return [several[place].values[number] for _, place, number in heapq.merge(*timed)]
