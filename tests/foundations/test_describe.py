"""A graph as people read it."""

import functools
import json
import math
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from foundations import Hyperparameter, Stage, create_stage
from foundations.describe import describe, shown, source_of
from foundations.identity import digest
from foundations_archive.records import Argument, StageSpec


def load(path, *, rows=10):
    return [path] * rows


def train(data, rate=0.1, *more, seed=0, **options): ...


class Model:
    """A model."""

    def fit(self, data): ...

    def __call__(self, data): ...


class Mute:
    def __repr__(self) -> str:
        raise RuntimeError


class Loud:
    def __repr__(self) -> str:
        return "loud " * 100


def last(stage: Stage) -> StageSpec:
    return describe(stage.graph())[0][-1]


def arguments(stage: Stage) -> list[tuple[str, Any, int | None]]:
    return [(argument.name, argument.value, argument.place) for argument in last(stage).arguments]


def test_a_stage_is_described_by_name_function_and_marks() -> None:
    first = create_stage(load)("a").persist()
    second = create_stage(train)(first).enable_caching()
    stages, _ = describe(second.graph())
    assert [(stage.id, stage.name, stage.function) for stage in stages] == [
        (first.uuid(), "load", f"{__name__}:load"),
        (second.uuid(), "train", f"{__name__}:train"),
    ]
    assert [(stage.cached, stage.persisted) for stage in stages] == [(True, True), (True, False)]
    assert [stage.parents for stage in stages] == [(), (first.uuid(),)]


def test_arguments_have_names_places_and_defaults() -> None:
    stage = create_stage(train)("d", 0.5, 1, 2, seed=3, depth=4)
    assert arguments(stage) == [
        ("data", "d", 0),
        ("rate", 0.5, 1),
        ("more", [1, 2], 2),
        ("seed", 3, None),
        ("depth", 4, None),
    ]
    by_keyword = arguments(create_stage(train)(rate=1, data="d"))
    assert by_keyword == [("data", "d", None), ("rate", 1, None), ("seed", 0, None)]
    assert arguments(create_stage(load)("a")) == [("path", "a", 0), ("rows", 10, None)]
    assert arguments(create_stage(max)(1, 2)) == [("arg0", 1, 0), ("arg1", 2, 1)]


def test_a_stage_as_an_argument_is_told_by_its_id_and_inside_one_by_its_name() -> None:
    first = create_stage(load)("a")
    described = last(create_stage(train)(first, [first, {"k": first}]))
    assert described.arguments[0] == Argument("data", stage=first.uuid(), place=0)
    inside = Argument("rate", value=["load", {"k": "load"}], place=1, stages=(first.uuid(),))
    assert described.arguments[1] == inside


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (2**100, 2**100),
        (1.5, 1.5),
        (math.nan, {"$float": "nan"}),
        ([-math.inf], [{"$float": "-inf"}]),
        ("text", "text"),
        ("\ud800", "\\ud800"),
        ((1, [2, (3,)]), [1, [2, [3]]]),
        ({"a": {"b": [1]}}, {"a": {"b": [1]}}),
        ({1: "a"}, "{1: 'a'}"),
        ({1, 2}, "{1, 2}"),
        (b"bytes", "b'bytes'"),
        (np.float64(1.5), "np.float64(1.5)"),
        (np.arange(3), "array([0, 1, 2])"),
        (Path("a"), f"{Path('a')!r}"),
        ("x" * 1000, "x" * 1000),
        ("x" * 1001, f"'{'x' * 199} ..."),
        (Loud(), f"{('loud ' * 40)} ..."),
        (Mute(), "<Mute, whose repr raised RuntimeError>"),
        (list(range(1000)), f"{str(list(range(1000)))[:200]} ..."),
        ({"$float": "nan"}, {"$float": "nan"}),
    ],
    ids=lambda value: ascii(type(value)),
)
def test_an_argument_is_shown_as_json_where_it_is_small_and_else_as_text(value: Any, expected: Any) -> None:
    result = shown(value, {})
    assert result == expected
    json.dumps(result, allow_nan=False).encode()


def test_an_argument_that_holds_itself_is_shown() -> None:
    ring: list[Any] = [1]
    ring.append(ring)
    assert shown(ring, {}) == "[1, [...]]"
    deep: Any = []
    for _ in range(5000):
        deep = [deep]
    assert isinstance(shown(deep, {}), str)


def test_a_large_array_costs_no_more_than_what_is_shown_of_it() -> None:
    assert len(shown(np.zeros((1000, 1000)), {})) <= 204


@pytest.mark.parametrize(
    ("function", "beginning"),
    [
        (load, "def load(path, *, rows=10):\n    return [path] * rows\n"),
        (Model, 'class Model:\n    """A model."""'),
        (Model().fit, "    def fit(self, data): ..."),
        (Model(), 'class Model:\n    """A model."""'),
        (functools.partial(functools.partial(load), rows=3), "def load("),
        (functools.lru_cache(load), "def load("),
        (create_stage(load), "def load("),
    ],
)
def test_the_source_of_whatever_can_be_called_is_found(function: Any, beginning: str) -> None:
    assert str(source_of(function)).startswith(beginning)


@pytest.mark.parametrize("function", [len, max, str.upper, dict, np.add, functools.partial(print)])
def test_a_builtin_has_no_source(function: Any) -> None:
    assert source_of(function) is None


def test_typed_in_code_has_no_source() -> None:
    scope: dict[str, Any] = {}
    exec("def typed(x): return x", scope)
    stages, sources = describe(create_stage(scope["typed"])(1).graph())
    assert stages[0].source is None
    assert sources == {}


def test_each_source_is_kept_once_under_its_digest() -> None:
    stages, sources = describe(create_stage(train)(create_stage(load)("a"), create_stage(load)("b")).graph())
    assert len(sources) == 2
    assert [sources[str(stage.source)].split("(")[0] for stage in stages] == ["def load", "def load", "def train"]
    assert all(name == digest(text)[:16] for name, text in sources.items())


def test_a_stage_on_a_result_has_a_name_and_no_source() -> None:
    first = create_stage(load)("a")
    stages, sources = describe(create_stage(train)(first[0], *first.split(2), first.index("a")).graph())
    assert [(stage.name, stage.source is None) for stage in stages] == [
        ("load", False),
        ("load[0]", True),
        ("load.split(2)", True),
        ("load[0]", True),
        ("load[1]", True),
        ("load.index", True),
        ("train", False),
    ]
    assert len(sources) == 2
    assert stages[1].arguments == (Argument("value", stage=first.uuid(), place=0), Argument("key", value=0, place=1))


def test_a_hyperparameter_is_shown_with_its_value() -> None:
    stage = create_stage(load)(Hyperparameter(), rows=Hyperparameter("n"))
    described = describe(stage.graph({"path": "a", "n": math.nan}))[0][-1]
    assert described.arguments == (Argument("path", "a", place=0), Argument("rows", {"$float": "nan"}))


@pytest.mark.parametrize("large", [[0.5] * 10**6, dict.fromkeys(range(10**6)), "x" * 10**8, b"x" * 10**8])
def test_of_a_large_value_only_what_is_shown_is_looked_at(large: Any) -> None:
    tracemalloc.start()
    text = shown(large, {})
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()
    assert text == f"{repr(large)[:200]} ..."


def test_a_partial_shows_the_arguments_that_are_left() -> None:
    stage = create_stage(functools.partial(load, rows=3))("a")
    assert last(stage).name == "load"
    assert ("path", "a", 0) in arguments(stage)
