"""A call that may take so long and no longer."""

import contextvars
import ctypes
import sys
import threading
from collections.abc import Callable, Mapping
from types import FrameType, TracebackType
from typing import Any

_GRACE_SECONDS = 1.0


class Overdue(BaseException):
    """Raised in the thread of a call whose time is up; no `except Exception` keeps it."""


def call_within(
    seconds: float, function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any], *, name: str
) -> Any:
    """Return what a call returns; raise what it raises, or `TimeoutError`, at the place where it was, after `seconds`.

    The call gets an exception, which reaches it at its next line of Python. One that is in a library's code then is
    left to itself after a second: threads can't be killed, processes can.
    """
    ended: list[Callable[[], Any]] = []
    context = contextvars.copy_context()

    def run() -> None:
        try:
            result = context.run(function, *args, **kwargs)
        except BaseException as error:  # noqa: BLE001 - raised where the call is waited for
            ended.append(lambda error=error: _raise(error))  # type: ignore[misc]
        else:
            ended.append(lambda: result)

    thread = threading.Thread(target=run, name=f"stage {name}", daemon=True)
    thread.start()
    thread.join(seconds)
    if not ended:
        where = _where(thread)
        _interrupt(thread)
        thread.join(_GRACE_SECONDS)
        error = TimeoutError(f"stage {name} took longer than {seconds:g} s and was ended; it was at the line above")
        raise error.with_traceback(where)
    return ended[0]()


def _raise(error: BaseException) -> Any:
    raise error


def _interrupt(thread: threading.Thread) -> None:
    assert thread.ident is not None
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(Overdue))


def _where(thread: threading.Thread) -> TracebackType | None:
    """Return the place where a thread is now, as the traceback of an error that is raised there."""
    frame: FrameType | None = sys._current_frames().get(thread.ident or 0)
    place: TracebackType | None = None
    while frame is not None:
        place = TracebackType(place, frame, frame.f_lasti, frame.f_lineno)
        frame = frame.f_back
    return place
