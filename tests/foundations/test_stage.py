"""Stages: calls that have not happened yet."""

import asyncio
import contextlib
import copy
import functools
import inspect
import itertools
import math
import operator
import os
import pickle
import subprocess
import sys
import threading
from collections import namedtuple
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pytest

from foundations import Stage, create_stage, current
from foundations.graph import Options, Upstream
from foundations.in_job import refuse_in_job

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


async def awaited(thing: Any) -> Any:
    return await thing


@dataclass(frozen=True)
class Config:
    data: Any
    rate: float = 0.1


class Trainer:
    """Decorated in its class body, as users do."""

    def __init__(self, rate: float) -> None:
        self.rate = rate

    @create_stage
    def fit(self, data: Any, *, times: int = 1) -> Any:
        return data * self.rate * times

    @create_stage
    @staticmethod
    def score(truth: Any) -> Any:
        return truth

    @create_stage
    @classmethod
    def named(cls, name: str) -> str:
        return f"{cls.__name__} {name}"

    @staticmethod
    @create_stage
    def other_way_round(truth: Any) -> Any:
        return truth


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


@pytest.mark.parametrize(
    "use",
    [
        iter,
        list,
        len,
        bool,
        reversed,
        int,
        float,
        complex,
        round,
        math.floor,
        operator.index,
        operator.neg,
        lambda stage: [*stage],
        lambda stage: stage or 1,
        lambda stage: stage + 1,
        lambda stage: 1 + stage,
        lambda stage: stage @ stage,
        lambda stage: stage**2,
        lambda stage: np.float64(1) * stage,
        lambda stage: np.arange(3) / stage,
        lambda stage: stage < 1,
        lambda stage: max(stage, stage),
        lambda stage: 1 in stage,
        lambda stage: operator.setitem(stage, 0, 1),
        lambda stage: operator.delitem(stage, 0),
        lambda stage: f"{stage:.2f}",
        range,
        lambda stage: [1, 2][stage],
        lambda stage: asyncio.run(awaited(stage)),
        lambda stage: contextlib.ExitStack().enter_context(stage),
    ],
)
def test_using_a_result_before_it_is_there_is_a_type_error_that_names_the_stage(use: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError, match=r"the result of the stage load can't be [\w ]+ before it has run; "):
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


def test_an_uncalled_method_is_told_from_a_result_that_can_be_used() -> None:
    stage = stage_of(load, "a")
    assert repr(stage.shape) == "<method shape of the result of the stage load, not called>"
    uses: list[Callable[[Any], Any]] = [
        lambda shape: stage_of(train, shape),
        lambda shape: stage_of(train, [{"k": shape}]),
        lambda shape: shape[0],
        lambda shape: shape.first,
        lambda shape: shape + 1,
        lambda shape: shape < 1,
        list,
        bool,
        pickle.dumps,
        create_stage,
        stage.stage,
    ]
    said = (
        r"shape of the result of the stage load is not known before .*; a method is called: stage.shape\(\.\.\.\), an "
    )
    for use in uses:
        with pytest.raises(TypeError, match=said):
            use(stage.shape)


@pytest.mark.parametrize("name", ["_private", "__array__", "__len_hint__", "_repr_nothing_", "_ipython_display_"])
def test_private_names_are_no_methods_of_the_result(name: str) -> None:
    stage = stage_of(load, "a")
    assert not hasattr(stage, name)
    assert not hasattr(stage.method, name)
    with pytest.raises(AttributeError, match=f"'Stage' object has no attribute '{name}'"):
        getattr(stage, name)


def test_a_stage_takes_no_attributes() -> None:
    with pytest.raises(AttributeError):
        stage_of(load, "a").rate = 1  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("make", "name", "result"),
    [
        (lambda stage: stage[0], "load[0]", "a"),
        (lambda stage: stage[1:3], "load[1:3]", ["a", "a"]),
        (lambda stage: stage[::2], "load[::2]", ["a", "a"]),
        (lambda stage: stage[stage_of(len, "x")], "load[len]", "a"),
        (lambda stage: stage[stage_of(len, "x") :], "load[len:]", ["a", "a"]),
        (lambda stage: stage.count("a"), "load.count", 3),
        (lambda stage: stage.index("a", 1), "load.index", 1),
        (lambda stage: stage[0].upper().lower(), "load[0].upper.lower", "a"),
        (lambda stage: stage[0].format(value=1, self=2), "load[0].format", "a"),
        (lambda stage: stage.stage(len), "len", 3),
        (lambda stage: stage.stage(train, rate=2), "train", (["a"] * 3, 2)),
        (lambda stage: stage.stage(create_stage(train), 5), "train", (["a"] * 3, 5)),
        (lambda stage: stage.split(3)[1], "load[1]", "a"),
        (lambda stage: stage.split(np.int64(3))[2], "load[2]", "a"),
        (lambda stage: stage.stage(iter).split(3)[2], "iter[2]", "a"),
    ],
)
def test_what_is_made_of_a_result_is_a_stage_with_a_name(make: Callable[[Stage], Any], name: str, result: Any) -> None:
    made = make(stage_of(load, "a", rows=3))
    assert isinstance(made, Stage)
    assert made.name() == name
    assert made.run_same_process() == result


def test_the_function_of_a_stage_on_a_result_has_a_name_too() -> None:
    stage = stage_of(load, "a")
    assert [one.function_name() for one in (stage.index("a"), stage[0], stage.split(1)[0])] == ["index", "item", "item"]
    assert [call.function.__name__ for call in stage.split(1)[0].graph().calls] == ["load", "split", "item"]


def test_the_parts_of_a_generator_are_each_there_once() -> None:
    def generate() -> Iterator[int]:
        yield from (1, 2, 3)

    first, second, third = stage_of(generate).split(3)
    assert evaluate(third, first, second, first).run_same_process() == ((3, 1, 2, 1), {})


def test_a_generator_is_for_one_stage() -> None:
    def numbers(count: int) -> Iterator[int]:
        yield from range(count)

    generator = stage_of(functools.partial(numbers, 2))
    once = generator.stage(list)
    assert evaluate(generator, [generator]).require(generator).graph({})
    assert stage_of(train, once).require(generator).run_same_process() == ([0, 1], 0.1)
    twice = evaluate(once, generator.stage(sum), once)
    said = (
        "the result of stage numbers is a generator, which one stage can use up, and 2 take it: list, sum; make a list"
    )
    for run in (twice.run, twice.run_same_process):
        with pytest.raises(ValueError, match=said):
            run()
    assert len(twice.graph().calls) == 4


def test_a_long_way_to_an_item_has_a_short_name() -> None:
    stage = stage_of(load, "a")
    for _ in range(1000):
        stage = stage["a key of some length"]
    assert len(stage.name()) < 70
    assert stage[np.zeros(10**6)].name().endswith("[ndarray]")
    assert len(stage_of(load, "a")["long " * 1000].name()) < 70


@pytest.mark.parametrize(("count", "error"), [(",", TypeError), (1.5, TypeError), (None, TypeError), (0, ValueError)])
def test_split_takes_a_number(count: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="split takes the number of parts, "):
        stage_of(load, "a").split(count)


def test_require_sets_an_order_and_passes_nothing() -> None:
    ran: list[str] = []
    first, second = stage_of(ran.append, "first"), stage_of(ran.append, "second")
    last = stage_of(ran.append, "last")
    assert last.require(second, first) is last
    assert last.run_same_process() is None
    assert sorted(ran[:2]) == ["first", "second"]
    assert ran[2:] == ["last"]
    assert set(parents(last)) == {first.uuid(), second.uuid()}
    assert last.graph().calls[-1].args == ("last",)


def test_a_required_stage_may_be_younger() -> None:
    ran: list[str] = []
    old = stage_of(ran.append, "old")
    below = evaluate(old)
    young = stage_of(ran.append, "young")
    old.require(young)
    below.run_same_process()
    assert ran == ["young", "old"]
    assert [call.id for call in below.graph().calls] == [young.uuid(), old.uuid(), below.uuid()]


def test_stages_that_need_one_another_are_refused_by_name() -> None:
    first = stage_of(load, "a")
    second = stage_of(train, first)
    with pytest.raises(ValueError, match="in a circle: load -> load; "):
        first.require(first)
    with pytest.raises(ValueError, match="in a circle: load -> train -> len -> load; leave out one require"):
        first.require(stage_of(len, second))
    assert parents(first) == ()


def test_a_circle_of_thousands_is_refused_when_it_is_run_at_the_latest() -> None:
    stages = [stage_of(load, "a") for _ in range(3000)]
    for one, other in itertools.pairwise(stages):
        one.require(other)
    stages[-1].require(stages[0])
    with pytest.raises(ValueError, match=r"in a circle: load( -> load){4} -> \.\.\.( -> load){5}; "):
        stages[0].graph()


@pytest.mark.parametrize("thing", [load, "load", None, [1]])
def test_only_stages_can_be_required(thing: Any) -> None:
    stage = stage_of(load, "a")
    with pytest.raises(TypeError, match="require takes stages, got "):
        stage.require(stage_of(load, "b"), thing)
    assert parents(stage) == ()


def test_options_change_what_they_are_given_and_nothing_else() -> None:
    stage = stage_of(load, "a")
    assert stage.options(retries=2, timeout=1.5) is stage
    assert stage.options(retry_delay=1, process=True).graph().calls[0].options == Options(2, 1, 1.5, True)
    assert stage.options(timeout=None).graph().calls[0].options == Options(2, 1, None, True)
    assert stage.options().graph().calls[0].options == Options(2, 1, None, True)


@pytest.mark.parametrize(
    ("option", "values", "error"),
    [
        ("retries", [1.5, "1", None, True], TypeError),
        ("retries", [-1], ValueError),
        ("retry_delay", ["1", None, True], TypeError),
        ("retry_delay", [-0.1, math.inf, math.nan], ValueError),
        ("timeout", ["1", True], TypeError),
        ("timeout", [0, -1, math.inf, math.nan], ValueError),
        ("process", [1, None, "yes"], TypeError),
    ],
)
def test_an_option_that_can_not_be_is_named(option: str, values: list[Any], error: type[Exception]) -> None:
    stage = stage_of(load, "a")
    for value in values:
        with pytest.raises(error, match=f"the option {option} .*got "):
            stage.options(**{option: value})
    assert stage.graph().calls[0].options == Options()


def test_a_copy_of_a_stage_is_the_stage() -> None:
    stage = stage_of(load, "a")
    config = Config({"data": [stage]})
    assert copy.copy(stage) is stage
    assert copy.deepcopy(config).data["data"][0] is stage


def test_a_stage_can_not_be_pickled() -> None:
    with pytest.raises(TypeError, match="the result of the stage load can't be put there; pass a stage as an argument"):
        pickle.dumps(stage_of(load, "a"))


def test_a_dataclass_is_filled_and_not_made_anew() -> None:
    made: list[int] = []

    @dataclass
    class Counted:
        data: Any

        def __post_init__(self) -> None:
            made.append(1)

    config = Counted([stage_of(load, "a", rows=2)])
    result = stage_of(train, config).run_same_process()[0]
    assert (type(result), result.data, made) == (Counted, [["a", "a"]], [1])
    assert isinstance(config.data[0], Stage)


def test_what_has_been_staged_is_not_staged_again() -> None:
    staged = create_stage(load)
    assert create_stage(staged) is staged
    assert create_stage(create_stage(load))("a", rows=1).run_same_process() == ["a"]
    assert create_stage(Trainer(2).fit)(3).run_same_process() == 6


def test_methods_are_staged_in_a_class_body() -> None:
    trainer = Trainer(2)
    assert trainer.fit(3, times=2).run_same_process() == 12
    assert Trainer.fit(trainer, 3).run_same_process() == 6
    assert trainer.score(1).run_same_process() == Trainer.score(1).run_same_process() == 1
    assert trainer.named("x").run_same_process() == Trainer.named("x").run_same_process() == "Trainer x"
    assert trainer.other_way_round(1).run_same_process() == Trainer.other_way_round(1).run_same_process() == 1
    with pytest.raises(TypeError, match=r"Trainer.fit\(\) missing 1 required positional argument: 'data'"):
        trainer.fit()


def test_functions_that_are_awaited_are_refused() -> None:
    async def fetch() -> None: ...

    async def stream() -> AsyncIterator[int]:
        yield 1

    class Client:
        async def __call__(self) -> None: ...

    for function in (fetch, stream, Client(), functools.partial(fetch), Client().__call__):
        with pytest.raises(TypeError, match=r" is async; wrap it: create_stage\(lambda \*args: asyncio.run\("):
            create_stage(function)


def test_a_stage_that_a_function_holds_is_refused_where_that_can_be_seen() -> None:
    stage = stage_of(load, "a")
    for function in (lambda data=stage: data, lambda *, data=[stage]: data, functools.partial(train, stage)):
        with pytest.raises(TypeError, match=r"has <stage load .*> as a default or as an argument that a partial holds"):
            create_stage(function)


def test_the_line_of_a_wrong_call_is_the_last_but_one() -> None:
    with pytest.raises(TypeError) as raised:
        evaluate.__wrapped__, stage_of(load)  # type: ignore[attr-defined]
    assert [frame.name for frame in raised.traceback][-2:] == ["stage_of", "call"]


@pytest.mark.parametrize("seed", ["1", "2"])
def test_ids_do_not_change_with_what_else_the_driver_does(tmp_path: Path, seed: str) -> None:
    def ids(*more: str) -> list[str]:
        script = IDS.replace("# more", "\n".join(more))
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", script]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.split()

    plain = ids()
    assert len(set(plain)) == len(plain)
    assert ids("# a comment", "train(load('other'), rate=5)", "load(Rate(7))", "load('b').upper()") == plain


IDS = """
import datetime, decimal, enum, functools
from dataclasses import dataclass
import foundations

@dataclass
class Rate:
    value: object

class Color(enum.Enum):
    RED = 1
    BLUE = 2

load = foundations.create_stage(lambda *parts, **more: parts)
train = foundations.create_stage(dict)
# more
first = load("a")
stages = [
    first,
    train(first, rate=1),
    train(first, rate=2),
    load(Rate(1)),
    load(Rate(2)),
    load(Rate(first)),
    load(Color.RED),
    load(Color.BLUE),
    load(decimal.Decimal(1)),
    load(datetime.date(2020, 1, 2)),
    load(range(3)),
    load({first, "x"}),
    load(str),
    load(len),
    first[0],
    first[1:2],
    first[1:3],
    first.upper(),
    first.lower(),
    *first.split(2),
    first.stage(lambda value: value.x),
    first.stage(lambda value: value.y),
    foundations.create_stage(functools.partial(max, 1))(2),
    foundations.create_stage(functools.partial(max, 3))(2),
    load(foundations.Hyperparameter("x")),
    load(foundations.Hyperparameter("y")),
]
print(*(stage.uuid() for stage in stages))
"""


@pytest.mark.parametrize(("typed", "meant"), [("enable_cacheing", "enable_caching"), ("persists", "persist")])
def test_a_method_that_is_nearly_one_of_the_stages_own_warns(typed: str, meant: str) -> None:
    stage = create_stage(dict)()
    with pytest.warns(UserWarning, match=rf"{typed}\(\) is called on the result .* own {meant}\(\)\?") as caught:
        getattr(stage, typed)()
    assert caught[0].filename == __file__


def test_a_method_of_a_job_that_is_called_on_a_stage_warns() -> None:
    stage = create_stage(dict)()
    with pytest.warns(UserWarning, match=r"result\(\) is called on .*; did you mean run\(\).result\(\), of the job\?"):
        stage.result()


def test_methods_of_results_with_names_of_their_own_do_not_warn() -> None:
    stage = create_stage(dict)()
    for name in ("head", "mean", "get", "items", "fit", "predict", "groupby", "transform", "split_rows"):
        getattr(stage, name)()
