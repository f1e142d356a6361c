"""Stages: calls that have not happened yet."""

import functools
import inspect
import os
import pickle
import subprocess
import sys
import threading
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from foundations import Stage, create_stage, current
from foundations.graph import Upstream
from foundations.stage import refuse_in_job

Pair = namedtuple("Pair", "left right")


def load(path: str, *, rows: int = 10) -> list[str]:
    """Return the rows of a file."""
    return [path] * rows


def train(data: Any, rate: float = 0.1) -> Any:
    return data, rate


class Model:
    """A model."""

    def fit(self, data: Any) -> Any:
        return data

    def __call__(self, data: Any) -> Any:
        return data


@create_stage
def evaluate(*parts: Any, **named: Any) -> Any:
    return parts, named


def stage_of(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Stage:
    return create_stage(function)(*args, **kwargs)


def parents(stage: Stage) -> tuple[str, ...]:
    return stage.graph().calls[-1].parents


def test_calling_runs_nothing() -> None:
    def explode() -> None:
        raise AssertionError

    assert isinstance(stage_of(explode), Stage)


def test_what_create_stage_returns_looks_like_the_function() -> None:
    staged = create_stage(load)
    assert staged.__name__ == "load"
    assert staged.__doc__ == "Return the rows of a file."
    assert staged.__module__ == load.__module__
    assert inspect.signature(staged) == inspect.signature(load)
    assert staged.__wrapped__ is load  # type: ignore[attr-defined]


def test_create_stage_is_a_decorator() -> None:
    stage = evaluate(1, x=2)
    assert (stage.name(), stage.function_name()) == ("evaluate", "evaluate")
    assert repr(stage) == f"<stage evaluate {stage.uuid()}>"


@pytest.mark.parametrize(
    ("function", "args", "name"),
    [
        (load, ("a",), "load"),
        (lambda x: x, (1,), "<lambda>"),
        (functools.partial(load, rows=3), ("a",), "load"),
        (Model().fit, (1,), "fit"),
        (Model(), (1,), "Model"),
        (Model, (), "Model"),
        (len, ([],), "len"),
        (max, (1, 2), "max"),
        (str.upper, ("a",), "upper"),
        (dict, (), "dict"),
        (create_stage(load), ("a",), "load"),
    ],
)
def test_whatever_can_be_called_becomes_a_stage(function: Callable[..., Any], args: tuple[Any, ...], name: str) -> None:
    assert stage_of(function, *args).name() == name


@pytest.mark.parametrize("thing", [3, None, "load", [load], Model().__doc__])
def test_what_can_not_be_called_is_a_type_error_that_shows_it(thing: Any) -> None:
    with pytest.raises(TypeError) as raised:
        create_stage(thing)
    assert str(raised.value) == f"create_stage takes a function, got {thing!r} of type {type(thing).__name__}"


def test_a_stage_itself_is_no_function() -> None:
    with pytest.raises(TypeError, match="create_stage takes a function, got <stage load"):
        create_stage(stage_of(load, "a"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("args", "kwargs"), [((), {}), (("a", 2), {}), (("a",), {"row": 1}), (("a",), {"path": "b"}), ((), {"rows": 1})]
)
def test_wrong_arguments_raise_pythons_own_error_where_the_call_is(
    args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    with pytest.raises(TypeError) as pythons:
        load(*args, **kwargs)
    with pytest.raises(TypeError) as ours:
        stage_of(load, *args, **kwargs)
    assert str(ours.value) == str(pythons.value)


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda stage: stage,
        lambda stage: [stage],
        lambda stage: (1, (stage,)),
        lambda stage: {stage},
        lambda stage: frozenset({stage}),
        lambda stage: {"key": {"deeper": [stage]}},
        lambda stage: {stage: "as a key"},
        lambda stage: Pair(0, stage),
    ],
)
def test_a_stage_anywhere_in_an_argument_is_a_parent(wrapped: Callable[[Stage], Any]) -> None:
    first = stage_of(load, "a")
    assert parents(evaluate(wrapped(first))) == (first.uuid(),)
    assert parents(evaluate(named=wrapped(first))) == (first.uuid(),)


def test_a_parent_counts_once() -> None:
    first, second = stage_of(load, "a"), stage_of(load, "b")
    assert parents(evaluate(second, first, [second], x={1: first})) == (second.uuid(), first.uuid())


def test_what_becomes_of_an_argument_after_the_call_does_not_count() -> None:
    options = {"rows": 3}
    stage = create_stage(load)("a", **options)
    options["rows"] = 5
    assert stage.graph().calls[0].kwargs == {"rows": 3}


def test_a_graph_has_the_ancestors_of_its_target_and_nothing_else() -> None:
    first = stage_of(load, "a")
    stage_of(load, "unused")
    second = stage_of(train, first)
    evaluate(second, "below")
    assert [call.id for call in second.graph().calls] == [first.uuid(), second.uuid()]
    assert second.graph().target == second.uuid()
    assert [call.id for call in first.graph().calls] == [first.uuid()]


def test_every_stage_of_a_graph_stands_behind_those_that_it_needs() -> None:
    left, right = stage_of(load, "a"), stage_of(load, "b")
    middle = evaluate(right, left)
    last = evaluate(middle, x=[left, evaluate(middle)])
    seen: set[str] = set()
    for call in last.graph().calls:
        assert seen.issuperset(call.parents)
        seen.add(call.id)
    assert len(seen) == 5


def test_caching_reaches_every_stage_above_and_ends_at_one() -> None:
    first = stage_of(load, "a")
    second = stage_of(train, first)
    third = evaluate(second)
    below = evaluate(third)
    assert third.enable_caching() is third
    assert second.disable_caching() is second
    assert [call.cached for call in below.graph().calls] == [True, False, True, False]


def test_persist_marks_one_stage_and_returns_it() -> None:
    first = stage_of(load, "a")
    second = stage_of(train, first)
    assert second.persist() is second
    assert [call.persisted for call in second.graph().calls] == [False, True]


def test_graphs_taken_before_do_not_change_with_their_stages() -> None:
    stage = stage_of(load, "a")
    before = stage.graph()
    stage.persist().enable_caching()
    assert not before.calls[0].persisted
    assert not before.calls[0].cached


@pytest.mark.parametrize("use", [iter, list, len, bool, lambda stage: [*stage], lambda stage: stage or 1])
def test_using_a_result_before_it_is_there_is_a_type_error_that_names_the_stage(use: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError, match=r"the result of the stage load can't be \w+( \w+)? before it has run; "):
        use(stage_of(load, "a"))


def test_unpacking_says_what_to_do_instead() -> None:
    with pytest.raises(TypeError, match=r"stage load can't be taken apart before it has run; stage\.split"):
        _a, _b = stage_of(load, "a")


def test_two_equal_calls_are_two_stages() -> None:
    one, other = stage_of(load, "equal"), stage_of(load, "equal")
    assert one.uuid() != other.uuid()
    assert len({one, other}) == 2


@pytest.mark.parametrize(
    ("args", "kwargs"), [(("x",), {}), (("a", 0.5), {}), (("a",), {"rate": 0.1}), ((["a"],), {}), ((None,), {})]
)
def test_calls_that_differ_have_ids_that_differ(args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    assert stage_of(train, *args, **kwargs).uuid() != stage_of(train, "a").uuid()


def test_ids_made_by_threads_are_never_the_same() -> None:
    stages: list[Stage] = []
    threads = [
        threading.Thread(target=lambda: stages.extend(stage_of(load, "raced") for _ in range(200))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({stage.uuid() for stage in stages}) == 800


DRIVER = """
    from dataclasses import dataclass
    from pathlib import Path
    import foundations, numpy

    @dataclass
    class Config:
        rate: float

    @foundations.create_stage
    def stage(*args, **kwargs): ...

    class Model:
        def fit(self, data): ...

    first = stage({"b", "a", "c"}, {"k": (1, 2.5)}, rate=float("nan"))
    stages = [
        first,
        stage(first, [first], {1: first}),
        stage(Path(__file__), Config(0.1), numpy.arange(3), object(), print, lambda x: x, Config),
        foundations.create_stage(Model().fit)({first, stage()}),
        stage("equal"),
        stage("equal"),
        stage(b=1, a=2),
    ]
    print(*(one.uuid() for one in stages))
"""


def test_ids_are_the_same_in_every_process_and_folder(tmp_path: Path) -> None:
    outputs = set()
    for seed in ("0", "1"):
        folder = tmp_path / f"folder {seed}"
        folder.mkdir()
        (folder / "driver.py").write_text(dedent(DRIVER))
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        command = [sys.executable, "driver.py"]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
        outputs.add(done.stdout)
    assert len(outputs) == 1
    ids = outputs.pop().split()
    assert len(set(ids)) == len(ids) == 7
    assert all(len(one) == 32 and set(one) <= set("0123456789abcdef") for one in ids)


def test_the_order_of_keywords_does_not_change_the_id(tmp_path: Path) -> None:
    script = "import foundations\ns = foundations.create_stage(dict)\nprint(s({}).uuid())"
    ids = {
        subprocess.run(
            [sys.executable, "-c", script.format(keywords)], capture_output=True, text=True, check=True
        ).stdout
        for keywords in ("a=1, b=2", "b=2, a=1")
    }
    assert len(ids) == 1


def test_an_argument_that_holds_itself_is_an_argument_like_any_other() -> None:
    ring: list[Any] = []
    ring.append(ring)
    stage = evaluate(ring)
    assert stage.graph().calls[0].args == (ring,)


def test_stages_know_one_another_in_sets_and_dicts() -> None:
    stage = stage_of(load, "a")
    assert stage in {stage: 1}
    assert stage == stage
    assert stage != stage_of(load, "a")


def test_only_a_job_is_refused_to_run_stages(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_in_job()
    monkeypatch.setattr(current, "job_id", "the-job")
    with pytest.raises(RuntimeError, match=r"run\(\) was called inside the job the-job: a stage can't start jobs"):
        stage_of(load, "a").run()


def test_a_graph_is_plain_data() -> None:
    graph = evaluate(stage_of(load, "a"), rate=1).graph()
    assert pickle.loads(pickle.dumps(graph.calls[0])) == graph.calls[0]
    assert graph.calls[1].args == (Upstream(graph.calls[0].id),)
