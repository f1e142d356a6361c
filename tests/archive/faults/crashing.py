"""What kills a process of a job from within, at a step of its own that the test names.

`arm` is called by the driver, and by the courier and the worker of a runtime that the test has altered to call it. From
then on every write to a store, every event, message and start of a process is a step: noted in the file of the variable
CRASH, and where it is the one that CRASH names, the last thing that the process does. A step is known by its name and
by how many of that name came before: several threads take steps, and their order differs from run to run.
"""

import contextlib
import json
import os
import re
import secrets
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

PHASES = ("before", "half", "after")

_JOB = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
_ATTEMPT = re.compile(r"[0-9]{13}-[0-9a-f]{8}")
_DIGEST = re.compile(r"(../)?[0-9a-f]{64}")


class _Steps:
    """The steps of this process."""

    def __init__(self, who: str, order: dict[str, Any]) -> None:
        self._who, self._log = who, order["log"]
        self._wanted = (order["step"], order["number"]) if order["who"] == who else None
        self._phase = order["phase"]
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def step(self, name: str, *, half: Callable[[], object] | None = None) -> Iterator[None]:
        """Be one step: killed before it, after `half` of it where it has that, or after it."""
        with self._lock:
            number = self._counts[name]
            self._counts[name] += 1
        mine = (name, number) == self._wanted
        self.note(step=name, number=number, halves=half is not None)
        if mine and self._phase == "before":
            self._die()
        if mine and self._phase == "half" and half:
            half()
            self._die()
        yield
        self.note(done=name, number=number)
        if mine and self._phase == "after":
            self._die()

    def note(self, **fields: Any) -> None:
        line = json.dumps({"who": self._who, "time": time.time(), **fields}) + "\n"
        file = os.open(self._log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(file, line.encode())
        os.close(file)

    def _die(self) -> None:
        self.note(killed=True)
        os.kill(os.getpid(), signal.SIGKILL)


def arm(who: str) -> None:
    """Count the steps of this process, which is the job's `who`, and end it at the one that CRASH names."""
    order = os.environ.get("CRASH")
    if order:
        steps = _Steps(who, json.loads(order))
        steps.note(began=os.getpid())
        {"driver": _arm_driver, "courier": _arm_courier, "worker": _arm_worker, "writer": _arm_stores}[who](steps)


def _arm_stores(steps: _Steps) -> None:
    from foundations_archive.local import DirectoryStore
    from foundations_archive.s3 import S3Store

    for store in (DirectoryStore, S3Store):
        for verb in ("put", "create", "delete"):
            _wrap(store, verb, steps, half=store is DirectoryStore and verb != "delete")


def _arm_driver(steps: _Steps) -> None:
    from foundations_runner.following import Follower
    from foundations_runner.order import Order
    from foundations_runner.process_host import LocalJob, ProcessHost

    _arm_stores(steps)
    _wrap(ProcessHost, "start", steps)
    _wrap(Order, "encoded", steps)  # the courier is there, and has not got its order yet
    _wrap(LocalJob, "remove", steps)
    follow = Follower.__init__

    def followed(self: Any, on_event: Callable[[Any], None]) -> None:
        def seen(event: Any) -> None:
            with steps.step(f"event {event['event']}"):
                on_event(event)

        follow(self, seen)

    Follower.__init__ = followed  # type: ignore[method-assign]


def _arm_courier(steps: _Steps) -> None:
    from foundations_runner.journal import Journal
    from foundations_runner.worker_process import WorkerProcess

    _arm_stores(steps)
    _wrap(WorkerProcess, "__init__", steps)
    add_all = Journal.add_all

    def added(self: Any, events: Any) -> None:  # before it nobody knows of the event, after it the driver does
        for kind, fields in events:
            with steps.step(f"event {kind}"):
                add_all(self, [(kind, fields)])

    Journal.add_all = added  # type: ignore[method-assign]


def _arm_worker(steps: _Steps) -> None:
    from foundations_runner.channel import Channel
    from foundations_runner.ring import RingWriter

    say, text, number = Channel._say, RingWriter.text, RingWriter.number

    def said(self: Any, message: Any) -> None:  # the bytes that belong to it come behind
        with steps.step(f"say {message['say']}"):
            say(self, message)

    def noted(self: Any, data: bytes) -> None:
        with steps.step(f"note {json.loads(data)['say']}"):
            text(self, data)

    def numbered(self: Any, series: int, value: float, at: float) -> None:
        with steps.step("note a number"):
            number(self, series, value, at)

    Channel._say, RingWriter.text, RingWriter.number = said, noted, numbered  # type: ignore[method-assign]
    _wrap(Channel, "receive", steps)


def _wrap(kind: Any, verb: str, steps: _Steps, *, half: bool = False) -> None:
    done = getattr(kind, verb)

    def wrapped(self: Any, *given: Any, **named: Any) -> Any:
        name = f"{verb} {_plain(given[0])}" if given and isinstance(given[0], str) else verb
        part = (lambda: _half_written(self._root, bytes(given[1]))) if half else None
        with steps.step(name, half=part):
            return done(self, *given, **named)

    setattr(kind, verb, wrapped)


def _half_written(root: Path, data: bytes) -> None:
    """Leave what a directory's put leaves that is killed while it writes its temporary file."""
    (root / ".tmp").mkdir(parents=True, exist_ok=True)
    (root / ".tmp" / secrets.token_hex(16)).write_bytes(data[: len(data) // 2])


def _plain(key: str) -> str:
    """Return a key without what differs from run to run."""
    for pattern, name in ((_JOB, "JOB"), (_ATTEMPT, "ATTEMPT"), (_DIGEST, "DIGEST")):
        key = pattern.sub(name, key)
    return key
