"""What explanations show of a value: short, and none of its own code."""

import datetime as dt
import decimal
import pathlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pytest

from foundations.keys.shown import shown
from foundations.keys.values import value_digest
from tests.foundations.keys import samples as s


class Rude:
    def __repr__(self) -> str:
        raise AssertionError("asked")

    __str__ = __repr__

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"asked for {name}")


@dataclass
class Secret:
    name: str
    password: str = field(repr=False)

    def __repr__(self) -> str:
        raise AssertionError("asked")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1, "0.1"),
        (True, "True"),
        (None, "None"),
        ("text", "'text'"),
        (b"bytes", "b'bytes'"),
        ([1, 2.0, "x"], "[1, 2.0, 'x']"),
        ((1,), "(1,)"),
        ((1, 2), "(1, 2)"),
        ((), "()"),
        ({"a": {"b": [1]}}, "{'a': {'b': [1]}}"),
        ({3, 1, 2}, "{1, 2, 3}"),
        (list(range(100)), "[0, 1, 2, 3, 4, 5, 6, 7, ... 100 in all]"),
        ("x" * 1000, repr("x" * 60) + "... 1000 in all"),
        (10**5000, "<int of 16610 bits>"),
        (dt.date(2024, 1, 2), "datetime.date(2024, 1, 2)"),
        (pathlib.PurePosixPath("a/b"), "PurePosixPath('a/b')"),
        (s.Color.RED, "Color.RED"),
        (s.Data(0.1, [1]), "Data(left=0.1, right=[1])"),
        (s.FrozenData(Rude()), "FrozenData(left=<tests.foundations.keys.test_shown.Rude>, right=2)"),
        (s.Pair(1), "Pair(left=1, right=2)"),
        (Secret("me", "secret"), "Secret(name='me')"),
        (decimal.Decimal("0.10"), "Decimal('0.10')"),
        (s.Plain, "<class tests.foundations.keys.samples.Plain>"),
        (s.Plain(a=1), "<tests.foundations.keys.samples.Plain>"),
        (len, "<builtin_function_or_method len>"),
        (Rude(), "<tests.foundations.keys.test_shown.Rude>"),
        ([Rude(), 1], "[<tests.foundations.keys.test_shown.Rude>, 1]"),
        (np.zeros((3, 4)), "<numpy.ndarray float64 (3, 4)>"),
        (np.float64(1.5), "<numpy.float64 '1.5'>"),
        (pd.DataFrame({"a": [1]}), "<pandas.DataFrame (1, 1)>"),
        ("\ud800", "'\\ud800'"),
    ],
    ids=lambda one: one if isinstance(one, str) and len(one) < 50 else "",
)
def test_it_is_shown_so(value: Any, text: str) -> None:
    assert shown(value) == text


@pytest.mark.parametrize(
    "value", [["x" * 100] * 8, {n: {"a" * 50: "b" * 50} for n in range(8)}, [[["y" * 80] * 8] * 8] * 8]
)
def test_it_is_never_longer_than_two_hundred_characters(value: Any) -> None:
    assert 100 < len(shown(value)) <= 200
    assert value_digest(value, code=s.code_of).shown == shown(value)


def test_what_holds_itself_is_shown() -> None:
    ring: list[Any] = [1]
    ring.append(ring)
    assert shown(ring) == "[1, [1, [1, [...]]]]"
