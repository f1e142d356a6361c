"""An exception as its user wants to see it: their own frames, with paths as in their project."""

import os
import re
import threading
from collections.abc import Iterable
from itertools import dropwhile, groupby
from pathlib import Path
from traceback import FrameSummary, StackSummary, TracebackException

_OURS = tuple(f"{Path(__file__).parents[1] / name}{os.sep}" for name in ("foundations", "foundations_runner"))
_PICKLER = f"{os.sep}cloudpickle{os.sep}"

_MOST_FRAMES = 60
_MOST_CHARACTERS = 60_000
# Python prints a frame that repeats itself as three, and a line that counts the others
_REPEATED = 3
_MARK = "\0left out "
_MARKED = re.compile(rf'File "{_MARK}(\d+)", line 0, in .*')


def user_traceback(error: BaseException, root: str, *, verbose: bool = False) -> str:
    """Return the traceback of `error` and of what caused it, with paths relative to the model's root.

    Frames of ours are left out unless `verbose`. The middle of a stack or of a text that is longer than anybody reads
    is left out too, and its place says how much that was.
    """
    try:
        whole = TracebackException.from_exception(error)
    except Exception as failure:  # noqa: BLE001 - the user's own class answers, and may raise anything
        return f"{type(error).__qualname__}: its traceback can't be made, that raised {type(failure).__name__}"
    above = root.rstrip("/") + "/"
    seen: set[int] = set()
    waiting = [whole]
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        one.stack = StackSummary.from_list(_shortened(list(one.stack) if verbose else _without_ours(one.stack)))
        for frame in one.stack:
            frame.filename = frame.filename.removeprefix(above)  # its lines have been read already
        if getattr(one, "filename", None):  # of a SyntaxError
            one.filename = one.filename.removeprefix(above)
        waiting.extend(part for part in (one.__cause__, one.__context__, *(one.exceptions or ())) if part)
    return _within(_MARKED.sub(r"... \1 frames left out ...", "".join(whole.format()).rstrip("\n")))


def _without_ours(frames: Iterable[FrameSummary]) -> list[FrameSummary]:
    theirs = (frame for frame in frames if not _is_ours(frame))
    # a stage with a timeout runs in a thread that we have started
    return list(dropwhile(lambda frame: frame.filename == threading.__file__, theirs))


def _is_ours(frame: FrameSummary) -> bool:
    return frame.filename.startswith(_OURS) or _PICKLER in frame.filename


def _shortened(frames: list[FrameSummary]) -> list[FrameSummary]:
    """Return a stack without its middle where Python would print more of it than anybody reads."""
    runs = [list(run) for _, run in groupby(frames, key=lambda frame: (frame.filename, frame.lineno, frame.name))]
    if sum(min(len(run), _REPEATED) for run in runs) <= _MOST_FRAMES:
        return frames
    first, last = _first_runs(runs), _first_runs(runs[::-1])[::-1]
    left = len(frames) - sum(map(len, (*first, *last)))
    mark = FrameSummary(f"{_MARK}{left}", 0, "", line="")
    return [*(frame for run in first for frame in run), mark, *(frame for run in last for frame in run)]


def _first_runs(runs: list[list[FrameSummary]]) -> list[list[FrameSummary]]:
    room, found = _MOST_FRAMES // 2, []
    for run in runs:
        room -= min(len(run), _REPEATED)
        if room < 0:
            break
        found.append(run)
    return found


def _within(text: str) -> str:
    if len(text) <= _MOST_CHARACTERS:
        return text
    half = _MOST_CHARACTERS // 2
    return f"{text[:half]}\n... {len(text) - 2 * half} characters left out ...\n{text[-half:]}"
