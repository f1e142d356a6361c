"""Values that users log, as JSON has them."""

import enum
import json
from typing import Any

import numpy
import pytest

from foundations.plain import cut_text, plain_scalar, plain_tree


class Colour(enum.StrEnum):
    RED = "red"


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (1, 1),
        (1.5, 1.5),
        (True, True),
        ("text", "text"),
        (Colour.RED, "red"),
        (float("nan"), {"$float": "nan"}),
        (float("-inf"), {"$float": "-inf"}),
        (numpy.float32(0.5), 0.5),
        (numpy.int64(3), 3),
        (numpy.bool_(True), True),
        (numpy.array(2.0), 2.0),
        (numpy.longdouble(2), 2.0),
    ],
)
def test_a_scalar_is_what_json_has(value: Any, plain: Any) -> None:
    assert (plain_scalar(value), type(plain_scalar(value))) == (plain, type(plain))
    assert plain_tree(value) == plain
    json.dumps(plain_scalar(value), allow_nan=False)


@pytest.mark.parametrize("value", [None, [1], (1,), {"a": 1}, object(), b"bytes", 1j, numpy.array([1]), {1}])
def test_nothing_else_is_a_scalar(value: Any) -> None:
    with pytest.raises(TypeError):
        plain_scalar(value)


def test_a_tree_is_lists_and_dicts_of_scalars_and_none() -> None:
    value = {"layers": (64, [numpy.int64(8), None]), "nested": {"rate": float("inf")}}
    assert plain_tree(value) == {"layers": [64, [8, None]], "nested": {"rate": {"$float": "inf"}}}


@pytest.mark.parametrize("value", [{1: "a"}, {"a": {None: 1}}, [object()], {1, 2}, b"x", numpy.array([1, 2])])
def test_what_json_lacks_is_no_tree(value: Any) -> None:
    with pytest.raises(TypeError):
        plain_tree(value)


def test_a_text_is_cut_after_30_characters() -> None:
    class Mute:
        def __str__(self) -> str:
            raise RuntimeError

    assert cut_text("x" * 30) == "x" * 30
    assert cut_text("x" * 31) == "x" * 30 + " ..."
    assert "Mute object at" in cut_text(Mute()) or cut_text(Mute()).endswith(" ...")
