"""The words for every way in which a process can end."""

import os
import signal
import sys
from pathlib import Path

import pytest

from foundations_runner import cause

SIGNALS = sorted(set(signal.valid_signals()) - {signal.SIGSTOP, signal.SIGCONT, signal.SIGTSTP})
IGNORED = {signal.SIGCHLD, signal.SIGURG, signal.SIGWINCH, signal.SIGTTIN, signal.SIGTTOU, signal.SIGCONT}


def status_of(code: str) -> int:
    child = os.posix_spawn(sys.executable, [sys.executable, "-S", "-c", f"import os; {code}"], os.environ)
    return os.waitpid(child, 0)[1]


def words(status: int, *, memory_kills: int = 0, memory: str | None = None) -> str:
    return cause.of(status, memory_kills=memory_kills, memory=memory)


@pytest.mark.parametrize("code", [0, 1, 3, 255])
def test_an_exit_status_is_named(code: int) -> None:
    assert f"status {code} " in words(status_of(f"os._exit({code})"))


@pytest.mark.parametrize("number", [number for number in SIGNALS if number not in IGNORED])
def test_every_signal_that_ends_a_process_is_named(number: int) -> None:
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    assert f"died of {name}" in words(number)
    assert f"died of {name}" in words(number | 0x80), "with a core dump it is the same signal"


def test_a_signal_is_named_from_the_status_of_a_real_process() -> None:
    assert "SIGSEGV, a segmentation fault" in words(status_of("os.kill(os.getpid(), 11)"))


def test_a_kill_for_memory_names_the_limit() -> None:
    assert "the limit of 200m (memory in docker_config, or ram in " in words(9, memory_kills=1, memory="200m")
    assert "the memory of its host" in words(9, memory_kills=1)


@pytest.mark.parametrize(
    ("memory", "shown"),
    [("107374183b", "102.4m"), ("8589934592b", "8g"), ("8589934592", "8g"), ("7000000b", "6.7m"), ("1.5g", "1.5g")],
)
def test_a_limit_in_bytes_is_shown_as_people_write_it(memory: str, shown: str) -> None:
    assert f"the limit of {shown} (" in words(9, memory_kills=1, memory=memory)


def test_a_kill_by_somebody_is_not_taken_for_memory() -> None:
    assert "someone killed it" in words(9, memory="200m")


def test_other_signals_are_not_taken_for_memory() -> None:
    assert "SIGSEGV" in words(11, memory_kills=3, memory="200m")


@pytest.mark.parametrize(
    ("version", "text"),
    [
        ("_CGROUP_V2", "low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 1\n"),
        ("_CGROUP_V1", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n"),
    ],
)
def test_kills_for_memory_are_counted(version: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_CGROUP_V1", "_CGROUP_V2"):
        monkeypatch.setattr(cause, name, tmp_path / name)
    (tmp_path / version).write_text(text)
    assert cause.out_of_memory_kills() == 2


def test_without_a_cgroup_no_kills_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_CGROUP_V1", "_CGROUP_V2"):
        monkeypatch.setattr(cause, name, tmp_path / name)
    assert cause.out_of_memory_kills() == 0
