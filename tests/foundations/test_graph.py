"""The arguments of a stage, with holes for the results of others."""

from collections import Counter, OrderedDict, defaultdict
from collections.abc import Iterator
from dataclasses import InitVar, dataclass, field
from typing import Any, ClassVar, NamedTuple

import pytest

from foundations.graph import Upstream, filled, filled_arguments, holes


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


@dataclass(frozen=True, slots=True)
class Frozen:
    left: Any
    right: Any = 2


@dataclass
class Initialised:
    given: InitVar[int]
    content: Any
    made: int = field(init=False, default=0)
    unset: Any = field(init=False, repr=False, compare=False)
    shared: ClassVar[list[int]] = []

    def __post_init__(self, given: int) -> None:
        self.shared.append(given)
        self.made = given


@dataclass
class Child(Initialised):
    more: Any = None


class Settings(dict[str, Any]):
    """A dict with attributes of its own and a constructor that wants something."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.source = source

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Frozen(A), Frozen(1)),
        (Frozen([Frozen(1, (A,))], B), Frozen([Frozen(1, (1,))], [2])),
        (slice(A, B), slice(1, [2])),
        (Counter({"x": 2, A: 1}), Counter({"x": 2, 1: 1})),
    ],
)
def test_holes_in_dataclasses_and_slices_are_filled(value: Any, expected: Any) -> None:
    before = repr(value)
    assert A in list(holes(value, Upstream))
    assert fill(value) == expected
    assert type(fill(value)) is type(expected)
    assert repr(value) == before


def test_a_dataclass_is_copied_with_all_it_has_and_not_made_anew() -> None:
    value = Child(7, [A], more=B)
    value.extra = "set later"  # type: ignore[attr-defined]
    Initialised.shared.clear()
    result = fill(value)
    assert (result.content, result.more, result.made, result.extra) == ([1], [2], 7, "set later")
    assert not hasattr(result, "unset")
    assert Initialised.shared == []
    assert value.content == [A]


def test_a_class_of_dataclasses_is_a_value_like_any_other() -> None:
    assert fill([Frozen, A])[0] is Frozen


def test_a_subclass_of_dict_keeps_what_it_has() -> None:
    settings = Settings("file")
    settings.update(data=A, rate=0.1)
    result = fill(settings)
    assert (type(result), result.source, result.data, dict(result)) == (Settings, "file", 1, {"data": 1, "rate": 0.1})
    assert settings["data"] is A


def test_what_is_there_twice_stays_one_thing() -> None:
    shared = [A]
    first, second = fill([shared, {"again": shared}])
    assert first is second["again"]


def test_a_value_that_holds_itself_and_a_hole_is_refused() -> None:
    ring: list[Any] = [A]
    ring.append({"ring": ring})
    with pytest.raises(ValueError, match="a list that holds itself can't hold a stage"):
        fill(ring)
    table: dict[str, Any] = {"hole": A}
    table["self"] = (table,)
    with pytest.raises(ValueError, match="a dict that holds itself"):
        fill([table])


def test_a_hole_deep_inside_is_filled_without_recursion() -> None:
    deep: Any = [A]
    for _ in range(20_000):
        deep = [deep, 0]
    result = fill(deep)
    for _ in range(20_000):
        result = result[0]
    assert result == [1]


def test_a_result_that_can_not_be_a_key_says_so_as_python_does() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        fill({B: 1})


@pytest.mark.parametrize("args", [(A, 1), ([A], 1), (Frozen(A),), ()])
@pytest.mark.parametrize("kwargs", [{"x": A}, {"x": [A], "y": 2}, {}])
def test_arguments_are_filled_as_values_are(args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    assert filled_arguments(args, kwargs, Upstream, value_of) == (fill(args), fill(kwargs))


def test_arguments_that_share_a_part_share_it_still() -> None:
    shared = [A]
    (first,), kwargs = filled_arguments((shared,), {"again": shared}, Upstream, value_of)
    assert first is kwargs["again"]


def test_large_plain_arguments_are_not_walked() -> None:
    class Watched(list[Any]):
        walks = 0

        def __iter__(self) -> Iterator[Any]:
            Watched.walks += 1
            return super().__iter__()

    value = Watched(range(1000))
    assert list(holes(value, Upstream)) == []
    assert fill(value) is value
    assert Watched.walks == 2


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
