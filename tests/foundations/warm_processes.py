"""Processes that have imported already what a job needs: a driver's run, courier and worker included, forks them.

Run as a script it is the template: it has its hash seed from its start, imports what it is told to, and then forks a
process for each request that comes as a line of JSON. All code that then runs is that of a real job; what is left out
is the start of three interpreters. A driver's courier, and the courier's worker, are forked before the driver's own
modules are imported, so that none of them begins with another's.
"""

import importlib
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
import traceback
import types
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

_PIPE, _DEVNULL = subprocess.PIPE, subprocess.DEVNULL
_HIGH = 200
_LONGEST_SECONDS = 180


class WarmProcesses:
    """A template with a hash seed of its own, and what it runs."""

    def __init__(
        self,
        *,
        seed: int,
        modules: Sequence[str] = (),
        environment: Mapping[str, str],
        python: str = sys.executable,
    ) -> None:
        self._process = subprocess.Popen(
            [python, "-P", "-u", "-B", __file__, *modules],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # a thread of a library that was there before the fork would be missing after it
            env={**environment, "PYTHONHASHSEED": str(seed), "OPENBLAS_NUM_THREADS": "1"},
            text=True,
        )

    def run(
        self, root: Path, *arguments: str, variables: Mapping[str, str], paths: Sequence[str] = ()
    ) -> "subprocess.CompletedProcess[str]":
        """Run `driver.py` of a project in a process of its own, and return how it ended and what it wrote."""
        outputs = [root.with_name(f"{root.name}-{stream}.txt") for stream in ("stdout", "stderr")]
        request = {
            "root": str(root),
            "arguments": arguments,
            "variables": dict(variables),
            "paths": list(paths),
            "outputs": [str(output) for output in outputs],
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the template of warm processes has gone"
        return subprocess.CompletedProcess(
            ["driver.py", *arguments], int(answer), *(one.read_text() for one in outputs)
        )

    def close(self) -> None:
        """End the template; what it forked has ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()


class _Waiting:
    """A forked process that becomes what it is told to be: its command and environment come later."""

    def __init__(self, entry: Callable[[list[str]], Any], ready: Callable[[], Any] = lambda: None) -> None:
        ours, theirs = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            ours.close()
            _in_child(lambda: self._wait(theirs, entry, ready))
        theirs.close()
        self._line = ours

    def become(self, message: Mapping[str, Any], descriptors: Sequence[int]) -> None:
        """Say what it shall be."""
        data = json.dumps(message).encode()
        socket.send_fds(self._line, [struct.pack(">I", len(data))], list(descriptors))
        self._line.sendall(data)
        self._line.close()

    @staticmethod
    def _wait(line: socket.socket, entry: Callable[[list[str]], Any], ready: Callable[[], Any]) -> None:
        ready()
        head, found, *_ = socket.recv_fds(line, 4, 16)
        if not head:
            return  # nobody had a use for it
        data = b""
        while len(data) < struct.unpack(">I", head)[0]:
            data += line.recv(1 << 16)
        line.close()
        message = json.loads(data)
        if message["new_session"]:
            os.setsid()
        moved = [os.dup(descriptor) if descriptor > _HIGH else _moved(descriptor) for descriptor in found]
        for descriptor, number in zip(moved, message["numbers"], strict=True):
            os.dup2(descriptor, number)
            os.close(descriptor)
        if message["directory"]:
            os.chdir(message["directory"])
        if message["environment"] is not None:
            os.environ.clear()
            os.environ.update(message["environment"])
            time.tzset()
        entry(message["command"])


class _Started:
    """Takes the place of `subprocess.Popen` for one command, which a process that waits already becomes."""

    def __init__(self, waiting: _Waiting) -> None:
        self._waiting: _Waiting | None = waiting
        self.PIPE, self.DEVNULL, self.TimeoutExpired = _PIPE, _DEVNULL, subprocess.TimeoutExpired
        self.returncode: int | None = None

    def Popen(  # named as what it replaces
        self,
        command: Sequence[str],
        *,
        stdin: int,
        stdout: int,
        stderr: int,
        pass_fds: Sequence[int] = (),
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        start_new_session: bool = False,
        **users: None,
    ) -> "_Started":
        assert self._waiting is not None, "a warm driver runs one job"
        assert not any(users.values())
        waiting, self._waiting = self._waiting, None
        self.pid, self.args = waiting.pid, command
        theirs, self.stdin = _input(stdin)
        (out, self.stdout), (err, self.stderr) = _output(stdout), _output(stderr)
        message = {
            "command": list(command),
            "numbers": [0, 1, 2, *pass_fds],
            "directory": str(cwd) if cwd else None,
            "environment": None if env is None else dict(env),
            "new_session": start_new_session,
        }
        waiting.become(message, [theirs, out, err, *pass_fds])
        for descriptor in (theirs, out, err):
            os.close(descriptor)
        return self

    def wait(self, timeout: float | None = None) -> int:
        del timeout  # a test that hangs is ended by its own time limit
        if self.returncode is None:
            self.returncode = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.returncode

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)


def _input(wanted: int) -> tuple[int, Any]:
    if wanted == _DEVNULL:
        return os.open(os.devnull, os.O_RDONLY), None
    theirs, ours = os.pipe()
    return theirs, os.fdopen(ours, "wb")


def _output(wanted: int) -> tuple[int, Any]:
    assert wanted == _PIPE
    ours, theirs = os.pipe()
    return theirs, os.fdopen(ours, "rb", buffering=0)


def _moved(descriptor: int) -> int:
    import fcntl

    found = fcntl.fcntl(descriptor, fcntl.F_DUPFD, _HIGH)
    os.close(descriptor)
    return found


def _in_child(act: Callable[[], Any]) -> NoReturn:
    """Do something in a forked process, and leave it without a way back into what it was forked from."""
    status = 1
    try:
        act()
        status = 0
    except SystemExit as leaving:
        status = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except BaseException:  # noqa: BLE001 - whatever happens is told, and the process ends
        traceback.print_exc()
    with suppress(Exception):
        sys.stdout.flush()
    os._exit(status)


def _courier(command: list[str]) -> None:
    del command
    from foundations_runner.courier import main

    sys.exit(main())


def _worker(command: list[str]) -> None:
    from foundations_runner.channel import Channel

    channel, ring = (int(number) for number in command[-2].split(","))
    for descriptor in (channel, ring):
        os.set_inheritable(descriptor, False)
    sys.argv = [command[-3]]
    sys.path[:0] = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    module, _, function = command[-1].partition(":")
    getattr(importlib.import_module(module), function)(Channel.of(channel, ring=ring))


def _with_a_worker_waiting() -> None:
    from foundations_runner import worker_process

    worker_process.subprocess = _Started(_Waiting(_worker))  # type: ignore[assignment]


def _drive(request: Mapping[str, Any]) -> None:
    """Be the process of a driver."""
    signal.alarm(_LONGEST_SECONDS)  # whoever waits for it shall hear of it, whatever it hangs on
    for number, output in enumerate(request["outputs"], start=1):
        descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    root = Path(request["root"])
    os.chdir(root)
    os.environ.update(request["variables"])
    time.tzset()  # as a process does that begins with them
    sys.argv = ["driver.py", *request["arguments"]]
    if host := sys.modules.get("foundations_runner.process_host"):
        host.subprocess = _Started(_Waiting(_courier, _with_a_worker_waiting))  # type: ignore[attr-defined]
    sys.path[:0] = [str(root), *request["paths"]]
    main = types.ModuleType("__main__")
    main.__file__ = str(root / "driver.py")
    main.__builtins__ = __builtins__  # type: ignore[attr-defined]
    sys.modules["__main__"] = main
    exec(compile((root / "driver.py").read_text(), main.__file__, "exec"), main.__dict__)


def _template(modules: Sequence[str]) -> None:
    """Import what jobs need, and fork a driver for every request."""
    for name in modules:
        importlib.import_module(name)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for line in sys.stdin:
        request = json.loads(line)
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            _in_child(lambda request=request: _drive(request))  # type: ignore[misc]
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


if __name__ == "__main__":
    _template(sys.argv[1:])
