"""A call that may take so long and no longer."""

import contextvars
import ctypes
import sys
import threading
from collections.abc import Callable, MutableMapping
from types import FrameType, TracebackType
from typing import Any

_GRACE_SECONDS = 1.0


Speaking = MutableMapping[int, type[BaseException] | None]


class Overdue(BaseException):
    """Raised in the thread of a call whose time is up; no `except Exception` keeps it."""


def call_within(
    seconds: float, function: Callable[..., Any], args: tuple[Any, ...], *, name: str, speaking: Speaking | None = None
) -> Any:
    """Return what a call returns; raise what it raises, or `TimeoutError`, at the place where it was, after `seconds`.

    The call gets an exception, which reaches it at its next line of Python. One that is in a library's code then is
    left to itself after a second: threads can't be killed, processes can. One that is among the `speaking` threads is
    in the middle of something that must become whole first; it finds its exception there when it is.
    """
    ended: list[Callable[[], Any]] = []
    context = contextvars.copy_context()

    def run() -> None:
        try:
            result = context.run(function, *args)
        except BaseException as error:  # noqa: BLE001 - raised where the call is waited for
            ended.append(lambda error=error: _raise(error))  # type: ignore[misc]
        else:
            ended.append(lambda: result)

    thread = threading.Thread(target=run, name=f"stage {name}", daemon=True)
    thread.start()
    thread.join(min(seconds, threading.TIMEOUT_MAX))
    if not ended:
        where = _where(thread)
        _interrupt(thread, {} if speaking is None else speaking)
        thread.join(_GRACE_SECONDS)
        error = TimeoutError(f"stage {name} took longer than {seconds:g} s and was ended; it was at the line above")
        raise error.with_traceback(where)
    return ended[0]()


def _raise(error: BaseException) -> Any:
    raise error


def _interrupt(thread: threading.Thread, speaking: Speaking) -> None:
    assert thread.ident is not None
    interrupt, ident = ctypes.pythonapi.PyThreadState_SetAsyncExc, thread.ident
    arguments = ctypes.c_ulong(ident), ctypes.py_object(Overdue)
    # no other thread runs between the question and what is done: Python changes threads at calls and loops only
    if ident in speaking:
        speaking[ident] = Overdue
    else:
        interrupt(*arguments)


def _where(thread: threading.Thread) -> TracebackType | None:
    """Return the place where a thread is now, as the traceback of an error that is raised there."""
    frame: FrameType | None = sys._current_frames().get(thread.ident or 0)
    place: TracebackType | None = None
    while frame is not None:
        place = TracebackType(place, frame, frame.f_lasti, frame.f_lineno)
        frame = frame.f_back
    return place
