"""The worker's side of stages that run in processes of their own: a few processes, used again and again."""

import pickle
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from foundations.graph import Call
from foundations.keys.attribution import unobserved
from foundations.keys.observer import is_watched, take_over
from foundations.originals import DESCRIPTION
from foundations.pickler import dumps
from foundations.report import Channel, Report, buffers
from foundations.values import decode

_ENTRY = "foundations.stage_process:main"
_LEAVING_SECONDS = 2.0
_LOOK_SECONDS = 0.5

# where an exception that comes from another process keeps the traceback that it had there
TRACEBACK = "__foundations_traceback__"


class StageProcessDied(RuntimeError):
    """A stage's process ended before its stage did."""


class StageProcesses:
    """Up to `limit` processes; a stage that finds all of them busy waits for one.

    `code_of` gives the digest of the code of a stage that is watched.
    """

    def __init__(
        self,
        limit: int,
        *,
        setting: Mapping[str, Any],
        open_channel: Callable[[int], Channel],
        report: Report,
        code_of: Callable[[Call], str],
    ) -> None:
        self._setting, self._open_channel, self._report = setting, open_channel, report
        self._code_of = code_of
        self._turns = threading.BoundedSemaphore(limit)
        self._lock = threading.Lock()
        self._free: list[_StageProcess] = []

    def call(self, call: Call, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Return what a stage's function returns, called in a process; raise what it raises.

        Raise `TimeoutError` when its time is up, and `StageProcessDied` when the process has gone; either way the
        process is gone then.
        """
        with self._turns:
            with self._lock:
                process = self._free.pop() if self._free else None
            process = process or self._started()
            with unobserved():
                code = self._code_of(call) if is_watched(call.id) else None
            try:
                return process.call(call, args, kwargs, code=code, report=self._report)
            finally:
                if process.is_free:
                    with self._lock:
                        self._free.append(process)
                else:
                    process.kill()

    def _started(self) -> "_StageProcess":
        with unobserved():  # it is no program of the stage's
            return _StageProcess(self._setting, self._open_channel)

    def close(self) -> None:
        """End the processes."""
        with self._lock:
            processes, self._free = self._free, []
        for process in processes:
            process.close()


class _StageProcess:
    def __init__(self, setting: Mapping[str, Any], open_channel: Callable[[int], Channel]) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-u", setting["script"], str(theirs.fileno()), _ENTRY],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        self._channel = open_channel(ours.detach())
        self._channel.send({"say": "setting", **setting})
        self.is_free = True

    def call(
        self, call: Call, args: tuple[Any, ...], kwargs: Mapping[str, Any], *, code: str | None, report: Report
    ) -> Any:
        outside: list[pickle.PickleBuffer] = []
        head = dumps((call.function, args, kwargs), outside=outside.append)
        self.is_free = False
        try:
            message = {"say": "call", "stage": call.id, "code": code}
            self._channel.send(message, [head, *(buffer.raw() for buffer in outside)])
            return self._answer(call, report)
        except (EOFError, ConnectionError):
            raise StageProcessDied(f"the process of stage {call.name} {self._ending()}") from None

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._channel.close()

    def close(self) -> None:
        self._channel.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_LEAVING_SECONDS)
        self._process.kill()
        self._process.wait()

    def _answer(self, call: Call, report: Report) -> Any:
        seconds = call.options.timeout
        ends = None if seconds is None else time.monotonic() + seconds
        while self._heard_by(ends):
            message = self._channel.receive()
            match message["say"]:
                case "metric":
                    report.metric_at(message["stage"], message["key"], message["value"], message["time"])
                case "note":
                    report.note(message["message"])
                case "send":
                    report.send(message["message"], [memoryview(part) for part in buffers(self._channel, message)])
                case "ask":
                    self._channel.send(report.ask(message["message"]))
                case "returned":
                    data = list(buffers(self._channel, message))
                    self.is_free = True
                    if message["observed"] is not None:
                        take_over(call.id, message["observed"])
                    return decode(message["encoding"], data)
                case "raised":
                    data = list(buffers(self._channel, message))
                    self.is_free = True
                    if message["observed"] is not None:
                        take_over(call.id, message["observed"])
                    raise _error(message, data)
        raise TimeoutError(f"stage {call.name} took longer than {seconds:g} s and its process was ended")

    def _heard_by(self, ends: float | None) -> bool:
        """Wait for a message, or the end of the process, until `ends`; tell whether one came."""
        while (left := _LOOK_SECONDS if ends is None else min(_LOOK_SECONDS, ends - time.monotonic())) > 0:
            has_ended = self._process.poll() is not None  # first: what it has said is there then
            if self._channel.waits(0.0 if has_ended else left):
                return True
            if has_ended:
                raise EOFError  # which processes that it has forked would keep from us: they have its end too
        return self._channel.waits(0.0)

    def _ending(self) -> str:
        status = self._process.wait()
        if status >= 0:
            return f"exited with status {status} before the stage had ended"
        cause = " (out of memory, perhaps)" if -status == signal.SIGKILL else ""
        return f"was ended by {signal.Signals(-status).name}{cause}"


def _error(message: Mapping[str, Any], data: list[bytearray]) -> BaseException:
    """Return the exception of a stage as it was raised in its process, with the traceback that it had there."""
    error: BaseException = pickle.loads(data[0]) if data else RuntimeError(message["text"])
    with suppress(AttributeError):  # one with slots
        setattr(error, TRACEBACK, message["traceback"])
        setattr(error, DESCRIPTION, message["exception"])
    return error
