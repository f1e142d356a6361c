"""Why a process ended, in words that its user can act on."""

import os
import signal
from pathlib import Path

_CGROUP_V1 = Path("/sys/fs/cgroup/memory/memory.oom_control")
_CGROUP_V2 = Path("/sys/fs/cgroup/memory.events")

_MEANINGS = {
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
        limit = f"the limit of {memory} (memory in docker_config)" if memory else "the memory of its host"
        return f"the worker was killed for memory: it went over {limit}"
    try:
        name, meaning = signal.Signals(-code).name, _MEANINGS.get(signal.Signals(-code))
    except ValueError:
        name, meaning = f"signal {-code}", None
    if code == -signal.SIGKILL:
        meaning = "someone killed it, or the host ran out of memory"
    return f"the worker died of {name}" + (f", {meaning}" if meaning else "")
