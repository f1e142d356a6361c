"""Starts a worker from the runtime that this file lies in: DESCRIPTOR of its channel, then ENTRY as module:function."""

import ctypes
import importlib
import os
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1

# in a container the courier is PID 1 and takes everything with it; elsewhere the kernel must be asked to
if sys.platform == "linux" and os.getppid() != 1:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

ours = str(Path(__file__).parent / "worker")
sys.path.insert(0, ours)

from foundations_runner.channel import Channel  # noqa: E402 - only found after the line above

descriptor = int(sys.argv[1])
os.set_inheritable(descriptor, False)  # a program that a stage starts has no business with it
module, _, function = sys.argv[2].partition(":")
channel, start = Channel.of(descriptor), getattr(importlib.import_module(module), function)

# from here on the user's own packages come first; ours are loaded
sys.path.remove(ours)
sys.path.append(ours)
sys.argv[1:] = []
start(channel)
