"""A value comes back from its bytes as exactly what it was."""

import math
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest

from foundations.values import decode, encode


@dataclass
class Model:
    weights: Any


class Pair(NamedTuple):
    left: int
    right: int


class Name(str): ...


def again(value: Any) -> Any:
    encoding, buffers = encode(value)
    return decode(encoding, [bytes(buffer) for buffer in buffers])


def exactly_equal(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return exactly_equal(list(one.items()), list(other.items()))
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(exactly_equal, one, other))
    return repr(one) == repr(other)


JSON = [
    None,
    True,
    False,
    0,
    -1,
    2**1000,
    0.1,
    -0.0,
    5e-324,
    1.7976931348623157e308,
    "",
    "grüße 🎉 \0 \x7f \u2028",
    [],
    {},
    [1, 1.0, True, None, "1"],
    {"b": 1, "a": [{"": {}}]},
]
PICKLED = [
    (),
    (1, [2, (3,)]),
    [(1, 2)],
    {1: "a"},
    {True: 1},
    {None: 1},
    {(1, 2): 3},
    {Name("x"): 1},
    math.inf,
    [-math.inf],
    math.nan,
    2**2000,
    -(10**5000),
    "\ud800",
    {"\udfff": 1},
    ["a", "\ud800"],
    b"",
    b"\xff",
    bytearray(b"x"),
    {1, 2},
    frozenset({"a"}),
    1 + 2j,
    Name("x"),
    Pair(1, 2),
    OrderedDict(b=1, a=2),
    range(3),
    Model([1]),
    ...,
    np.float64(1.5),
    np.int32(3),
]


@pytest.mark.parametrize("value", JSON, ids=lambda value: repr(value)[:20])
def test_what_json_gives_back_exactly_is_json(value: Any) -> None:
    assert encode(value)[0] == "json"
    assert exactly_equal(again(value), value)


@pytest.mark.parametrize("value", PICKLED, ids=lambda value: type(value).__name__)
def test_what_json_would_change_is_pickled_and_keeps_its_type(value: Any) -> None:
    assert encode(value)[0] == "pickle5"
    result = again(value)
    assert type(result) is type(value)
    assert result == value or result != result


def test_types_inside_are_kept_too() -> None:
    value = {"pair": Pair(1, 2), "tuple": (1, (2.0,)), "keys": {1: {None: True}}, "set": {1, "x"}}
    assert exactly_equal(again(value), value)


def test_a_list_too_long_to_look_through_is_pickled() -> None:
    value = list(range(20_000))
    assert encode(value)[0] == "pickle5"
    assert again(value) == value


def test_a_value_that_holds_itself_comes_back_so() -> None:
    ring: list[Any] = [1]
    ring.append(ring)
    result = again(ring)
    assert result[1] is result
    table: dict[str, Any] = {}
    table["self"] = [table]
    assert again(table)["self"][0]["self"][0]["self"] is not None


def test_deep_nesting_comes_back() -> None:
    deep: Any = []
    for _ in range(300):
        deep = [deep]
    result, depth = again(deep), 0
    while result:
        result, depth = result[0], depth + 1
    assert depth == 300


@pytest.mark.parametrize("encoding", ["json", "pickle5"])
def test_every_encoding_is_read_from_any_kind_of_buffer(encoding: str) -> None:
    value: Any = [1, "é"] if encoding == "json" else (1, np.arange(3))
    name, buffers = encode(value)
    assert name == encoding
    for kind in (bytes, bytearray, memoryview):
        result = decode(name, [kind(bytes(buffer)) for buffer in buffers])
        assert next(iter(result)) == 1


@pytest.mark.parametrize(
    "array",
    [
        np.arange(100_000, dtype="float64").reshape(100, 1000),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.array([]),
        np.array(5),
        np.array(["a", "bc"]),
        np.array([None, "x"], dtype=object),
        np.arange(10)[::2],
        np.array([(1, 2.0)], dtype=[("x", int), ("y", float)]),
    ],
    ids=lambda array: f"{array.dtype} {array.shape}",
)
def test_an_array_comes_back_with_type_shape_and_order(array: Any) -> None:
    result = again(array)
    assert (result.dtype, result.shape) == (array.dtype, array.shape)
    assert result.tolist() == array.tolist()
    assert result.flags.f_contiguous == array.flags.f_contiguous or not array.flags.contiguous


def test_large_arrays_are_not_copied_on_the_way_out() -> None:
    array = np.zeros(1_000_000)
    encoding, (head, *buffers) = encode({"x": array, "model": Model(array)})
    assert encoding == "pickle5"
    assert len(head) < 10_000
    assert [len(buffer) for buffer in buffers] == [array.nbytes]
    array[3] = 7
    assert np.frombuffer(buffers[0])[3] == 7


def test_an_array_read_into_memory_of_its_own_can_be_written_to() -> None:
    encoding, buffers = encode(np.zeros(3))
    result = decode(encoding, [bytearray(buffer) for buffer in buffers])
    result[0] = 1
    assert result.tolist() == [1, 0, 0]


def test_a_function_of_this_process_comes_back_by_value() -> None:
    offset = 3
    assert again(lambda x: x + offset)(1) == 4


@pytest.mark.parametrize("value", [threading.Lock(), (item for item in ()), Model(threading.Lock())], ids=str)
def test_what_can_not_be_pickled_raises_what_pickling_raises(value: Any) -> None:
    with pytest.raises(TypeError, match="cannot pickle"):
        encode(value)


def test_an_encoding_of_a_later_version_says_to_upgrade() -> None:
    with pytest.raises(ValueError, match=r"'zstd'.*upgrade foundations"):
        decode("zstd", [b""])
