"""The arguments of a stage, with holes for the results of others."""

from collections import OrderedDict, defaultdict
from typing import Any, NamedTuple

import pytest

from foundations.graph import Upstream, filled, holes


class Pair(NamedTuple):
    left: Any
    right: Any


class Loud(list[Any]):
    """A list with a constructor of its own."""

    def __init__(self, name: str, *items: Any) -> None:
        super().__init__(items)
        self.name = name


A, B = Upstream("a"), Upstream("b")
VALUES = {"a": 1, "b": [2]}


def value_of(hole: Upstream) -> Any:
    return VALUES[hole.stage]


def fill(value: Any) -> Any:
    return filled(value, Upstream, value_of)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (A, 1),
        ([A, [B, 3]], [1, [[2], 3]]),
        ((A, (B,)), (1, ([2],))),
        ({A, 5}, {1, 5}),
        (frozenset({A}), frozenset({1})),
        ({"k": {"deep": [A]}}, {"k": {"deep": [1]}}),
        ({A: "value"}, {1: "value"}),
        ({(A, 2): A}, {(1, 2): 1}),
        (Pair(A, (B,)), Pair(1, ([2],))),
        (OrderedDict(x=A, y=2), OrderedDict(x=1, y=2)),
        (defaultdict(list, x=A), defaultdict(list, x=1)),
        (Loud("name", A), Loud("name", 1)),
    ],
)
def test_holes_are_found_and_filled_at_any_depth(value: Any, expected: Any) -> None:
    assert A in list(holes(value, Upstream))
    result = fill(value)
    assert result == expected
    assert type(result) is type(expected)


def test_holes_come_in_the_order_in_which_they_stand() -> None:
    value = [B, {"x": A, B: (A,)}, B]
    assert list(holes(value, Upstream)) == [B, A, B, A, B]


@pytest.mark.parametrize(
    "value", [None, 3, "a", [1, (2,)], {"x": {}}, Loud("n", 1), Pair(1, 2), OrderedDict(), b"", object(), range(3)]
)
def test_a_value_without_holes_is_returned_itself(value: Any) -> None:
    assert list(holes(value, Upstream)) == []
    assert fill(value) is value


def test_parts_without_holes_are_not_copied() -> None:
    large = [0] * 10
    assert fill([A, large])[1] is large


def test_objects_are_not_looked_into() -> None:
    class Box:
        content = A

    assert list(holes([Box(), Box], Upstream)) == []


def test_a_value_that_holds_itself_has_no_holes() -> None:
    ring: list[Any] = [1]
    ring.append(ring)
    assert list(holes({"ring": ring}, Upstream)) == []
    assert fill(ring) is ring


def test_deep_nesting_does_not_recurse() -> None:
    deep: Any = []
    for _ in range(5000):
        deep = [deep]
    assert fill(deep) is deep
