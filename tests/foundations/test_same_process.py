"""A graph, run where the driver runs."""

import gc
import sys
import traceback
import warnings
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

import foundations
from foundations import create_stage, current


class Large:
    """A value whose end can be seen."""


@create_stage
def add(*numbers: int) -> int:
    return sum(numbers)


def test_the_result_is_returned_and_nothing_is_archived(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOUNDATIONS_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    assert add(add(1), add(2, 3)).persist().enable_caching().run_same_process() == 6
    assert [*tmp_path.iterdir()] == []


def test_each_stage_runs_once_and_anew_each_time() -> None:
    ran: list[int] = []

    def count() -> int:
        ran.append(1)
        return len(ran)

    counted = create_stage(count)()
    stage = add(counted, counted, add(counted))
    assert stage.run_same_process() == 3
    assert stage.run_same_process() == 6


def test_an_error_is_the_users_own_with_the_way_to_it() -> None:
    class Mine(Exception): ...

    def fail(number: int) -> None:
        raise Mine(number)

    with pytest.raises(Mine) as raised:
        create_stage(fail)(add(1)).run_same_process()
    frames = traceback.extract_tb(raised.value.__traceback__)
    assert (frames[0].name, frames[-1].name) == (sys._getframe().f_code.co_name, "fail")
    assert raised.value.__context__ is None


def test_metrics_are_checked_and_neither_kept_nor_warned_of() -> None:
    def log(value: Any) -> None:
        foundations.log_metric("value", value)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        create_stage(log)(1).run_same_process()
    with pytest.raises(TypeError, match="the metric 'value' has the value"):
        create_stage(log)(object()).run_same_process()
    assert current.stage() is None


def test_what_nobody_needs_any_more_is_let_go() -> None:
    seen: list[weakref.ref[Large]] = []

    def make() -> Large:
        value = Large()
        seen.append(weakref.ref(value))
        return value

    def look(*_: Any) -> bool:
        gc.collect()
        return seen[0]() is None

    used = create_stage(lambda value: 1)(create_stage(make)())
    assert create_stage(look)(used).run_same_process()


def test_a_generator_goes_from_stage_to_stage() -> None:
    def numbers(count: int) -> Iterator[int]:
        yield from range(count)

    assert create_stage(numbers)(4).stage(sum).run_same_process() == 6


def test_a_chain_of_thousands_does_not_recurse() -> None:
    stage = add(1)
    for _ in range(10_000):
        stage = add(stage, 1)
    assert stage.run_same_process() == 10_001


def test_a_job_is_refused_to_do_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current, "job_id", "the-job")
    with pytest.raises(RuntimeError, match=r"run_same_process\(\) was called inside the job the-job"):
        add(1).run_same_process()


def test_a_stage_that_returns_a_stage_is_an_error() -> None:
    with pytest.raises(
        TypeError, match=r"stage <lambda> returned <stage add .*>, which will never run: a function that"
    ):
        create_stage(lambda: add(1))().run_same_process()
