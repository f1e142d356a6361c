"""Lead what a program prints past a display at the bottom of its terminal: its own code may run while a job does."""

import sys
import threading
from collections.abc import Callable
from typing import Any, TextIO

from foundations.view import is_terminal

Put = Callable[[TextIO, str], None]


class Diversion:
    """Hands whole lines that are printed to a terminal to `put`, between `begin` and `end`."""

    def __init__(self, put: Put) -> None:
        self._put = put
        self._diverted: dict[str, _Diverted] = {}

    def begin(self) -> None:
        """Divert standard output and error where they are a terminal."""
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name)
            if is_terminal(stream) and name not in self._diverted:
                self._diverted[name] = _Diverted(original(stream), self._put)
                setattr(sys, name, self._diverted[name])

    def end(self) -> None:
        """Put the streams back that are still diverted, and hand on what had no line's end yet."""
        while self._diverted:
            name, stream = self._diverted.popitem()
            if getattr(sys, name) is stream:
                setattr(sys, name, stream.target)
            stream.finish()


class _Diverted:
    """A stream in all but where its text goes; who holds on to it when it is over writes to the terminal itself."""

    def __init__(self, target: TextIO, put: Put) -> None:
        self.target = target
        self._put: Put | None = put
        self._rest = ""
        self._lock = threading.RLock()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.target, name)

    def write(self, text: str) -> int:
        with self._lock:
            if self._put is None:
                return self.target.write(text)
            lines, end, self._rest = (self._rest + text).rpartition("\n")
            if end:
                self._put(self.target, lines + end)
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        if self._put is None:  # while it is diverted, a line is shown once it is whole
            self.target.flush()

    def finish(self) -> None:
        with self._lock:
            put, self._put = self._put, None
            if put and self._rest:
                put(self.target, self._rest)
            self._rest = ""


def original(stream: TextIO) -> TextIO:
    """Return the stream itself, or the one that is diverted."""
    return stream.target if isinstance(stream, _Diverted) else stream
