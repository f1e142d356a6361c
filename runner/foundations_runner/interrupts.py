"""Ctrl-C, SIGTERM and SIGHUP, held off where half of something is worse than all or nothing of it."""

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

Handler = Callable[[int, FrameType | None], Any]

_NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Interrupts:
    """A block of code and what interrupts do in it; threads other than the main one never see them anyway."""

    def __init__(self, *, first_breaks: bool) -> None:
        self._breaks = first_breaks
        self._held: list[int] = []
        self._before: dict[int, Handler] = {}

    def __enter__(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        for number in _NUMBERS:
            found = signal.getsignal(number)
            if callable(found):
                self._before[number] = found
                signal.signal(number, self._handle)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        del kind, error, traceback
        for number, handler in self._before.items():
            signal.signal(number, handler)
        for number in self._held[:1]:
            signal.raise_signal(number)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if not self._breaks:
            self._held.append(number)
            return
        try:
            self._before[number](number, frame)
        except BaseException:
            self._breaks = False
            raise


def interrupts_held() -> _Interrupts:
    """Let interrupts take effect after this block only: what is begun is known, what is tidied up is tidied up."""
    return _Interrupts(first_breaks=False)


def further_interrupts_held() -> _Interrupts:
    """Let the first interrupt break into this block, and hold back those that follow while it is tidied up."""
    return _Interrupts(first_breaks=True)
