"""Hyperparameters: the names they have, and the values that a run gives them."""

import copy
import functools
import pickle
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest

from foundations import (
    DiscreteHyperparameter,
    FloatingHyperparameter,
    Hyperparameter,
    IntegerHyperparameter,
    Stage,
    create_stage,
)
from foundations.graph import holes
from foundations.parameters import check_parameters, merged


def parameter_names(stage: Stage) -> list[str]:
    calls = stage.graph().calls
    return list(dict.fromkeys(one.name for call in calls for one in holes((call.args, call.kwargs), Hyperparameter)))


class Pair(NamedTuple):
    left: Any
    right: Any


@dataclass(frozen=True)
class Config:
    rate: Any
    name: str = "plain"


@create_stage
def echo(first: Any, second: Any = 2, *more: Any, key: Any = None, **others: Any) -> Any:
    return (first, second, *more, key, others)


@create_stage
def only(value: Any) -> Any:
    return value


@pytest.mark.parametrize("name", ["x", "", "  ", "learning rate", "ü", "job_name"])
def test_a_name_is_a_text_that_is_not_blank(name: str) -> None:
    if name.strip():
        assert Hyperparameter(name).name == name
    else:
        with pytest.raises(ValueError, match="the name of a Hyperparameter must not be blank"):
            Hyperparameter(name)


@pytest.mark.parametrize("name", [1, b"x", ["x"], True])
def test_a_name_that_is_no_text_is_a_type_error(name: Any) -> None:
    with pytest.raises(TypeError, match="the name of a Hyperparameter is a text, got"):
        Hyperparameter(name)


def test_it_reads_as_it_is_written() -> None:
    assert repr(Hyperparameter()) == "Hyperparameter()"
    assert repr(Hyperparameter("rate")) == "Hyperparameter('rate')"


@pytest.mark.parametrize(
    ("stage", "expected"),
    [
        (lambda: echo(Hyperparameter()), ["first"]),
        (lambda: echo(1, Hyperparameter()), ["second"]),
        (lambda: echo(Hyperparameter(), key=Hyperparameter()), ["first", "key"]),
        (lambda: echo(1, other=Hyperparameter()), ["other"]),
        (lambda: echo([1, {"k": (Hyperparameter(),)}]), ["first"]),
        (lambda: echo(Config(Hyperparameter())), ["first"]),
        (lambda: echo(Hyperparameter("own"), Hyperparameter()), ["own", "second"]),
        (lambda: echo(1, 2, Hyperparameter("more")), ["more"]),
        (lambda: echo(Hyperparameter("same"), [Hyperparameter("same")]), ["same"]),
        (lambda: only(1).stage(lambda value, rate: value, Hyperparameter()), ["rate"]),
        (lambda: create_stage(functools.partial(echo.__wrapped__, 1))(Hyperparameter()), ["second"]),  # type: ignore[attr-defined]
        (lambda: create_stage(max)(Hyperparameter("a"), key=Hyperparameter()), ["a", "key"]),
        (lambda: only(only(Hyperparameter("above"))), ["above"]),
    ],
)
def test_without_a_name_it_takes_its_arguments(stage: Callable[[], Stage], expected: list[str]) -> None:
    assert parameter_names(stage()) == expected


@pytest.mark.parametrize(
    "stage",
    [
        echo,
        lambda one: echo(1, key=one),
        lambda one: echo({"rates": [one]}),
        lambda one: only(echo(Config(one))),
        lambda one: only(1).stage(echo, one),
    ],
)
@pytest.mark.parametrize(
    "given", [IntegerHyperparameter(1, 3), FloatingHyperparameter(0, 1), DiscreteHyperparameter(["relu"])]
)
def test_a_range_in_place_of_a_placeholder_is_refused_before_there_is_a_job(
    stage: Callable[[Any], Stage], given: Any
) -> None:
    said = re.escape(f" got {given!r}, which only a search can go through; where a value goes pass Hyperparameter()")
    with pytest.raises(TypeError, match=rf"^the stage \w+{said}"):
        stage(given).graph({})
    with pytest.raises(TypeError, match=rf"^the parameter 'rate'{said}"):
        only(Hyperparameter("rate")).graph({"rate": given})


@pytest.mark.parametrize(
    "call",
    [
        lambda: echo(1, 2, Hyperparameter()),
        lambda: echo(1, 2, 3, [Hyperparameter()]),
        lambda: create_stage(max)(Hyperparameter()),
        lambda: only(1)[Hyperparameter()],
        lambda: only(1).index(Hyperparameter()),
    ],
)
def test_where_no_parameter_has_a_name_it_needs_its_own(call: Callable[[], Any]) -> None:
    with pytest.raises(TypeError, match=r'has no parameter\'s name to take; give it one: Hyperparameter\("rate"\)'):
        call()


@pytest.mark.parametrize(
    ("stage", "parameters", "expected"),
    [
        (lambda: only(Hyperparameter()), {"value": 5}, 5),
        (lambda: only(value=Hyperparameter()), {"value": 5}, 5),
        (lambda: echo(Hyperparameter("a"), Hyperparameter("b")), {"a": 1, "b": 3}, (1, 3, None, {})),
        (lambda: echo(Hyperparameter("a"), key=Hyperparameter("a")), {"a": 1}, (1, 2, 1, {})),
        (lambda: echo(0, Hyperparameter(), key=7), {"second": 1}, (0, 1, 7, {})),
        (lambda: only([Hyperparameter("a"), [Hyperparameter("b"), 3]]), {"a": 1, "b": 2}, [1, [2, 3]]),
        (lambda: only({"x": {"y": Hyperparameter()}}), {"value": 1}, {"x": {"y": 1}}),
        (lambda: only({Hyperparameter("k"): 1}), {"k": "key"}, {"key": 1}),
        (lambda: only({Hyperparameter("k"), 1}), {"k": 2}, {1, 2}),
        (lambda: only(Pair(Hyperparameter(), 1)), {"value": 0}, Pair(0, 1)),
        (lambda: only(Config(Hyperparameter())), {"value": 0.1}, Config(0.1)),
        (lambda: only(Hyperparameter()), {"value": None}, None),
        (lambda: only(Hyperparameter()), {"value": []}, []),
        (lambda: only(Hyperparameter()), {"value": {"a": [1, {2}]}}, {"a": [1, {2}]}),
        (lambda: only([1, 2, 3])[Hyperparameter("k")], {"k": -1}, 3),
        (lambda: only([1, 2, 3])[: Hyperparameter("k")], {"k": 2}, [1, 2]),
        (lambda: only([1, 2, 3]).index(Hyperparameter("k")), {"k": 3}, 2),
        (lambda: only([only(Hyperparameter("a")), Hyperparameter("a")]), {"a": 4}, [4, 4]),
    ],
)
def test_a_run_puts_values_in_their_places(
    stage: Callable[[], Stage], parameters: dict[str, Any], expected: Any
) -> None:
    result = stage().run_same_process(parameters)
    assert result == expected
    assert type(result) is type(expected)


def test_one_name_has_one_value_wherever_it_stands() -> None:
    value = [1]
    one, other = only(echo(Hyperparameter("a"), only(Hyperparameter("a")))).run_same_process(a=value)[:2]
    assert one is value
    assert other is value


def test_a_stage_runs_with_other_values_each_time_and_has_one_id() -> None:
    stage = only(Hyperparameter())
    before = stage.uuid()
    assert [stage.run_same_process(value=value) for value in (1, "x", None)] == [1, "x", None]
    assert stage.graph({"value": 1}).target == stage.graph({"value": 2}).target == before


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({}, "the parameters 'first', 'key' are missing; pass values to run: run(first=..., key=...)"),
        ({"key": 1}, "the parameter 'first' is missing; pass values to run: run(first=...)"),
        (
            {"first": 1, "key": 1, "rate": 2},
            "the parameter 'rate' is not known to this job; those that its stages take are 'first', 'key'",
        ),
        (
            {"first": 1, "keys": 1, "b": 2},
            (
                "the parameter 'key' is missing; pass values to run: run(key=...); "
                "the parameters 'keys', 'b' are not known to this job; those that its stages take are 'first', 'key'"
            ),
        ),
    ],
)
def test_missing_and_surplus_parameters_are_all_named(parameters: dict[str, Any], said: str) -> None:
    stage = echo(Hyperparameter(), key=Hyperparameter())
    for run in (stage.run, stage.run_same_process):
        with pytest.raises(ValueError) as raised:
            run(parameters)
        assert str(raised.value) == said


def test_a_job_without_parameters_takes_none() -> None:
    with pytest.raises(ValueError, match="the parameter 'x' is not known to this job; its stages take none"):
        only(1).run(x=1)


def test_a_missing_name_that_is_no_word_is_told_as_it_can_be_passed() -> None:
    with pytest.raises(ValueError, match=r"run\(\*\*\{'learning rate': \.\.\.\}\)"):
        check_parameters({}, ["learning rate"])


def test_parameters_come_in_a_dict_and_by_keyword_and_never_twice() -> None:
    assert merged(None, {"a": 1}) == {"a": 1}
    assert merged({"a": 1, "job_name": 2, "params_dict": 3}, {"self": 4}) == {
        "a": 1,
        "job_name": 2,
        "params_dict": 3,
        "self": 4,
    }
    with pytest.raises(ValueError, match="the parameter 'a' is given twice, in params_dict and by keyword"):
        merged({"a": 1}, {"a": 1})


@pytest.mark.parametrize("wrong", [0.1, "rate", [("rate", 1)], {1: 2}])
def test_what_is_no_dict_of_names_is_a_type_error(wrong: Any) -> None:
    with pytest.raises(TypeError, match="params_dict"):
        only(Hyperparameter()).run(wrong)


@pytest.mark.parametrize("name", ["job_name", "params_dict", "self", "stage"])
def test_any_name_goes_through_the_dict(name: str) -> None:
    assert only(Hyperparameter(name)).run_same_process({name: 3}) == 3


def test_self_and_params_go_by_keyword_too() -> None:
    assert echo(Hyperparameter("self"), Hyperparameter("params")).run_same_process(self=1, params=2)[:2] == (1, 2)


@pytest.mark.parametrize("value", [lambda: only(1), lambda: [only(1)], lambda: Hyperparameter("x")])
def test_a_value_that_is_not_there_yet_is_none(value: Callable[[], Any]) -> None:
    with pytest.raises(TypeError, match="the parameter 'value' has no value before the job runs"):
        only(Hyperparameter()).run(value=value())


def test_it_is_refused_where_no_run_could_find_it() -> None:
    with pytest.raises(TypeError, match=r"the value of Hyperparameter\('rate'\) can't be put there"):
        pickle.dumps(Hyperparameter("rate"))
    with pytest.raises(TypeError, match=r"has Hyperparameter\(\) as a default or as an argument that a partial holds"):
        create_stage(lambda x=Hyperparameter(): x)  # noqa: B008
    with pytest.raises(TypeError, match="create_stage takes a function"):
        create_stage(Hyperparameter())  # type: ignore[arg-type]


def test_a_copy_is_the_placeholder_itself() -> None:
    settings = {"rate": Hyperparameter("rate")}
    assert copy.deepcopy(settings)["rate"] is settings["rate"]
    assert copy.copy(settings["rate"]) is settings["rate"]


def test_a_graph_without_values_keeps_its_placeholders() -> None:
    assert only([Hyperparameter()]).graph().calls[0].args == ([Hyperparameter("value")],)
