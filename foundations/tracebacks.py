"""An exception as its user wants to see it: their own frames, with paths as in their project."""

import os
from pathlib import Path
from traceback import StackSummary, TracebackException

_OURS = str(Path(__file__).parent) + os.sep


def user_traceback(error: BaseException, root: str) -> str:
    """Return the traceback of `error` and of what caused it, without our frames, relative to the model's root."""
    whole = TracebackException.from_exception(error)
    above = root.rstrip("/") + "/"
    seen: set[int] = set()
    waiting = [whole]
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        one.stack = StackSummary.from_list([frame for frame in one.stack if not frame.filename.startswith(_OURS)])
        for frame in one.stack:
            frame.filename = frame.filename.removeprefix(above)  # its lines have been read already
        if getattr(one, "filename", None):  # of a SyntaxError
            one.filename = one.filename.removeprefix(above)
        waiting.extend(part for part in (one.__cause__, one.__context__, *(one.exceptions or ())) if part)
    return "".join(whole.format()).rstrip("\n")
