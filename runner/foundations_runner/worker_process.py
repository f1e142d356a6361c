"""The worker's process: started with the user's code and nothing of ours, its output read line by line."""

import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from foundations_runner.channel import Channel
from foundations_runner.log_reader import LogReader
from foundations_runner.order import Order
from foundations_runner.ring import RingReader, new_ring

_DRAIN_SECONDS = 1.0

# the stream's name, the line, and the place in the graph of the stage that wrote it
OnLine = Callable[[str, str, int | None], None]


class WorkerProcess:
    """A started worker: its channel, its log, and the way to end it."""

    def __init__(self, order: Order, *, root: Path, working_directory: Path, on_line: OnLine) -> None:
        self._status: int | None = None
        ours, theirs = socket.socketpair()
        ring = new_ring()
        with theirs:
            script = Path(order.runtime, "start_worker.py")
            self._process = subprocess.Popen(
                [order.python, "-P", "-u", str(script), f"{theirs.fileno()},{ring}", order.worker],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=[theirs.fileno(), ring],
                cwd=working_directory,
                env=_environment(order, root),
                start_new_session=True,
                user=order.worker_user,
                group=order.worker_user,
                extra_groups=None if order.worker_user is None else [],
            )
        self.channel, self.notes = Channel.of(ours.detach()), RingReader(ring)
        os.close(ring)
        self.mark = secrets.token_hex(4)
        self._readers = [
            LogReader(stream.fileno(), partial(on_line, name), mark=self.mark)
            for name, stream in (("stdout", self._process.stdout), ("stderr", self._process.stderr))
            if stream
        ]

    def wait(self) -> int:
        """Return the worker's wait status, again where it is known; orphans inherited as PID 1 are reaped meanwhile."""
        while self._status is None:
            pid, status = os.wait()
            if pid == self._process.pid:
                self._process.returncode = os.waitstatus_to_exitcode(status)
                self._status = status
        return self._status

    def catch_up(self) -> None:
        """Return when the lines that the worker has written up to now have been handed on."""
        for reader in self._readers:
            reader.catch_up()

    def drain(self) -> None:
        """Read what is left of the log; whoever of the worker's children still holds it open is ended."""
        deadline = time.monotonic() + _DRAIN_SECONDS
        for reader in self._readers:
            reader.wait(deadline - time.monotonic())
        self.signal(signal.SIGKILL)
        for reader in self._readers:
            reader.finish()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the worker and to what it started."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)


def _environment(order: Order, root: Path) -> dict[str, str]:
    # a fixed hash seed: sets come in the same order in every run, unless the user wants it otherwise
    environment = {"PYTHONHASHSEED": "0", **os.environ, "FOUNDATIONS_JOB_ID": order.job_id, "PYTHONFAULTHANDLER": "1"}
    if order.worker_user is not None:
        home = root.parent / "home"
        home.mkdir(exist_ok=True)
        os.chown(home, order.worker_user, order.worker_user)
        environment["HOME"] = str(home)
    return environment
