"""What a stage in a process of its own reads is known to the worker that waits for it."""

import hashlib
import shutil
import sys
import types
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import foundations_runner
from foundations import current
from foundations.graph import Call, Options
from foundations.keys.closure import Closures
from foundations.keys.observed import Observed
from foundations.keys.observer import Observer
from foundations.keys.user_code import UserCode
from foundations.stage_processes import StageProcesses
from foundations_runner.channel import Channel

MODEL = """
import os
import random
from pathlib import Path

PID = os.getpid()
COUNTS = []


def reads(name):
    helps()
    random.random()
    if name == "fails.txt":
        raise ValueError(name)
    if name == "counts.txt":
        COUNTS.append(1)
    return Path(name).read_text(), os.environ.get("ASKED"), Path("absent").exists(), os.getpid()


def helps():
    Path("made").write_text("1")
    Path("made").read_text()
"""


class Report:
    """Nobody who wants to know."""

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **more: None


class Closure:
    def __init__(self, *functions: types.FunctionType) -> None:
        self.codes = frozenset(function.__code__ for function in functions)

    def covers(self, code: types.CodeType) -> bool:
        return code in self.codes


@pytest.fixture
def model(root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    (root / "observed_model.py").write_text(MODEL)
    (root / "data.txt").write_text("1")
    (root / "fails.txt").write_text("2")
    monkeypatch.syspath_prepend(str(root))
    yield import_module("observed_model")
    del sys.modules["observed_model"]


@pytest.fixture
def processes(root: Path) -> Iterator[StageProcesses]:
    script = root.with_name("start_worker.py")
    shutil.copy(Path(foundations_runner.__file__).parent / "launch" / "start_worker.py", script)
    places = {"paths": [str(root)], "root": str(root), "script": str(script), "places": {"stage": 0}}
    setting = {**places, "job_id": "job", "parameters": {}, "mark": "mark", "error_verbosity": "quiet"}
    closures = Closures(UserCode.of(root, [str(root)]))
    made = StageProcesses(
        1,
        setting=setting,
        open_channel=Channel.of,
        report=Report(),  # type: ignore[arg-type]
        code_of=lambda call: closures.of(call.function).digest,
    )
    yield made
    made.close()


def called(observer: Observer, processes: StageProcesses, model: Any, name: str = "data.txt") -> tuple[Any, Observed]:
    call = Call("stage", "reads", model.reads, options=Options(process=True))
    watch = observer.watching("stage", Closure(model.reads))
    with current.running("stage"), watch:
        result = processes.call(call, (name,), {})
    return result, watch.observed


def test_what_it_read_comes_back(observer: Observer, processes: StageProcesses, model: Any) -> None:
    for _ in range(2):
        result, observed = called(observer, processes, model)
        assert result[3] != model.PID
        assert observed.files == {"absent": None, "data.txt": hashlib.sha256(b"1").hexdigest()}
        assert observed.variables == {"ASKED": None}
        assert observed.wrote == ("made",)
        assert "the shared generator of random" in observed.random
        assert not observed.spoiled


def test_globals_that_differ_in_the_process_or_change_there_spoil_it(
    observer: Observer, processes: StageProcesses, model: Any
) -> None:
    Path("counts.txt").write_text("")
    _, first = called(observer, processes, model, "counts.txt")
    _, second = called(observer, processes, model)
    assert first.spoiled == ("observed_model.COUNTS changed while it ran, which it uses",)
    assert second.spoiled == ("an earlier stage has changed what it uses in the process that ran it",)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="there is no sys.monitoring")
def test_code_that_ran_there_is_judged_here(observer: Observer, processes: StageProcesses, model: Any) -> None:
    for _ in range(2):
        _, observed = called(observer, processes, model)
        assert observed.audited
        assert observed.escaped == (f"helps in observed_model.py:{model.helps.__code__.co_firstlineno}",)


def test_a_stage_that_is_not_watched_is_not_watched_there(
    observer: Observer, processes: StageProcesses, model: Any
) -> None:
    call = Call("stage", "reads", model.reads, options=Options(process=True))
    with current.running("stage"):
        assert processes.call(call, ("data.txt",), {})[0] == "1"


def test_an_attempt_that_fails_leaves_the_next_one_whole(
    observer: Observer, processes: StageProcesses, model: Any
) -> None:
    call = Call("stage", "reads", model.reads, options=Options(process=True))
    watch = observer.watching("stage", Closure(model.reads))
    with current.running("stage"), watch:
        with pytest.raises(ValueError, match="fails"):
            processes.call(call, ("fails.txt",), {})
        processes.call(call, ("data.txt",), {})
    assert set(watch.observed.files) == {"absent", "data.txt"}
