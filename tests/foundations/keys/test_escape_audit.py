"""Code that ran and was not in the closure: seen from Python 3.12 on."""

import contextlib
import os
import sys
import threading
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from foundations import current
from foundations.keys import attribution
from foundations.keys.observer import Observer, Watch, take_over

monitored = pytest.mark.skipif(sys.version_info < (3, 12), reason="there is no sys.monitoring")


class Closure:
    def __init__(self, *functions: types.FunctionType) -> None:
        self.codes = frozenset(function.__code__ for function in functions)
        self.asked = 0

    def covers(self, code: types.CodeType) -> bool:
        self.asked += 1
        return code in self.codes


SOURCE = """
def first():
    return [second() for _ in range(3)]


def second():
    def inner():
        return 1
    return inner() + sum(each for each in [1])


def makes():
    yield 1


class Thing:
    def method(self):
        return 2


def loops(n):
    return n if n < 2 else loops(n - 1) + loops(n - 2)
"""


@pytest.fixture
def model(root: Path) -> types.SimpleNamespace:
    file = root / "prep.py"
    file.write_text(SOURCE)
    scope: dict[str, Any] = {"__name__": "prep"}
    exec(compile(SOURCE, str(file), "exec"), scope)
    return types.SimpleNamespace(**scope)


def run(observer: Observer, function: Callable[..., Any], *covered: Any, name: str = "stage") -> Watch:
    watch = observer.watching(name, Closure(*covered))
    with current.running(name), watch:
        function()
    return watch


@monitored
def test_code_outside_the_closure_is_named(observer: Observer, model: Any) -> None:
    observed = run(observer, model.first, model.first).observed
    assert observed.audited
    assert set(observed.escaped) >= {"second in prep.py:6", "second.<locals>.inner in prep.py:7"}
    assert not any(name.startswith("first") for name in observed.escaped)


@monitored
def test_code_in_the_closure_has_not_escaped_nor_what_is_defined_within(observer: Observer, model: Any) -> None:
    observed = run(observer, model.first, model.first, model.second).observed
    assert observed.audited
    assert observed.escaped == ()


@monitored
def test_methods_and_generators_are_heard(observer: Observer, model: Any) -> None:
    def both() -> None:
        model.Thing().method()
        list(model.makes())

    assert run(observer, both).observed.escaped == ("Thing.method in prep.py:17", "makes in prep.py:12")


@monitored
def test_a_stage_hears_again_of_what_another_has_run(observer: Observer, model: Any) -> None:
    for _ in range(3):
        assert run(observer, model.second, model.second).observed.escaped == ()
        assert run(observer, model.second).observed.escaped != ()


@monitored
def test_code_that_runs_often_is_heard_once(observer: Observer, model: Any) -> None:
    closure = Closure(model.loops)
    watch = observer.watching("stage", closure)
    with current.running("stage"), watch:
        model.loops(15)
    assert watch.observed.escaped == ()
    assert closure.asked < 5


@monitored
def test_stages_at_the_same_time_are_told_apart(observer: Observer, model: Any) -> None:
    meeting = threading.Barrier(2)
    seen: dict[str, Watch] = {}

    def crew(name: str, covered: list[Any]) -> None:
        watch = seen[name] = observer.watching(name, Closure(*covered))
        with current.running(name), watch:
            meeting.wait(10)
            for _ in range(5):
                model.second()
                meeting.wait(10)

    threads = [
        threading.Thread(target=crew, args=("one", [model.second])),
        threading.Thread(target=crew, args=("other", [])),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen["one"].observed.escaped == ()
    assert "second in prep.py:6" in seen["other"].observed.escaped


@monitored
def test_a_forked_process_is_heard(observer: Observer, model: Any) -> None:
    def forks() -> None:
        process = os.fork()
        if process == 0:
            try:
                model.second()
            finally:
                os._exit(0)
        os.waitpid(process, 0)

    assert "second in prep.py:6" in run(observer, forks).observed.escaped


@monitored
def test_code_that_ran_elsewhere_is_judged_where_the_closure_is(observer: Observer, model: Any) -> None:
    there = observer.watching("stage", collects_code=True)
    with current.running("stage"), there:
        model.first()
    here = observer.watching("stage", Closure(model.first))
    with here:
        take_over("stage", there.told())
    assert "second in prep.py:6" in here.observed.escaped
    assert not any(name.startswith("first") for name in here.observed.escaped)


@monitored
def test_code_pickled_by_value_is_the_projects(observer: Observer) -> None:
    scope: dict[str, Any] = {}
    exec(compile("def stage(): return 1", "driver.py", "exec"), scope)
    assert run(observer, scope["stage"]).observed.escaped == ("stage in driver.py:1",)


@monitored
def test_code_of_libraries_and_of_no_file_is_not_looked_at(observer: Observer) -> None:
    import json

    scope: dict[str, Any] = {}
    exec("def made(): return 1", scope)

    def stage() -> None:
        json.dumps({"a": [1]}, indent=1)
        scope["made"]()

    assert run(observer, stage).observed.escaped == ()


@monitored
def test_a_closure_that_fails_spoils_and_is_not_raised(observer: Observer, model: Any) -> None:
    closure = Closure()
    closure.covers = lambda code: 1 / 0  # type: ignore[method-assign, assignment, return-value]
    closure.covers.__code__ = closure.covers.__code__.replace(  # type: ignore[attr-defined]
        co_filename=attribution.__file__
    )
    for _ in range(2):
        watch = observer.watching("stage", closure)
        with current.running("stage"), watch:
            model.second()
        assert "ZeroDivisionError" in watch.observed.spoiled[0]


@contextlib.contextmanager
def taken(*tools: int) -> Iterator[None]:
    monitoring = sys.monitoring  # type: ignore[attr-defined, unused-ignore]
    for tool in tools:
        monitoring.use_tool_id(tool, "somebody")
    try:
        yield
    finally:
        for tool in tools:
            monitoring.free_tool_id(tool)


@monitored
def test_where_all_places_are_taken_nothing_is_claimed(root: Path, model: Any) -> None:
    with taken(3, 4):
        observer = Observer(root)
        observer.install()
        observed = run(observer, model.first).observed
        observer.uninstall()
    assert not observed.audited
    assert observed.escaped == ()


@monitored
def test_others_who_monitor_go_on_hearing(observer: Observer, model: Any) -> None:
    monitoring: Any = sys.monitoring  # type: ignore[attr-defined, unused-ignore]
    heard: list[str] = []
    with taken(1):
        monitoring.register_callback(1, monitoring.events.PY_START, lambda code, _: heard.append(code.co_name))
        monitoring.set_local_events(1, model.second.__code__, monitoring.events.PY_START)
        for _ in range(3):
            run(observer, model.second)
        monitoring.set_local_events(1, model.second.__code__, 0)
        monitoring.register_callback(1, monitoring.events.PY_START, None)
    assert heard == ["second"] * 3


@monitored
def test_when_somebody_takes_our_place_nothing_is_claimed(root: Path, model: Any) -> None:
    observer = Observer(root)
    observer.install()
    monitoring: Any = sys.monitoring  # type: ignore[attr-defined, unused-ignore]
    (ours,) = [tool for tool in range(6) if monitoring.get_tool(tool) == "foundations"]
    monitoring.set_events(ours, 0)
    monitoring.free_tool_id(ours)
    assert not run(observer, model.first).observed.audited
    observer.uninstall()


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="there is sys.monitoring")
def test_before_python_3_12_nothing_is_claimed(observer: Observer, model: Any) -> None:
    observed = run(observer, model.first).observed
    assert not observed.audited
    assert observed.escaped == ()
