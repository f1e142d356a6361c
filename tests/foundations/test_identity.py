"""Digests of values: the same for what is the same, in every process; different for what a stage could tell apart."""

import copy
import enum
import math
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from foundations.identity import digest, sketch


@dataclass
class Settings:
    rate: float


class Color(enum.IntEnum):
    RED = 1


class Shade(enum.Enum):
    RED = 1
    DARK = 2


class Name(str): ...


def rough(value: Any) -> str:
    return sketch(value, stand_in=lambda item: None)


DIFFERENT: list[Any] = [
    None,
    True,
    1,
    1.0,
    1 + 0j,
    "1",
    b"1",
    False,
    0,
    0.0,
    -0.0,
    "",
    b"",
    math.nan,
    math.inf,
    -math.inf,
    2**70,
    -(2**70),
    1.0000000000000002,
    [],
    (),
    {},
    set(),
    frozenset(),
    [1],
    (1,),
    {1},
    frozenset({1}),
    [[1]],
    [[1], []],
    [[], [1]],
    [1, [2, 3]],
    [1, 2, 3],
    [[1, 2], 3],
    ["ab"],
    ["a", "b"],
    ["a", "", "b"],
    {"a": 1, "b": 2},
    {"b": 2, "a": 1},
    {"a": 2, "b": 1},
    {1: "a"},
    {True: "a"},
    {"a": {"b": 1}},
    "\ud800",
    "é",
    "e\u0301",
    "int:3:0x1",
    [None, None],
    [None],
]


def test_values_that_a_stage_can_tell_apart_have_digests_of_their_own() -> None:
    digests = [rough(value) for value in DIFFERENT]
    assert len(set(digests)) == len(DIFFERENT)


def test_the_order_of_a_set_does_not_count() -> None:
    words = [f"word {number}" for number in range(50)]
    assert rough({*words}) == rough({*words[::-1]})
    assert rough({(1, "a"), frozenset({"x", "y"})}) == rough({frozenset({"y", "x"}), (1, "a")})


def test_digests_are_the_same_in_every_process() -> None:
    values = "[{'b', 'a', 'c'}, {'k': (1, 2.5, None)}, frozenset({1, 'x'}), 'gr\\u00fc\\u00dfe', 2**200]"
    script = f"from foundations.identity import sketch\nprint(sketch({values}, stand_in=lambda item: None))"
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


def test_a_value_that_holds_itself_has_a_digest() -> None:
    ring: list[Any] = [1]
    ring.append(ring)
    wreath: list[Any] = []
    wreath += [wreath, wreath]
    other: list[Any] = [2]
    other.append(other)
    table: dict[str, Any] = {}
    table["self"] = (table,)
    assert len({rough(value) for value in (ring, wreath, other, table)}) >= 3


def test_deep_nesting_has_a_digest() -> None:
    def nested(depth: int) -> Any:
        value: Any = []
        for _ in range(depth):
            value = [value]
        return value

    assert rough(nested(50)) != rough(nested(51))
    assert rough(nested(5000)) == rough(nested(5000))


def test_a_value_that_stands_in_two_places_is_not_one_that_holds_itself() -> None:
    part = [1]
    assert rough([part, part]) == rough([[1], [1]])


def test_a_sketch_looks_away_from_what_is_large() -> None:
    assert rough(np.zeros(3)) == rough(np.ones(5))
    assert rough(list(range(5000))) == rough([*range(4000), *range(1000)])
    assert rough(list(range(5000))) != rough(list(range(5001)))
    assert rough([0, *range(5000)]) != rough([1, *range(5000)])


def test_a_sketch_of_many_items_of_a_set_is_their_number() -> None:
    many = {f"word {number}" for number in range(5000)}
    assert rough(many) == rough({f"other {number}" for number in range(5000)})
    assert rough(many) != rough(many | {"one more"})
    assert rough([many, 1]) != rough([many, 2])
    assert rough({(*range(600),), (*range(600, 1200),)}) == rough({(*range(600, 1200),), (*range(600),)})


def test_a_sketch_of_a_long_text_is_its_beginning_and_its_length() -> None:
    assert rough("x" * 10**7) == rough("x" * 10**5 + "y" * (10**7 - 10**5))
    assert rough("x" * 10**7) != rough("x" * (10**7 - 1))
    assert rough("x" * 10**7) != rough(b"x" * 10**7)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Settings(0.1), Settings(0.2)),
        (Settings([1]), Settings([2])),
        (Color.RED, Shade.RED),
        (Shade.RED, Shade.DARK),
        (Decimal(1), Decimal(2)),
        (date(2020, 1, 2), date(2020, 1, 3)),
        (range(3), range(4)),
        (slice(1, 2), slice(1, 3)),
        (np.float64(1), np.float64(2)),
        (int, str),
        (len, max),
        (Settings, Name),
    ],
)
def test_a_sketch_tells_small_values_of_many_types_apart(one: Any, other: Any) -> None:
    assert rough(one) == rough(copy.copy(one))
    assert rough([one]) != rough([other])


def test_a_sketch_of_a_dataclass_that_holds_itself_ends() -> None:
    ring = Settings(0.1)
    ring.rate = ring  # type: ignore[assignment]
    assert rough(ring) != rough(Settings(0.1))


def test_a_sketch_asks_for_what_stands_in() -> None:
    def named(item: Any) -> str | None:
        return item.name if isinstance(item, Color) else None

    assert sketch([Color.RED], stand_in=named) == sketch([Color.RED], stand_in=lambda item: "RED")
    assert sketch([Color.RED], stand_in=named) != rough([Color.RED])


def test_a_digest_of_texts_tells_where_each_ends() -> None:
    texts = [(), ("",), ("", ""), ("ab",), ("a", "b"), ("a", "", "b"), ("\ud800",), ("ab", "")]
    assert len({digest(*parts) for parts in texts}) == len(texts)
