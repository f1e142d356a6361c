"""Whose an observation is: the records of the cached stages that run, and which of them a thread belongs to."""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from types import CodeType, FrameType
from typing import Any

from foundations import current
from foundations.keys.live_record import LiveRecord

# read by hooks in every thread, signal handler and fork, so nothing here takes a lock
active: dict[str, LiveRecord] = {}
# by the id of its code: what functions that keep their results, and modules, have read
remembering: dict[int, tuple[CodeType, LiveRecord]] = {}


class _Mine(threading.local):
    def __init__(self) -> None:
        self.in_passing: set[str] = set()  # variables whose values are fetched because all of them are

    busy = False  # in a hook of ours: what that touches is nobody's input
    folder: str | None = None  # which a path is relative to that an event is about to name
    worker = False  # a thread of the worker's, which belongs to a stage only while it runs one


mine = _Mine()

_HERE = os.path.dirname(os.path.abspath(__file__))
_MOST_FRAMES = 500
_STDLIB = os.path.dirname(os.__file__)
_OURS = (_HERE, "<frozen ")


def count_as_workers() -> None:
    """Let this thread be the worker's own: what it does between stages is none of theirs."""
    mine.worker = True


def records_here() -> tuple[LiveRecord, ...]:
    """Return the records that count what this thread does.

    A thread that nobody knows, or whose stage has ended, may work for any stage that runs: it counts for all.
    """
    stage = current.own_stage()
    if stage is not None:
        record = active.get(stage)
        if record is not None:
            return (record,)
        if current.is_running(stage):
            return ()  # a stage that is not cached
    elif mine.worker:
        return ()
    return tuple(active.copy().values())


def _remembered_by() -> Iterator[LiveRecord]:
    """Yield the records of the functions and modules that this thread is in."""
    frame: FrameType | None = sys._getframe(1)
    for _ in range(_MOST_FRAMES):
        if frame is None:
            break
        if id(frame.f_code) in remembering:
            yield remembering[id(frame.f_code)][1]
        frame = frame.f_back


def observe(note: Callable[..., None], *args: Any, **more: Any) -> None:
    """Call `note` with each record that counts what this thread does; what goes wrong there is no matter of the user's.

    A stage of which not everything could be noted is not kept. What a signal's handler raises meanwhile goes its way.
    """
    if mine.busy:
        return
    records: tuple[LiveRecord, ...] = ()
    try:
        mine.busy = True
        records = (*records_here(), *_remembered_by()) if remembering else records_here()
        for record in records:
            note(record, *args, **more)
    except Exception as error:
        if not is_ours(error):
            raise
        for record in records or active.copy().values():
            record.spoil(f"what it read could not be noted ({type(error).__name__}: {error})")
    finally:
        mine.busy = False


def is_familiar(kind: str, path: object) -> bool:
    """Tell at once, where that can be, that a stage has looked at a path in this way before."""
    record = active.get(current.stage_here() or "")
    return record is not None and not remembering and type(path) is str and path in record.familiar[kind]


class unobserved:  # noqa: N801 - a context manager, read as a word: with unobserved()
    """Keeps what this thread does out of every record."""

    __slots__ = ("_before",)

    def __enter__(self) -> None:
        self._before, mine.busy = mine.busy, True

    def __exit__(self, *error: object) -> None:
        mine.busy = self._before


def is_ours(error: Exception) -> bool:
    """Tell whether an exception comes from our own code, or what that calls, and not from a signal's handler."""
    trace = error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if not file.startswith(_OURS) and ("-packages" in file or not file.startswith(_STDLIB)):
            return False
        trace = trace.tb_next
    return True
