"""Starts a worker from the runtime that this file lies in: CHANNEL[,RING] descriptors, ENTRY as module:function."""

import ctypes
import importlib
import os
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Load what is ours, let the user's own packages come first from then on, and start."""
    # in a container the courier is PID 1 and takes everything with it; elsewhere the kernel must be asked to
    if sys.platform == "linux" and os.getppid() != 1:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    ours = str(Path(__file__).parent / "worker")
    sys.path.insert(0, ours)

    from foundations_runner.channel import Channel

    descriptor, *ring = (int(number) for number in sys.argv[1].split(","))
    for one in (descriptor, *ring):
        os.set_inheritable(one, False)  # noqa: FBT003 - a program that a stage starts has no business with it
    module, _, function = sys.argv[2].partition(":")
    start = getattr(importlib.import_module(module), function)
    sys.path.remove(ours)
    sys.path.append(ours)
    sys.argv[1:] = []
    start(Channel.of(descriptor, ring=ring[0] if ring else None))


# a stage that spawns processes lets each of them import this file again
if __name__ == "__main__":
    main()
