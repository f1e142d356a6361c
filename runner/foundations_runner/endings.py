"""A driver that is told to end, ended in order."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_NUMBERS = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def endings_as_exits() -> Iterator[None]:
    """Let SIGTERM and SIGHUP, where nobody handles them, end this block as `SystemExit`, and only once."""
    is_main = threading.current_thread() is threading.main_thread()
    taken = [number for number in _NUMBERS if is_main and signal.getsignal(number) is signal.SIG_DFL]

    def leave(number: int, frame: FrameType | None) -> None:
        del frame
        for other in taken:
            signal.signal(other, signal.SIG_IGN)
        raise SystemExit(128 + number)

    for number in taken:
        signal.signal(number, leave)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)
