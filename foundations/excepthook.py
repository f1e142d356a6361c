"""What Python, or a notebook, prints of an error that nobody catches: the user's own frames, and none of ours below."""

import sys
import sysconfig
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dis import opmap
from itertools import dropwhile, takewhile
from types import TracebackType
from typing import Any

from foundations.ipython import ipython_shell
from foundations.verbosity import error_verbosity

_ROOMS = frozenset({"foundations", "foundations_archive", "foundations_images", "foundations_runner"})
_LIBRARY = (sysconfig.get_path("stdlib"), "<frozen ")


def install() -> None:
    """Let errors that we raise, and Ctrl-C in a job, be printed without the frames that lie in this package."""
    if sys.excepthook is not _hook:
        global _previous
        _previous = sys.excepthook
        sys.excepthook = _hook
    _install_in_notebook()


def cut(traceback: TracebackType | None) -> TracebackType | None:
    """Return `traceback` up to the first frame that is ours; all of it where that would leave nothing."""
    return _made_of(takewhile(lambda frame: not _is_ours(frame), _frames(traceback))) or traceback


@contextmanager
def as_shown(error: BaseException, traceback: TracebackType | None) -> Iterator[TracebackType | None]:
    """Give the traceback to print of `error`, which meanwhile has no cause where its text says all.

    An error of the user's own code that we called loses our frames, and nothing else. A fault of ours is left whole, as
    everything is in verbose mode.
    """
    ours = _speaks(error, traceback)
    if error_verbosity() == "verbose" or not (ours or _is_theirs(traceback)):
        yield traceback
        return
    kept, cause, suppressed = error.__traceback__, error.__cause__, error.__suppress_context__
    shown = error.__traceback__ = cut(traceback) if ours else _without_ours(traceback)
    if ours:
        error.__cause__ = None  # which suppresses the context too
    try:
        yield shown
    finally:
        # whoever looks at it later, a debugger or the notebook's next cell, finds it as it was raised
        error.__traceback__, error.__cause__ = kept, cause
        error.__suppress_context__ = suppressed


def _without_ours(traceback: TracebackType | None) -> TracebackType | None:
    return _made_of(frame for frame in _frames(traceback) if not _is_ours(frame))


def _frames(traceback: TracebackType | None) -> Iterator[TracebackType]:
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next


def _made_of(frames: Iterable[TracebackType]) -> TracebackType | None:
    made: TracebackType | None = None
    for frame in reversed(list(frames)):
        made = TracebackType(made, frame.tb_frame, frame.tb_lasti, frame.tb_lineno)
    return made


def _is_theirs(traceback: TracebackType | None) -> bool:
    """Tell whether an error comes out of the user's own code that we have called: a stage in this process, say."""
    below = dropwhile(lambda frame: not _is_ours(frame), _frames(traceback))
    files = [frame.tb_frame.f_code.co_filename for frame in below if not _is_ours(frame)]
    return any(not file.startswith(_LIBRARY) and "-packages" not in file for file in files)


_previous = sys.excepthook


def _hook(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    with as_shown(error, traceback) as shown:
        _previous(kind, error, shown)


def _speaks(error: BaseException, traceback: TracebackType | None) -> bool:
    """Tell whether an error is one of ours, or a builtin one that we raised for a mistake of the caller's."""
    if isinstance(error, KeyboardInterrupt) or any(_room(kind.__module__) for kind in type(error).__mro__):
        return True
    last = deque(_frames(traceback), maxlen=1)
    if not last or not _is_ours(last[0]):
        return False
    # on purpose: it is a raise statement that raised it, and no call, lookup or operator
    return last[0].tb_frame.f_code.co_code[last[0].tb_lasti] == opmap["RAISE_VARARGS"]


def _is_ours(traceback: TracebackType) -> bool:
    return _room(str(traceback.tb_frame.f_globals.get("__name__")))


def _room(module: str) -> bool:
    return module.partition(".")[0] in _ROOMS


def _install_in_notebook() -> None:
    shell = ipython_shell()
    if shell is not None and not shell.custom_exceptions:  # else somebody else has a say already
        shell.set_custom_exc((Exception,), _show_in_notebook)


def _show_in_notebook(
    shell: Any, kind: type[BaseException], error: BaseException, traceback: TracebackType | None, tb_offset: Any = None
) -> None:
    with as_shown(error, traceback) as shown:
        shell.showtraceback((kind, error, shown), tb_offset=tb_offset)
