"""Metrics as series."""

import json
import math

import pytest

from foundations_archive.records import plain
from foundations_archive.series import GrowingSeries, Series, json_numbers, values_by_key

NAN, INF = {"$float": "nan"}, {"$float": "inf"}


def test_a_series_survives_json() -> None:
    series = Series("s", "loss", (0.1, 2, "x", True, [1, NAN]), (1.0, 2.0, 3.0, 4.0, 5.0))
    assert Series.of(json.loads(json.dumps(plain(series), allow_nan=False))) == series


def test_a_series_whose_columns_differ_in_length_is_refused() -> None:
    with pytest.raises(ValueError, match="'loss' has 2 values, 1 times"):
        Series.of({"stage": "s", "key": "loss", "values": [1, 2], "times": [1.0]})


def test_values_keep_their_types_whatever_comes_before_and_after() -> None:
    growing = GrowingSeries()
    growing.extend([0.5, 1.0], [1.0, 2.0])
    growing.extend([1, True, "x"], [3.0, 4.0, 5.0])
    growing.extend([2.0], [6.0])
    series = growing.series("s", "k")
    assert [(type(value), value) for value in series.values] == [
        (float, 0.5), (float, 1.0), (int, 1), (bool, True), (str, "x"), (float, 2.0),
    ]  # fmt: skip
    assert series.times == (1.0, 2.0, 3.0, 4.0, 5.0, 6.0)


def test_what_is_logged_later_does_not_change_a_series_that_was_taken() -> None:
    growing = GrowingSeries()
    growing.extend([0.5], [1.0])
    taken = growing.series("s", "k")
    growing.extend([1.5], [2.0])
    assert taken.values == (0.5,)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], []),
        ([0.5, 1], [0.5, 1]),
        ([math.nan, 1.0], [NAN, 1.0]),
        ([math.inf, -math.inf], [INF, {"$float": "-inf"}]),
        ([1e308, 1e308], [1e308, 1e308]),  # whose sum is infinite
        ([10**18, 0.5], [10**18, 0.5]),
    ],
)
def test_numbers_that_json_lacks_are_tagged(values: list[float], expected: list[object]) -> None:
    assert json_numbers(values) == expected
    json.dumps(json_numbers(values), allow_nan=False)


def test_values_of_a_key_that_several_stages_logged_come_in_the_order_of_time() -> None:
    metrics = [
        Series("a", "loss", (1, 3, 5), (1.0, 3.0, 5.0)),
        Series("a", "only", ("x",), (9.0,)),
        Series("b", "loss", (2, 4), (2.0, 4.0)),
    ]
    assert values_by_key(metrics) == {"loss": [1, 2, 3, 4, 5], "only": ["x"]}


def test_values_of_one_time_come_in_the_order_of_their_stages() -> None:
    metrics = [Series("a", "k", ("a1", "a2"), (1.0, 1.0)), Series("b", "k", ({"x": 1}, "b2"), (1.0, 1.0))]
    assert values_by_key(metrics) == {"k": ["a1", "a2", {"x": 1}, "b2"]}


def test_a_stage_whose_clock_went_back_keeps_its_own_order() -> None:
    assert values_by_key([Series("a", "k", (1, 2, 3), (3.0, 2.0, 1.0))]) == {"k": [1, 2, 3]}
