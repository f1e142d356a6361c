"""What Python prints of an error that nobody catches: the user's own frames, and none of ours below them."""

import os
import sys
from pathlib import Path
from types import TracebackType

from foundations.errors import ArchiveError, FoundationsError, ImageError, RunnerError

_OURS = str(Path(__file__).parent) + os.sep
_SPEAKING = (ArchiveError, FoundationsError, ImageError, RunnerError, KeyboardInterrupt)


def install() -> None:
    """Let errors of ours, and Ctrl-C in a job, be printed without the frames that lie in this package."""
    if sys.excepthook is not _hook:
        global _previous
        _previous = sys.excepthook
        sys.excepthook = _hook


def cut(traceback: TracebackType | None) -> TracebackType | None:
    """Return `traceback` up to the first frame that is ours; all of it where that would leave nothing."""
    frames = []
    one = traceback
    while one is not None and not one.tb_frame.f_code.co_filename.startswith(_OURS):
        frames.append(one)
        one = one.tb_next
    kept: TracebackType | None = None
    for frame in reversed(frames):
        kept = TracebackType(kept, frame.tb_frame, frame.tb_lasti, frame.tb_lineno)
    return kept or traceback


_previous = sys.excepthook


def _hook(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    if isinstance(error, _SPEAKING):
        traceback = cut(traceback)
        error = error.with_traceback(traceback)
        error.__cause__, error.__suppress_context__ = None, True
    _previous(kind, error, traceback)
