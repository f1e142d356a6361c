"""What a parameter of a search may be."""

import sys
from collections import Counter
from random import Random
from typing import Any

import numpy
import pytest

from foundations import DiscreteHyperparameter, FloatingHyperparameter, IntegerHyperparameter
from foundations.ranges import Range


def grid(one: Range) -> list[Any]:
    assert one.size is not None
    return [one.value(place) for place in range(one.size)]


@pytest.mark.parametrize(
    ("given", "values"),
    [
        ([1, 2, 3], [1, 2, 3]),
        ((3, 1), [3, 1]),
        (range(2), [0, 1]),
        ([None], [None]),
        (["a", None, ("b",), 0.5], ["a", None, ("b",), 0.5]),
        ({"b": 1, "a": 2}, ["b", "a"]),
        ((letter for letter in "ab"), ["a", "b"]),
        ([1, 2, 1], [1, 2]),
        ([1, True, 1.0], [1, True, 1.0]),
        ([[1], [2]], [[1], [2]]),
        ([len, print], [len, print]),
    ],
)
def test_discrete_values_are_taken_in_order_and_each_once(given: Any, values: list[Any]) -> None:
    found = grid(DiscreteHyperparameter(given))
    assert [(type(one), one) for one in found] == [(type(one), one) for one in values]


@pytest.mark.parametrize("given", [[], (), iter(()), {}])
def test_no_value_at_all_is_refused(given: Any) -> None:
    with pytest.raises(ValueError, match="takes at least one value"):
        DiscreteHyperparameter(given)


@pytest.mark.parametrize("given", ["relu", b"relu", 3, None])
def test_what_is_no_list_of_values_is_refused(given: Any) -> None:
    with pytest.raises(TypeError, match="takes a list of values, got"):
        DiscreteHyperparameter(given)


@pytest.mark.parametrize(
    ("arguments", "values"),
    [
        ((0, 3), [0, 1, 2]),
        ((-2, 1), [-2, -1, 0]),
        ((1, 10, 2), [1, 3, 5, 7, 9]),
        ((1, 9, 2), [1, 3, 5, 7]),
        ((1, 2, 100), [1]),
        ((10**30, 10**30 + 2), [10**30, 10**30 + 1]),
        ((numpy.int64(1), numpy.int64(3)), [1, 2]),
    ],
)
def test_whole_numbers_stop_before_their_stop(arguments: tuple[Any, ...], values: list[int]) -> None:
    found = grid(IntegerHyperparameter(*arguments))
    assert found == values
    assert {type(one) for one in found} == {int}


@pytest.mark.parametrize("arguments", [(3, 3), (3, 2), (0, 5, 0), (0, 5, -1)])
def test_whole_numbers_that_there_are_none_of_are_refused(arguments: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"start=|step must be above 0"):
        IntegerHyperparameter(*arguments)


@pytest.mark.parametrize("arguments", [(0.0, 3), (0, "3"), (False, 3), (0, 3, True), (None, 1)])
def test_what_is_no_whole_number_is_refused_by_name(arguments: tuple[Any, ...]) -> None:
    with pytest.raises(TypeError, match=r"(start|stop|step) must be a whole number"):
        IntegerHyperparameter(*arguments)


@pytest.mark.parametrize(
    ("arguments", "values"),
    [
        ((0, 1, 0.25), [0.0, 0.25, 0.5, 0.75, 1.0]),
        ((0.1, 0.5, 0.1), [0.1, 0.2, 0.3, 0.4, 0.5]),
        ((-0.3, 0.3, 0.3), [-0.3, 0.0, 0.3]),
        ((0, 1, 0.3), [0.0, 0.3, 0.6, 0.9, 1.0]),
        ((0, 1, 5), [0.0, 1.0]),
        ((2, 2), [2.0]),
        ((2, 2, 0.5), [2.0]),
        ((1e-5, 3e-5, 1e-5), [1e-5, 2e-5, 3e-5]),
        ((numpy.float64(0), numpy.int64(1), numpy.float64(0.5)), [0.0, 0.5, 1.0]),
    ],
)
def test_numbers_of_an_interval_end_with_its_end_and_are_those_that_one_would_type(
    arguments: tuple[Any, ...], values: list[float]
) -> None:
    found = grid(FloatingHyperparameter(*arguments))
    assert found == values
    assert {type(one) for one in found} == {float}


def test_a_thousand_steps_do_not_add_up_to_an_error() -> None:
    assert grid(FloatingHyperparameter(0, 1, 0.001)) == [float(f"{n / 1000:.3f}") for n in range(1001)]


def test_more_steps_than_there_is_memory_for_cost_nothing_until_they_are_asked_for() -> None:
    size = FloatingHyperparameter(0, 1, 1e-300).size
    assert size
    assert size > sys.maxsize


def test_without_a_step_numbers_can_not_be_counted() -> None:
    assert FloatingHyperparameter(0, 1).size is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1, 0), "min=1 is above max=0"),
        ((0, 1, 0), "step must be above 0, got 0"),
        ((0, 1, -0.5), "step must be above 0, got -0.5"),
        ((float("nan"), 1), "min must be a finite number, got nan"),
        ((0, float("inf")), "max must be a finite number, got inf"),
        ((0, 1, float("nan")), "step must be a finite number, got nan"),
        ((0, 10**400), "max must be at most 1.79"),
    ],
)
def test_an_interval_that_can_not_be_is_refused(arguments: tuple[float, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        FloatingHyperparameter(*arguments)


@pytest.mark.parametrize("arguments", [("0", 1), (0, None), (True, 2), (0, 1, "0.1"), (0j, 1)])
def test_what_is_no_number_is_refused_by_name(arguments: tuple[Any, ...]) -> None:
    with pytest.raises(TypeError, match=r"(min|max|step) must be a number, got"):
        FloatingHyperparameter(*arguments)


@pytest.mark.parametrize(
    "one",
    [
        DiscreteHyperparameter(["a", "b", "c"]),
        IntegerHyperparameter(-5, 5, 3),
        FloatingHyperparameter(0, 1, 0.3),
    ],
    ids=repr,
)
def test_what_is_drawn_is_one_of_the_values_and_each_comes(one: Range) -> None:
    random = Random(1)
    drawn = Counter(one.draw(random) for _ in range(400))
    assert sorted(drawn) == sorted(grid(one))
    assert min(drawn.values()) > 40


@pytest.mark.parametrize("ends", [(0, 1), (-1e308, 1e308), (5e-324, 1e-323), (3, 3)])
def test_what_is_drawn_without_a_step_lies_within_the_interval(ends: tuple[float, float]) -> None:
    one, random = FloatingHyperparameter(*ends), Random(1)
    assert all(ends[0] <= one.draw(random) <= ends[1] for _ in range(1000))


def test_a_repr_is_how_it_was_made() -> None:
    made = [
        DiscreteHyperparameter([1, "a"]),
        IntegerHyperparameter(1, 4),
        IntegerHyperparameter(1, 4, 2),
        FloatingHyperparameter(0, 1),
        FloatingHyperparameter(0, 1, 0.5),
    ]
    assert [grid(eval(repr(one))) for one in made if one.size] == [grid(one) for one in made if one.size]
    assert repr(made[3]) == "FloatingHyperparameter(0.0, 1.0)"
