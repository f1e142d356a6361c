"""What Python, or a notebook, prints of an error that nobody catches: the user's own frames, and none of ours below."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dis import opmap
from types import TracebackType
from typing import Any

from foundations.verbosity import error_verbosity

_ROOMS = frozenset({"foundations", "foundations_archive", "foundations_images", "foundations_runner"})
# Python's own words for wrong arguments come out of a call that this function makes
_STAND_IN = "_complain"


def install() -> None:
    """Let errors that we raise, and Ctrl-C in a job, be printed without the frames that lie in this package."""
    if sys.excepthook is not _hook:
        global _previous
        _previous = sys.excepthook
        sys.excepthook = _hook
    _install_in_notebook()


def cut(traceback: TracebackType | None) -> TracebackType | None:
    """Return `traceback` up to the first frame that is ours; all of it where that would leave nothing."""
    frames = []
    one = traceback
    while one is not None and not _is_ours(one):
        frames.append(one)
        one = one.tb_next
    kept: TracebackType | None = None
    for frame in reversed(frames):
        kept = TracebackType(kept, frame.tb_frame, frame.tb_lasti, frame.tb_lineno)
    return kept or traceback


@contextmanager
def as_shown(error: BaseException, traceback: TracebackType | None) -> Iterator[TracebackType | None]:
    """Give the traceback to print of `error`, which meanwhile has no cause where its text says all.

    What we did not raise on purpose, a fault of ours among it, is left whole, as everything is in verbose mode.
    """
    if error_verbosity() == "verbose" or not _speaks(error, traceback):
        yield traceback
        return
    kept, cause, suppressed = error.__traceback__, error.__cause__, error.__suppress_context__
    shown = cut(traceback)
    error.__traceback__, error.__cause__ = shown, None
    error.__suppress_context__ = True
    try:
        yield shown
    finally:
        # whoever looks at it later, a debugger or the notebook's next cell, finds it as it was raised
        error.__traceback__, error.__cause__ = kept, cause
        error.__suppress_context__ = suppressed


_previous = sys.excepthook


def _hook(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    with as_shown(error, traceback) as shown:
        _previous(kind, error, shown)


def _speaks(error: BaseException, traceback: TracebackType | None) -> bool:
    """Tell whether an error is one of ours, or a builtin one that we raised for a mistake of the caller's."""
    if isinstance(error, KeyboardInterrupt) or any(_room(kind.__module__) for kind in type(error).__mro__):
        return True
    last = traceback
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    if last is None or not _is_ours(last):
        return False
    code = last.tb_frame.f_code
    return code.co_code[last.tb_lasti] == opmap["RAISE_VARARGS"] or code.co_name == _STAND_IN


def _is_ours(traceback: TracebackType) -> bool:
    return _room(str(traceback.tb_frame.f_globals.get("__name__")))


def _room(module: str) -> bool:
    return module.partition(".")[0] in _ROOMS


def _install_in_notebook() -> None:
    ipython = sys.modules.get("IPython")
    shell: Any = ipython.get_ipython() if ipython else None
    if shell is not None and not shell.custom_exceptions:  # else somebody else has a say already
        shell.set_custom_exc((Exception,), _show_in_notebook)


def _show_in_notebook(
    shell: Any, kind: type[BaseException], error: BaseException, traceback: TracebackType | None, tb_offset: Any = None
) -> None:
    with as_shown(error, traceback) as shown:
        shell.showtraceback((kind, error, shown), tb_offset=tb_offset)
