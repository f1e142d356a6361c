"""Processes that a stage forks itself: they end with its function, what comes behind it is the worker's alone."""

import os
import sys
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, NoReturn


def call_unforked(function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """Return what a call returns; raise what it raises.

    A process that the call forks, and that leaves it by `sys.exit()`, an exception or a return, ends there as a Python
    program would: it is a copy of one that reports what becomes of the stages.
    """
    process = os.getpid()
    try:
        result = function(*args, **kwargs)
    except BaseException as error:
        if os.getpid() != process:
            _end(error)
        raise
    if os.getpid() != process:
        _end(None)
    return result


def _end(error: BaseException | None) -> NoReturn:
    status = _status(error)
    if error is not None:
        traceback.clear_frames(error.__traceback__)  # closes the files that only the call held open
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):  # the user's code may have closed it, or put something else there
            stream.flush()
    os._exit(status)


def _status(error: BaseException | None) -> int:
    if error is None:
        return 0
    if not isinstance(error, SystemExit):
        with suppress(Exception):
            traceback.print_exception(error)
        return 1
    if isinstance(error.code, int):
        return error.code & 0xFF
    if error.code is not None:
        with suppress(Exception):
            print(error.code, file=sys.stderr)
    return 0 if error.code is None else 1
