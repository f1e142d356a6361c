"""What stages on a result do in the job: items, parts and methods, and the errors of what has none."""

import itertools
import pickle
from collections import OrderedDict, namedtuple
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas
import pytest

from foundations import create_stage
from foundations.parts import Method, Split, item

Pair = namedtuple("Pair", "left right")


class Sensor:
    """Something with a method, a plain attribute, and a property that fails."""

    unit = "K"

    def read(self, *scale: float, offset: float = 0) -> tuple[Any, ...]:
        return *scale, offset

    def fail(self) -> None:
        raise AttributeError("mine")

    @property
    def broken(self) -> Any:
        return self.nothing  # type: ignore[attr-defined]


class Staged:
    factor = 3

    @create_stage
    def staged(self, x: int) -> int:
        return self.factor * x

    @create_stage
    @classmethod
    def named(cls, x: int) -> tuple[str, int]:
        return cls.__name__, x

    @staticmethod
    @create_stage
    def plain(x: int) -> int:
        return x


class Stubborn:
    def __iter__(self) -> Iterator[Any]:
        raise TypeError("not today")


@pytest.mark.parametrize(
    ("value", "key", "expected"),
    [([1, 2], -1, 2), ({"a": 1}, "a", 1), ("text", slice(1, 3), "ex"), (np.arange(6).reshape(2, 3), (1, 2), 5)],
)
def test_an_item_is_what_the_value_gives_for_the_key(value: Any, key: Any, expected: Any) -> None:
    assert item(value, key) == expected


@pytest.mark.parametrize(
    "value",
    [
        [1, 2],
        (1, 2),
        Pair(1, 2),
        range(1, 3),
        iter([1, 2]),
        (n for n in (1, 2)),
        np.array([1, 2]),
        pandas.Series([1, 2]),
    ],
)
def test_whatever_has_as_many_parts_in_an_order_is_split(value: Any) -> None:
    assert Split("load", 2)(value) == (1, 2)


def test_parts_are_not_copied() -> None:
    parts = [[1], [2]]
    assert all(one is other for one, other in zip(Split("load", 2)(parts), parts, strict=True))
    assert Split("load", 1)([None]) == (None,)


@pytest.mark.parametrize(
    ("value", "got"),
    [
        ([1], "a list of 1"),
        ([1, 2, 3], "a list of 3"),
        ((), "a tuple of 0"),
        (Pair(1, 2)[:1], "a tuple of 1"),
        (np.zeros((5, 2)), "a ndarray of 5"),
        ((n for n in (1,)), "a generator of 1"),
        (itertools.count(), "a count of more than 2"),
    ],
)
def test_another_number_of_parts_is_an_error_that_says_wanted_and_got(value: Any, got: str) -> None:
    with pytest.raises(ValueError) as raised:
        Split("load", 2)(value)
    assert str(raised.value) == f"split(2) of the result of stage load wants 2 parts and got {got}"


@pytest.mark.parametrize(
    ("value", "got"),
    [
        (7, "an int"),
        (None, "a NoneType"),
        ("ab", "a str, whose parts are its characters"),
        (b"ab", "a bytes, whose parts"),
        ({"a": 1, "b": 2}, "a dict; return a list or a tuple, or take its items: stage[key]"),
        (OrderedDict(a=1, b=2), "a OrderedDict; return"),
        ({1, 2}, "a set; return"),
        (frozenset({1, 2}), "a frozenset; return"),
        ({"a": 1, "b": 2}.keys(), "a dict_keys; return"),
        (pandas.DataFrame({"a": [1], "b": [2]}), "a DataFrame; return"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_has_no_parts_in_an_order_is_refused(value: Any, got: str) -> None:
    with pytest.raises(TypeError) as raised:
        Split("load", 2)(value)
    assert str(raised.value).startswith(
        f"split(2) of the result of stage load wants 2 parts and got {got.replace('an int', 'a int')}"
    )


def test_an_error_of_the_values_own_iteration_is_raised_as_it_is() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise KeyError("inside")

    with pytest.raises(KeyError, match="inside"):
        Split("load", 2)(broken())
    with pytest.raises(TypeError, match="not today"):
        Split("load", 2)(Stubborn())


def test_a_method_is_called_with_whatever_names_its_arguments_have() -> None:
    assert Method("make", "read")(Sensor(), 1, 2, offset=3) == (1, 2, 3)
    assert Method("make", "format")("{value} {self} {name}", value=1, self=2, name=3) == "1 2 3"
    assert Method("make", "upper")("a") == "A"


def test_a_method_that_is_not_there_is_an_error_that_names_stage_and_type() -> None:
    with pytest.raises(AttributeError, match="the result of stage load is a list, which has no method head"):
        Method("load", "head")([])
    with pytest.raises(AttributeError, match=r"which has no method broken .*no attribute 'nothing'"):
        Method("load", "broken")(Sensor())


def test_a_method_that_its_class_has_staged_is_called_all_the_same() -> None:
    assert Method("make", "staged")(Staged(), 2) == 6
    assert Method("make", "named")(Staged(), 2) == ("Staged", 2)
    assert Method("make", "plain")(Staged(), 2) == 2


def test_an_error_of_the_method_itself_is_raised_as_it_is() -> None:
    with pytest.raises(AttributeError, match=r"^mine$"):
        Method("load", "fail")(Sensor())


def test_an_attribute_that_is_no_method_says_how_to_take_it() -> None:
    with pytest.raises(TypeError) as raised:
        Method("make", "unit")(Sensor())
    assert str(raised.value) == (
        "unit of the result of stage make, a Sensor, is a str and no method; take it in a stage: "
        "stage.stage(lambda value: value.unit)"
    )


@pytest.mark.parametrize("function", [item, Split("load", 2), Method("load", "head")])
def test_they_travel(function: Callable[..., Any]) -> None:
    assert pickle.loads(pickle.dumps(function)) == function
