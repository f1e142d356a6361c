"""`log_metric`: what it takes, what it refuses, and where that goes."""

import enum
import json
import math
import threading
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from foundations import current, log_metric


class Kept:
    """Where the metrics of these tests go."""

    def __init__(self) -> None:
        self.metrics: list[tuple[str, str, Any]] = []

    def metric(self, stage: str, key: str, value: Any) -> None:
        self.metrics.append((stage, key, value))


class Level(enum.IntEnum):
    HIGH = 3


class Color(str, enum.Enum):  # noqa: UP042 - its str() is not its value
    RED = "red"


class Loud:
    def __str__(self) -> str:
        return "x" * 40


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kept]:
    kept = Kept()
    monkeypatch.setattr(current, "metric_log", kept)
    with current.running("stage"):
        yield kept


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, 3),
        (-0.5, -0.5),
        (10**300, 10**300),
        (True, True),
        ("text", "text"),
        ("", ""),
        ("\ud800", "\ud800"),
        (np.float64(0.5), 0.5),
        (np.float32(0.5), 0.5),
        (np.float16(0.5), 0.5),
        (np.longdouble(0.5), 0.5),
        (np.int8(-3), -3),
        (np.uint64(2**63), 2**63),
        (np.bool_(True), True),
        (np.str_("text"), "text"),
        (np.array(7), 7),
        (np.array(0.25), 0.25),
        (np.array(True), True),
        (np.array("text"), "text"),
        (Level.HIGH, 3),
        (Color.RED, "red"),
        ([], []),
        ([1, 2.5, "x", False], [1, 2.5, "x", False]),
        ([[1], [[np.int64(2)]], []], [[1], [[2]], []]),
        ([np.array(1), np.float64(2)], [1, 2.0]),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_a_metric_is_kept_as_plain_python(log: Kept, value: Any, expected: Any) -> None:
    log_metric("key", value)
    assert log.metrics == [("stage", "key", expected)]
    kept = log.metrics[0][2]
    assert type(kept) is type(expected)
    assert json.loads(json.dumps(kept, allow_nan=False)) == expected


@pytest.mark.parametrize("number", [math.nan, np.float32("nan"), np.array(math.nan)])
def test_nan_is_kept_as_what_json_can_hold(log: Kept, number: Any) -> None:
    log_metric("key", number)
    log_metric("list", [number, math.inf, [-math.inf]])
    alone, listed = [value for *_, value in log.metrics]
    assert type(alone) is float
    assert math.isnan(alone)
    assert listed == [{"$float": "nan"}, {"$float": "inf"}, [{"$float": "-inf"}]]


def test_every_value_of_a_key_is_kept_in_order(log: Kept) -> None:
    for loss in (0.5, 0.25, 0.5):
        log_metric("loss", loss)
    assert [value for *_, value in log.metrics] == [0.5, 0.25, 0.5]


@pytest.mark.parametrize("key", [None, 3, b"key", ["key"], ("a", "b")])
def test_a_key_that_is_no_text_is_a_value_error_that_shows_it(log: Kept, key: Any) -> None:
    with pytest.raises(ValueError) as raised:
        log_metric(key, 1)
    assert str(raised.value) == f"the key of a metric must be a str, got {key!r} of type {type(key).__name__}"
    assert log.metrics == []


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "NoneType"),
        ({"a": 1}, "dict"),
        ((1, 2), "tuple"),
        ({1}, "set"),
        (b"bytes", "bytes"),
        (1 + 2j, "complex"),
        (np.complex64(1), "complex64"),
        (np.array([1, 2]), "ndarray"),
        (np.datetime64("2020-01-01"), "datetime64"),
        (Decimal("1.5"), "Decimal"),
        ([1, [None]], "list"),
        ([np.array([1])], "list"),
        (object, "type"),
        (Loud, "type"),
    ],
)
def test_a_value_that_is_no_metric_is_a_type_error_that_names_key_value_and_type(
    log: Kept, value: Any, kind: str
) -> None:
    with pytest.raises(TypeError) as raised:
        log_metric("the key", value)
    said = str(raised.value)
    assert said.startswith(f"the metric 'the key' has the value {str(value)[:30]}")
    assert f" of type {kind}; " in said
    assert "a metric is a number, a string, a boolean, or a list of these" in said
    assert said.endswith("value.tolist() is one") == (kind == "ndarray")
    assert log.metrics == []


@pytest.mark.parametrize(("length", "shown"), [(30, "x" * 30), (31, "x" * 30 + " ..."), (40, "x" * 30 + " ...")])
def test_the_value_in_an_error_is_cut_to_thirty_characters(log: Kept, length: int, shown: str) -> None:
    class Long:
        def __str__(self) -> str:
            return "x" * length

    with pytest.raises(TypeError, match=f"has the value {shown} of type Long"):
        log_metric("key", Long())


def test_a_value_whose_text_raises_is_refused_like_any_other(log: Kept) -> None:
    class Mute:
        def __str__(self) -> str:
            raise RuntimeError

    with pytest.raises(TypeError, match=r"'key' has the value <.* of type Mute"):
        log_metric("key", Mute())


def test_a_list_that_holds_itself_is_refused(log: Kept) -> None:
    ring: list[Any] = [1]
    ring.append(ring)
    with pytest.raises(TypeError, match="'key'"):
        log_metric("key", ring)


def test_outside_a_stage_a_warning_names_the_metric_and_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Kept()
    monkeypatch.setattr(current, "metric_log", kept)
    with pytest.warns(UserWarning, match="the metric 'loss' was logged outside a stage and is not kept") as warned:
        log_metric("loss", 1)
    assert warned[0].filename == __file__
    assert kept.metrics == []


def test_outside_a_stage_a_bad_metric_is_still_an_error() -> None:
    with pytest.raises(TypeError, match="the metric 'loss' has the value"):
        log_metric("loss", object())


def test_a_thread_that_a_stage_starts_logs_for_that_stage(log: Kept) -> None:
    thread = threading.Thread(target=log_metric, args=("loss", 1))
    thread.start()
    thread.join()
    assert log.metrics == [("stage", "loss", 1)]


def test_a_stage_that_has_ended_logs_no_more(log: Kept) -> None:
    with current.running("inner"):
        log_metric("a", 1)
    log_metric("b", 2)
    assert log.metrics == [("inner", "a", 1), ("stage", "b", 2)]
