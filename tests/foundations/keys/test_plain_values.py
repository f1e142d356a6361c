"""The fast path tells apart what the slow one does, and nothing else."""

import array
import datetime as dt
import itertools
import random
import struct
import sys
from typing import Any

import numpy as np
import pytest

from foundations.keys.plain_values import plain_token
from foundations.keys.trees import Hashers
from foundations.keys.value_walk import Walk
from tests.foundations.keys import samples as s

ATOMS = (None, True, False, 0, 1, -1, 2**40, 1.0, 0.0, -0.0, float("nan"), 1j, "", "1", "é", b"", b"1", ..., "\ud800")


def token(value: Any, *, fast: bool) -> bytes:
    hashers = Hashers(1)
    return Walk(s.code_of, hashers, fast=fast).token(value, "value")


def spelled(value: Any) -> str:
    """Return a text that is the same for the same values only: the plain way to say what equality is."""
    kind = type(value)
    if kind in (list, tuple):
        return f"{kind.__name__}({', '.join(map(spelled, value))})"
    if kind in (set, frozenset):
        return f"{kind.__name__}({', '.join(sorted(map(spelled, value)))})"
    if kind is dict:
        return f"dict({', '.join(f'{spelled(k)}: {spelled(v)}' for k, v in value.items())})"
    if kind is float:
        return f"float {struct.pack('>d', value).hex()}"
    return f"{kind.__name__} {value!r}"


class Structures:
    """Random plain values, small enough to be equal now and then."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._made: list[Any] = []

    def make(self, depth: int) -> Any:
        if self._made and self._random.random() < 0.15:
            return self._random.choice(self._made)  # the same object in several places
        kind = self._random.choice([list, tuple, dict, set, frozenset, None, None] if depth else [None])
        made = self._random.choice(ATOMS) if kind is None else self._container(kind, depth - 1)
        self._made.append(made)
        return made

    def _container(self, kind: Any, depth: int) -> Any:
        size = self._random.randrange(3)
        if kind is dict:
            return {self._key(depth): self.make(depth) for _ in range(size)}
        if kind in (set, frozenset):
            return kind(self._key(depth) for _ in range(size))
        return kind(self.make(depth) for _ in range(size))

    def _key(self, depth: int) -> Any:
        if depth and self._random.random() < 0.3:
            return self._random.choice([tuple, frozenset])(
                self._key(depth - 1) for _ in range(self._random.randrange(3))
            )
        return self._random.choice(ATOMS)


@pytest.mark.parametrize("seed", range(8))
def test_both_paths_tell_random_values_apart_as_equality_by_type_does(seed: int) -> None:
    structures = Structures(seed)
    values = [structures.make(4) for _ in range(400)]
    spellings = [spelled(value) for value in values]
    for fast in (True, False):
        tokens = [token(value, fast=fast) for value in values]
        assert len(set(tokens)) == len(set(spellings))
        assert len(set(zip(tokens, spellings, strict=True))) == len(set(spellings))


def test_a_random_value_beside_an_object_is_told_apart_too() -> None:
    structures = Structures(99)
    values = [structures.make(3) for _ in range(300)]
    tokens = [token([value, s.Data(value)], fast=True) for value in values]
    assert len(set(zip(tokens, map(spelled, values), strict=True))) == len(set(tokens)) == len({*map(spelled, values)})


@pytest.mark.parametrize(
    "item",
    [
        bytearray(b"1"),
        memoryview(b"1"),
        array.array("b", b"1"),
        np.array(1),
        np.float64(1),
        np.int64(1),
        np.str_("1"),
        np.bytes_(b"1"),
        s.Int(1),
        s.Str("1"),
        s.Float(1.0),
        s.Bytes(b"1"),
        s.List(),
        s.Tuple(),
        s.Dict(),
        s.Set(),
        s.Frozen(),
        s.Pair(1),
        s.Odd(1),
        StopIteration,
        len.__class__,
        spelled.__code__,
        NotImplemented,
        range(1),
        slice(1),
        s.Number.ONE,
        s.Word.ONE,
        True.__class__,
    ],
    ids=lambda item: type.__getattribute__(type(item), "__name__"),
)
def test_what_marshal_would_mistake_for_something_else_is_kept_from_it(item: Any) -> None:
    for holder in ([item], (item,), {"a": item}, [[[item]]], [1, {"a": [item]}]):
        assert plain_token(holder, []) is None
    assert len({token(holder, fast=True) for holder in ([item], (item,), [[item]], [b"1"], [1], ["1"], [1.0])}) == 7


def test_the_path_of_a_value_does_not_depend_on_what_is_shared_in_it() -> None:
    one: Any = [1]
    for _ in range(40):
        one = [one, one]
    # two to the fortieth lists, if they were not shared
    assert token(one, fast=True) == token(one, fast=True)
    small: Any = [1]
    for _ in range(6):
        small = [small, small]
    assert token(small, fast=True) == token(eval(repr(small)), fast=True)


def test_long_texts_that_are_shared_are_not_written_out() -> None:
    text = "x" * 2_000_000
    assert plain_token([text] * 100_000, []) is None
    assert token([text] * 100_000, fast=True) != token([text] * 100_001, fast=True)
    copies = ["".join([text[1:], "x"]) for _ in range(40)]
    assert token([text] * 40, fast=True) == token(copies, fast=True)


def test_a_deep_list_is_neither_too_deep_nor_mistaken() -> None:
    def deep(depth: int, inside: Any) -> Any:
        for _ in range(depth):
            inside = [inside]
        return inside

    found = {token(deep(depth, inside), fast=True) for depth in (7, 8, 9, 10) for inside in (1, True, ())}
    found.add(token(deep(100_000, 1), fast=True))
    assert len(found) == 13


def test_long_containers_are_told_apart_to_their_last_item() -> None:
    numbers = list(range(100_000))
    others = [*numbers[:-1], 0]
    made = [numbers, others, numbers[:-1], tuple(numbers), set(numbers), set(others), frozenset(numbers)]
    made += [
        dict.fromkeys(numbers),
        dict.fromkeys(reversed(numbers)),
        {str(n) for n in numbers},
        {str(n) for n in others},
    ]
    made += [[float(n) for n in numbers], [str(n) for n in numbers], {n: n for n in numbers}, [*numbers, *numbers]]
    assert len({token(value, fast=True) for value in made}) == len(made)


def test_a_million_of_anything_is_looked_at() -> None:
    for make in (int, float, str):
        values = [make(n) for n in range(1_000_000)]
        before = token(values, fast=True)
        values[777_777] = make(1)
        assert token(values, fast=True) != before


@pytest.mark.parametrize("kind", [list, tuple])
@pytest.mark.parametrize("number", [int, float])
def test_long_rows_of_numbers_are_told_apart_from_all_that_looks_like_them(kind: Any, number: Any) -> None:
    plain = [number(n) for n in range(2000)]
    others = [
        True,
        None,
        2**31,
        -(2**31),
        2**40,
        1,
        1.0,
        -0.0,
        "i",
        b"",
        b"iiii",
        bytearray(b"ii"),
        s.Int(1),
        s.Float(1),
    ]
    others += [memoryview(b"i" * 5), array.array("b", b"i" * 9), np.float64(1), np.int32(1), (), dt.date(2024, 1, 1)]
    made = [kind(plain), kind(plain[:-1]), kind([*plain, number(1)])]
    made += [kind([*plain[:place], other, *plain[place + 1 :]]) for other in others for place in (0, 777, 1999)]
    tokens = [token(value, fast=True) for value in made]
    slow = [token(value, fast=False) for value in made]
    assert len(set(tokens)) == len(set(slow)) == len(set(zip(tokens, slow, strict=True)))
    assert len(set(tokens)) == len(made)


def test_the_quickest_way_gives_what_the_next_one_does(monkeypatch: pytest.MonkeyPatch) -> None:
    rows: list[Any] = [
        list(range(40_000)),
        tuple(range(-1000, 1000)),
        [n / 3 for n in range(40_000)],
        [float("nan")] * 5000,
    ]
    quickest = [token(row, fast=True) for row in rows]
    monkeypatch.setattr("foundations.keys.plain_values._WRITTEN", {})
    assert [token(row, fast=True) for row in rows] == quickest


def test_texts_that_are_found_are_handed_on() -> None:
    texts: list[list[str]] = []
    value = [1, "a", {"b": ("c", 2, {"d"})}, b"e"]
    assert plain_token(value, texts) is not None
    assert sorted(itertools.chain.from_iterable(texts)) == ["a", "b", "c", "d"]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="sets are not sorted")
def test_sets_inside_are_sorted_however_deep() -> None:
    names = [f"name {n}" for n in range(100)]
    one = [{"x": (frozenset(names), {(frozenset(names), 1)})}]
    other = [{"x": (frozenset(reversed(names)), {(frozenset(reversed(names)), 1)})}]
    assert token(one, fast=True) == token(other, fast=True)
    assert token(one, fast=False) == token(other, fast=False)
