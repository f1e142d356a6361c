"""Whose what is that is seen, and that the hooks do no harm."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from foundations import current
from foundations.execute import call_directly
from foundations.graph import Call, Options, StageGraph
from foundations.keys import attribution, watched_files
from foundations.keys.attribution import mine
from foundations.keys.observed import Observed, joined, still_holds
from foundations.keys.observer import Observer
from foundations.schedule import run_in_order
from foundations.stage_threads import threads_belong_to_their_stage

from .conftest import See


@pytest.fixture
def pools(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading.Thread, "start", threading.Thread.start)
    monkeypatch.setattr(ThreadPoolExecutor, "submit", ThreadPoolExecutor.submit)
    threads_belong_to_their_stage()


@pytest.fixture
def files(root: Path) -> list[str]:
    names = ["a", "b", "c", "d"]
    for name in names:
        (root / name).write_text(name)
    return names


def test_stages_in_threads_are_told_apart(observer: Observer, files: list[str]) -> None:
    meeting = threading.Barrier(3)
    seen: dict[str, Observed] = {}

    def crew(name: str, *, cached: bool) -> None:
        watch = observer.watching(name)
        with current.running(name), watch if cached else contextlib.nullcontext():
            meeting.wait(10)
            Path(name).read_text()
            meeting.wait(10)
        seen[name] = watch.observed

    threads = [threading.Thread(target=crew, args=(name,), kwargs={"cached": name != "c"}) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {name: list(observed.files) for name, observed in seen.items()} == {"a": ["a"], "b": ["b"], "c": []}


def test_threads_and_pools_of_a_stage_are_its_own(observer: Observer, files: list[str], pools: None) -> None:
    def stage() -> None:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda name: Path(name).read_text(), ["a", "b"]))
        thread = threading.Thread(target=Path("c").read_text)
        thread.start()
        thread.join()

    one, other = observer.watching("one"), observer.watching("other")
    with other, current.running("one"), one:
        stage()
    assert list(one.observed.files) == ["a", "b", "c"]
    assert list(other.observed.files) == []


def test_a_thread_that_nobody_knows_counts_for_all(observer: Observer, files: list[str]) -> None:
    import _thread

    done = threading.Lock()
    done.acquire()

    def stray() -> None:
        Path("a").read_text()
        done.release()

    one, other = observer.watching("one"), observer.watching("other")
    with one, other:
        _thread.start_new_thread(stray, ())
        done.acquire()
    assert list(one.observed.files) == list(other.observed.files) == ["a"]


def test_a_thread_of_a_stage_that_has_ended_counts_for_all(observer: Observer, files: list[str], pools: None) -> None:
    go = threading.Event()
    threads = []

    def early() -> None:
        threads.append(threading.Thread(target=lambda: go.wait(10) and Path("a").read_text()))
        threads[0].start()

    with current.running("early"):
        early()
    late = observer.watching("late")
    with current.running("late"), late:
        go.set()
        threads[0].join()
    assert list(late.observed.files) == ["a"]


def test_what_the_worker_does_between_stages_is_nobodys(observer: Observer, files: list[str]) -> None:
    watch = observer.watching("elsewhere")
    with watch:
        Path("a").read_text()
        os.environ.get("HOME")
    assert watch.observed.files == {}
    Path("b").read_text()


def test_what_another_of_the_workers_threads_does_between_stages_is_nobodys(
    observer: Observer, files: list[str]
) -> None:
    calls = tuple(Call(name, name, print) for name in "ab")
    meeting = threading.Barrier(2)
    watch = observer.watching("a")

    def run(call: Call) -> None:
        if call.id == "a":
            with current.running("a"), watch:
                meeting.wait(10)
                meeting.wait(10)
        else:
            meeting.wait(10)
            Path("b").read_text()  # as one that makes a key
            meeting.wait(10)

    run_in_order(StageGraph(calls, "b"), run, settle=lambda call: None, threads=2)
    assert watch.observed.files == {}


def test_a_stage_with_a_time_limit_is_seen(see: See, files: list[str]) -> None:
    call = Call("stage", "stage", lambda: Path("a").read_text(), options=Options(timeout=10))
    assert list(see(lambda: call_directly(call, (), {})).files) == ["a"]


def endless() -> None:
    """Open, list, look and ask for ever, with no object whose end would swallow what is raised in it."""
    while True:
        os.close(os.open("a", os.O_RDONLY))
        Path("b").is_file()
        os.listdir()
        os.environ.get("HOME")


def test_a_time_limit_reaches_a_stage_that_does_nothing_but_open_files(see: See, files: list[str]) -> None:
    def stage() -> None:
        with pytest.raises(TimeoutError):
            call_directly(Call("stage", "stage", endless, options=Options(timeout=0.2)), (), {})

    assert {"a", "b"} <= set(see(stage).files)


@contextlib.contextmanager
def alarm(handler: Any, seconds: float, again: float = 0) -> Iterator[None]:
    before = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, seconds, again)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_what_a_signals_handler_raises_reaches_the_stage(see: See, files: list[str]) -> None:
    class TooLate(Exception):
        pass

    def late(*args: object) -> None:
        raise TooLate

    def stage() -> None:
        for _ in range(20):
            with pytest.raises(TooLate), alarm(late, 0.005):
                endless()

    assert not see(stage).spoiled


def test_handlers_that_read_files_do_not_block(see: See, files: list[str]) -> None:
    counted = []

    def reads(*args: object) -> None:
        counted.append(Path("a").read_text())
        os.environ.get("IN_HANDLER")

    def stage() -> None:
        ends = time.monotonic() + 0.5
        with alarm(reads, 0.001, 0.001):
            while time.monotonic() < ends:
                Path("b").read_text()

    observed = see(stage)
    assert counted
    assert list(observed.files) == ["a", "b"]


def test_a_failure_of_our_own_spoils_and_is_not_raised(
    see: See, files: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(record: object, *args: object) -> None:
        raise RuntimeError("broken")

    from foundations.keys import observer as module

    broken.__code__ = broken.__code__.replace(co_filename=watched_files.__file__)
    monkeypatch.setitem(module._HANDLERS, "open", broken)  # type: ignore[arg-type]
    observed = see(lambda: Path("a").read_text())
    assert observed.spoiled == ("what it read could not be noted (RuntimeError: broken)",)


def test_events_of_any_kind_are_survived(see: See) -> None:
    def stage() -> None:
        sys.audit("open")
        sys.audit("open", object(), object(), object())
        sys.audit("os.listdir", 1.5)
        sys.audit("subprocess.Popen", object(), [object()], object(), object())
        sys.audit("socket.connect", None, (1,))
        sys.audit("nobody.knows", 1)

    see(stage)


def test_a_stage_that_raises_is_seen_to_its_end(observer: Observer, files: list[str]) -> None:
    def stage() -> None:
        Path("a").read_text()
        raise ValueError("mine")

    watch = observer.watching("stage")
    with pytest.raises(ValueError, match="mine"), current.running("stage"), watch:
        stage()
    assert list(watch.observed.files) == ["a"]
    assert not attribution.active


def test_an_unreliable_mind_is_cleared(observer: Observer, files: list[str]) -> None:
    mine.busy = True  # as an exception from outside might leave it
    watch = observer.watching("stage")
    with current.running("stage"), watch:
        Path("a").read_text()
    assert list(watch.observed.files) == ["a"]


def test_two_observers_hear_each_thing_once(root: Path, observer: Observer, files: list[str]) -> None:
    other = Observer(root)
    other.install()
    watch = other.watching("stage")
    with current.running("stage"), watch:
        Path("a").read_text()
    other.uninstall()
    assert list(watch.observed.files) == ["a"]


def test_files_that_arguments_name_count(observer: Observer, root: Path) -> None:
    (root / "data.parquet").write_bytes(b"1")
    (root / "many").mkdir()
    (root / "many" / "part").write_text("1")
    watch = observer.watching("stage")
    with current.running("stage"), watch:
        watch.name_files(["data.parquet", "many", ".", "/", "..", "absent"])
    observed = watch.observed
    assert set(observed.files) == {"data.parquet", "many"}
    assert still_holds(observed, root=root) is None
    (root / "many" / "part").write_text("2")
    assert still_holds(observed, root=root) == "directory many changed"
    (root / "data.parquet").write_bytes(b"2")
    assert still_holds(observed, root=root) == "file data.parquet changed"


def test_a_named_file_that_is_written_holds_as_it_was_and_as_it_is(observer: Observer, root: Path) -> None:
    (root / "out").write_text("1")
    watch = observer.watching("stage")
    with current.running("stage"), watch:
        watch.name_files(["out"])
        Path("out").write_text("2")
    assert not watch.observed.spoiled
    assert still_holds(watch.observed, root=root) is None
    (root / "out").write_text("3")
    assert still_holds(watch.observed, root=root) == "file out changed"


def test_a_named_directory_that_is_too_large_spoils(
    observer: Observer, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("foundations.keys.claims._MOST_FILES", 2)
    (root / "many").mkdir()
    for name in "abc":
        (root / "many" / name).touch()
    (root / "round").mkdir()
    (root / "round" / "and").symlink_to(root / "round")
    (root / "round" / "x").touch()
    watch = observer.watching("stage")
    with watch:
        watch.name_files(["many"])
    assert len(watch.observed.spoiled) == 1
    assert "directory many, which an argument or a command names, can't be compared" in watch.observed.spoiled[0]
    other = observer.watching("stage")
    with other:
        other.name_files(["round"])
    assert len(other.observed.spoiled) == 1


def test_a_record_survives_json(see: See, files: list[str]) -> None:
    import json

    observed = see(lambda: (Path("a").read_text(), os.environ.get("\udcff"), Path("\udcff").exists()))
    told = json.loads(json.dumps(observed.plain()))
    assert Observed.of(told) == observed
    assert Observed.of({**told, "of_a_later_version": 1}) == observed
    assert joined(observed, Observed()).files == observed.files


def test_an_interpreter_ends_quietly_while_it_is_watched(root: Path) -> None:
    """The hooks are there to the very end, when modules are emptied, and in a process whose modules are played with."""
    (root / "a").write_text("1")
    program = """
        import os, sys
        from foundations import current
        from foundations.keys.observer import Observer
        observer = Observer(".")
        observer.install()
        running, watch = current.running("stage"), observer.watching("stage")
        running.__enter__(), watch.__enter__()

        class Late:
            def __init__(self): self.open, self.stat, self.environ = open, os.stat, os.environ
            def __del__(self): self.open("a").close(), self.stat("a"), self.environ.get("HOME"), print("late")

        late = Late()
        late.itself = late
        sys.late = late
        for name in list(sys.modules):
            if name.startswith("foundations"):
                del sys.modules[name]
        open("a").close()
        os.stat("a")
    """
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", dedent(program)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(Path(current.__file__).parents[1])},
    )
    assert (ended.returncode, ended.stderr) == (0, "")


class FromOutside(BaseException):
    pass


def interrupted() -> None:
    """Raise in this thread what another sets there, as a time limit does."""
    thread = ctypes.c_ulong(threading.get_ident())
    interrupt = ctypes.pythonapi.PyThreadState_SetAsyncExc
    threading.Timer(0.005, lambda: interrupt(thread, ctypes.py_object(FromOutside))).start()
    endless()


def test_an_exception_set_from_outside_is_not_lost(see: See, files: list[str]) -> None:
    def stage() -> None:
        for _ in range(20):
            with pytest.raises(FromOutside):
                interrupted()

    assert "a" in see(stage).files


def test_a_failure_at_the_end_spoils_and_is_not_raised(see: See, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **more: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("foundations.keys.observer.finished", broken)
    assert see(lambda: None).spoiled == ("what it read could not be made out (RuntimeError: broken)",)


def test_many_stages_begin_and_end_in_many_threads(observer: Observer, root: Path) -> None:
    for number in range(8):
        (root / f"file{number}").write_text(str(number))
    seen: dict[int, list[Observed]] = {number: [] for number in range(8)}

    def crew(number: int) -> None:
        for _ in range(30):
            watch = observer.watching(f"stage{number}")
            with current.running(f"stage{number}"), watch:
                Path(f"file{number}").read_text()
                os.environ.get(f"VARIABLE{number}")
                list(Path().iterdir())
            seen[number].append(watch.observed)

    threads = [threading.Thread(target=crew, args=(number,)) for number in seen]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, all_observed in seen.items():
        assert len(all_observed) == 30
        for observed in all_observed:
            assert set(observed.files) == {".", f"file{number}"}
            assert set(observed.variables) == {f"VARIABLE{number}"}
            assert not observed.spoiled
