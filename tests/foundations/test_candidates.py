"""The parameters that a search tries, one set after the other."""

from itertools import islice, product
from typing import Any

import numpy
import pytest

from foundations import (
    DiscreteHyperparameter,
    FloatingHyperparameter,
    Hyperparameter,
    IntegerHyperparameter,
    create_stage,
)
from foundations.candidates import Space

MANY = {f"p{n}": IntegerHyperparameter(0, 10**6) for n in range(10)}


def test_a_grid_is_every_combination_the_last_name_changing_first() -> None:
    space = Space({"a": [1, 2], "b": IntegerHyperparameter(0, 3), "c": FloatingHyperparameter(0, 0.5, 0.5)})
    expected = [dict(zip("abc", values, strict=True)) for values in product([1, 2], [0, 1, 2], [0.0, 0.5])]
    assert list(space.grid()) == expected
    assert space.size == len(expected)
    assert [list(one) for one in space.grid()] == [["a", "b", "c"]] * 12


def test_a_limit_takes_the_first_of_a_grid() -> None:
    space = Space({"a": [1, 2, 3]})
    assert list(space.grid(2)) == [{"a": 1}, {"a": 2}]
    assert len(list(space.grid(100))) == 3


def test_a_grid_without_parameters_is_one_job() -> None:
    assert list(Space({}).grid()) == [{}]


def test_a_grid_that_would_never_end_begins_at_once() -> None:
    assert list(islice(Space(MANY).grid(), 2))[1] == {**dict.fromkeys(MANY, 0), "p9": 1}
    assert len(list(Space(MANY).grid(5))) == 5


def test_a_grid_over_numbers_without_a_step_says_what_is_missing_and_where() -> None:
    space = Space({"rate": FloatingHyperparameter(0, 1), "n": [1], "decay": FloatingHyperparameter(0, 1)})
    with pytest.raises(ValueError, match=r"a grid needs a step for rate, decay: FloatingHyperparameter"):
        space.grid()


@pytest.mark.parametrize(
    ("given", "values"),
    [
        ([1, 2], [1, 2]),
        ((1, 2), [1, 2]),
        (range(2), [0, 1]),
        (numpy.array([0.5, 1.5]), [0.5, 1.5]),
        (3, [3]),
        ("adam", ["adam"]),
        (None, [None]),
        ({"a": [1]}, [{"a": [1]}]),
        (DiscreteHyperparameter([[1, 2]]), [[1, 2]]),
    ],
)
def test_a_list_is_its_values_and_what_is_none_is_a_constant(given: Any, values: list[Any]) -> None:
    assert [one["x"] for one in Space({"x": given}).grid()] == values


@pytest.mark.parametrize(
    ("ranges", "error", "message"),
    [
        ([("x", [1])], TypeError, "ranges is a dict"),
        (None, TypeError, "ranges is a dict"),
        ({1: [1]}, TypeError, "the name of a parameter is a text, got 1"),
        ({"x": []}, ValueError, "x has no value to try"),
        ({"x": numpy.array([])}, ValueError, "x has no value to try"),
        ({"x": {1, 2}}, TypeError, "x is a set, whose values come in no fixed order or only once; give a list"),
        ({"x": iter([1])}, TypeError, "x is a list_iterator"),
        ({"x": IntegerHyperparameter}, TypeError, "x is the class IntegerHyperparameter; give an instance"),
    ],
)
def test_ranges_that_can_not_be_meant_are_refused_by_name(ranges: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Space(ranges)


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_below_one_is_refused(limit: int) -> None:
    for search in (Space({"x": [1]}).grid, Space({"x": [1]}).random):
        with pytest.raises(ValueError, match="max_iterations must be at least 1"):
            search(limit)


@pytest.mark.parametrize("limit", [1.0, "3", True])
def test_a_limit_that_is_no_whole_number_is_refused(limit: Any) -> None:
    for search in (Space({"x": [1]}).grid, Space({"x": [1]}).random):
        with pytest.raises(TypeError, match="max_iterations is a whole number"):
            search(limit)


def test_a_random_search_needs_a_limit() -> None:
    with pytest.raises(TypeError, match="max_iterations is needed"):
        Space({"x": [1]}).random(None)  # type: ignore[arg-type]


@pytest.mark.parametrize("ranges", [{"a": [1, 2, 3], "b": range(50)}, {"a": FloatingHyperparameter(0, 1)}, MANY])
def test_the_same_seed_gives_the_same_sets_and_another_one_others(ranges: Any) -> None:
    first, again, other = (list(Space(ranges).random(20, seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_without_a_seed_no_two_searches_are_alike() -> None:
    first, second = (list(Space(MANY).random(5)) for _ in range(2))
    assert first != second


def test_at_random_no_set_comes_twice_and_all_come_before_it_ends() -> None:
    space = Space({"a": [1, 2, 3], "b": FloatingHyperparameter(0, 1, 0.5), "c": 7})
    found = list(space.random(1000, seed=3))
    assert len(found) == space.size == 9
    assert sorted(found, key=str) == sorted(space.grid(), key=str)
    assert found != list(space.grid())


def test_at_random_with_numbers_that_can_not_be_counted_there_are_as_many_as_asked_for() -> None:
    space = Space({"a": [1, 2], "rate": FloatingHyperparameter(0, 1)})
    found = list(space.random(50, seed=3))
    assert len({(one["a"], one["rate"]) for one in found}) == 50


def test_a_space_too_large_to_be_counted_by_python_is_drawn_from() -> None:
    found = list(Space(MANY).random(10, seed=1))
    assert len({tuple(one.values()) for one in found}) == 10


@pytest.mark.parametrize("lazy", [create_stage(len)("a"), create_stage(len)("a").count, Hyperparameter("rate")])
def test_what_has_no_value_yet_is_a_constant_that_the_graph_refuses(lazy: Any) -> None:
    [parameters] = Space({"rate": lazy}).grid()
    with pytest.raises(TypeError, match="the parameter 'rate' has no value before the job runs"):
        create_stage(str)(Hyperparameter("rate")).graph(parameters)
