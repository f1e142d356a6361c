"""Why a process ended, in words that its user can act on."""

import os
import signal
from pathlib import Path

_CGROUP_V1 = Path("/sys/fs/cgroup/memory/memory.oom_control")
_CGROUP_V2 = Path("/sys/fs/cgroup/memory.events")

_MEANINGS = {
    signal.SIGKILL: "someone killed it, or the host ran out of memory",
    signal.SIGSEGV: "a segmentation fault: native code read or wrote where it must not",
    signal.SIGABRT: "an abort: native code gave up, its last lines are in the log",
    signal.SIGBUS: "a bus error: a mapped file was cut off or a shared memory segment is full",
    signal.SIGILL: "an illegal instruction: a package was built for another processor",
    signal.SIGFPE: "an arithmetic fault in native code",
}


def out_of_memory_kills() -> int:
    """Return how many processes of this container were killed for memory; 0 where there is no way to know."""
    for path in (_CGROUP_V2, _CGROUP_V1):
        try:
            lines = path.read_text().splitlines()
        except OSError:
            continue
        for line in lines:
            name, _, count = line.partition(" ")
            if name == "oom_kill":
                return int(count)
    return 0


def of(wait_status: int, *, memory_kills: int, memory: str | None) -> str:
    """Return what ended a worker that said nothing of an end, from its wait status."""
    code = os.waitstatus_to_exitcode(wait_status)
    if code >= 0:
        return f"the worker exited with status {code} before its job had ended: something called os._exit"
    if code == -signal.SIGKILL and memory_kills > 0:
        return f"the worker was {for_memory(memory)}"
    return f"the worker died of {_signal(-code)}"


def for_memory(memory: str | None) -> str:
    """Return what became of who was killed for memory, under a limit or without one."""
    if not memory:
        return "killed for memory: it went over the memory of its host"
    sources = "memory in docker_config, or ram in set_job_resources"
    return f"killed for memory: it went over the limit of {_shown(memory)} ({sources})"


def of_courier(status: int | None) -> str:
    """Return what ended a courier that left no words, from its exit status; an engine adds 128 to a signal's number."""
    if status is None:
        return "the job's courier is gone"
    number = -status if status < 0 else status - 128
    if number > 0:
        return f"the job's courier died of {_signal(number)}"
    return f"the job's courier ended with status {status}"


def _shown(memory: str) -> str:
    """Return a limit as people write it, one in bytes with a unit."""
    number = memory.removesuffix("b")
    if not number.isdigit():
        return memory
    size, unit = (int(number) / 1024**3, "g") if int(number) >= 1024**3 else (int(number) / 1024**2, "m")
    return f"{size:.1f}".removesuffix(".0") + unit


def _signal(number: int) -> str:
    try:
        name, meaning = signal.Signals(number).name, _MEANINGS.get(signal.Signals(number))
    except ValueError:
        return f"signal {number}"
    return f"{name}, {meaning}" if meaning else name
