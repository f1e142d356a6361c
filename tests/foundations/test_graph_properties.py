"""Graphs made by chance: whatever their shape and their arguments, they give what plain Python gives."""

import hashlib
import pickle
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, NamedTuple
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from foundations import Hyperparameter, Stage, create_stage, stage_id
from tests.foundations.test_execute import run


class Result(NamedTuple):
    """In a plan: the result of the stage at a place, counted from the end of those before it."""

    back: int


class Parameter(NamedTuple):
    """In a plan: a hyperparameter."""

    name: str


class Pair(NamedTuple):
    left: Any
    right: Any


@dataclass(frozen=True, slots=True)
class Config:
    content: Any


Plan = list[tuple[list[Any], dict[str, Any]]]
Lookup = Callable[[Result | Parameter], Any]

PARAMETERS = {"alpha": 1, "beta": (2, "b"), "gamma": None}

hashable = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=3)
    | st.builds(Result, st.integers(0, 5))
    | st.builds(Parameter, st.sampled_from(sorted(PARAMETERS)))
)
arguments = st.recursive(
    hashable,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.sets(hashable, max_size=3)
        | st.frozensets(hashable, max_size=3)
        | st.dictionaries(hashable, inner, max_size=3)
        | st.dictionaries(hashable, inner, max_size=3).map(OrderedDict)
        | st.builds(Pair, inner, inner)
        | st.builds(Config, inner)
    ),
    max_leaves=8,
)
calls = st.tuples(st.lists(arguments, max_size=3), st.dictionaries(st.sampled_from(["a", "b"]), arguments, max_size=2))
plans = st.lists(calls, min_size=1, max_size=12)


def built(value: Any, lookup: Lookup) -> Any:
    """Return what a plan says with `lookup` of what stands in it for something else."""
    if isinstance(value, Result | Parameter):
        return lookup(value)
    if isinstance(value, Pair):
        return Pair(*(built(one, lookup) for one in value))
    if isinstance(value, Config):
        return Config(built(value.content, lookup))
    if isinstance(value, dict):
        return type(value)((built(key, lookup), built(item, lookup)) for key, item in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return type(value)(built(one, lookup) for one in value)
    return value


def canonical(value: Any) -> str:
    """Return a text that differs wherever a value does, be it in type or order."""
    kind = type(value).__name__
    if is_dataclass(value):
        return f"{kind}({[canonical(getattr(value, one.name)) for one in fields(value)]})"
    if isinstance(value, dict):
        return f"{kind}{[(canonical(key), canonical(item)) for key, item in value.items()]}"
    if isinstance(value, set | frozenset):
        return f"{kind}{sorted(map(canonical, value))}"
    if isinstance(value, list | tuple):
        return f"{kind}{list(map(canonical, value))}"
    return f"{kind} {value!r}"


def summed(*args: Any, **kwargs: Any) -> Hashable:
    return hashlib.sha256(canonical((args, sorted(kwargs.items()))).encode("utf-8", "replace")).hexdigest()


def evaluated(plan: Plan, function: Callable[..., Any], parameter: Callable[[str], Any]) -> list[Any]:
    made: list[Any] = []

    def lookup(one: Result | Parameter) -> Any:
        if isinstance(one, Parameter):
            return parameter(one.name)
        return made[-1 - one.back % len(made)] if made else one

    for args, kwargs in plan:
        made.append(function(*built(args, lookup), **built(kwargs, lookup)))
    return made


def stages_of(plan: Plan) -> list[Stage]:
    return evaluated(plan, create_stage(summed), Hyperparameter)


def known(stage: Stage) -> Mapping[str, Any]:
    """Return the values of the parameters that a stage and those above it take."""
    taken: set[str] = set()
    for call in stage.graph().calls:
        taken |= {name for name in PARAMETERS if f"Hyperparameter({name!r})" in repr((call.args, call.kwargs))}
    return {name: value for name, value in PARAMETERS.items() if name in taken}


@given(plans)
@settings(deadline=None, max_examples=50)
def test_a_graph_gives_what_plain_python_gives(plan: Plan) -> None:
    expected = evaluated(plan, summed, PARAMETERS.__getitem__)[-1]
    target = stages_of(plan)[-1]
    parameters = known(target)
    assert target.run_same_process(parameters) == expected
    assert run(pickle.loads(pickle.dumps(target.graph(parameters)))) == expected


@given(plans)
@settings(deadline=None, max_examples=50)
def test_ids_are_unique_and_come_again(plan: Plan) -> None:
    ids = []
    for _ in range(2):
        with patch.dict(stage_id._seen, clear=True):
            ids.append([stage.uuid() for stage in stages_of(plan)])
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == len(plan)


@given(plans, st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=20))
@settings(deadline=None, max_examples=50)
def test_every_stage_stands_once_and_behind_those_that_it_needs(plan: Plan, required: list[tuple[int, int]]) -> None:
    stages = stages_of(plan)
    for one, other in required:
        below, above = stages[one % len(stages)], stages[other % len(stages)]
        circle = below.uuid() in {call.id for call in above.graph().calls}
        try:
            below.require(above)
        except ValueError:
            assert circle
        else:
            assert not circle
    for stage in stages:
        graph = stage.graph()
        seen: set[str] = set()
        for call in graph.calls:
            assert seen.issuperset(call.parents)
            assert call.id not in seen
            seen.add(call.id)
        assert graph.calls[-1].id == graph.target == stage.uuid()
