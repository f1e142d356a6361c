"""A stream of a worker's log, line by line while it comes, and to its end once the worker has gone."""

import codecs
import fcntl
import os
import re
import select
import sys
import termios
import threading
import time
from collections.abc import Callable

_READ_BYTES = 65536
_LONGEST_LINE = 65536
_PAUSE_SECONDS = 0.0002
_LINE_END = re.compile(r"\r\n|\n|\r")


class LogReader:
    """Reads a pipe in a thread of its own; lines that are too long come in pieces."""

    def __init__(self, descriptor: int, on_line: Callable[[str], None]) -> None:
        self._descriptor, self._on_line = descriptor, on_line
        self._gone, self._announce = os.pipe()
        self._left: int | None = None
        self._taken = 0
        self._handling = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="log reader", daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> None:
        """Return when all writers have closed the pipe and all is read, at the latest after `seconds`."""
        self._thread.join(max(0.0, seconds))

    def catch_up(self) -> None:
        """Return when what the pipe holds now has been handed on, even if its writer goes on writing."""
        with self._handling:
            wanted = self._taken + _waiting(self._descriptor)
        while self._thread.is_alive() and self._taken < wanted:
            time.sleep(_PAUSE_SECONDS)

    def finish(self) -> None:
        """Return when all is read that the pipe holds now, whoever holds it open; may be repeated."""
        if self._thread.is_alive():
            os.write(self._announce, b"\0")
            self._thread.join()

    def _run(self) -> None:
        lines = _Lines()
        data = b"begin"
        while data:
            if self._left is None and self._is_over():
                self._left = _waiting(self._descriptor)
            with self._handling:
                data = self._read()
                for line in lines.of(data):
                    self._on_line(line)
                self._taken += len(data)

    def _read(self) -> bytes:
        if self._left is None:
            return os.read(self._descriptor, _READ_BYTES)
        data = os.read(self._descriptor, min(_READ_BYTES, self._left))
        self._left -= len(data)
        return data

    def _is_over(self) -> bool:
        """Wait for something to read; tell whether `finish` was called meanwhile."""
        poll = select.poll()
        for descriptor in (self._descriptor, self._gone):
            poll.register(descriptor, select.POLLIN)
        return self._gone in [ready for ready, _ in poll.poll()]


class _Lines:
    """Cuts text that comes in pieces into lines."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        self._rest, self._returned = "", False

    def of(self, data: bytes) -> list[str]:
        """Return the lines that `data` completes, or what is left where it is empty: the end."""
        text = self._decoder.decode(data, final=not data)
        if self._returned and text:  # the line end was cut in two: its first half has ended the line already
            text = text.removeprefix("\n")
        *lines, self._rest = _LINE_END.split(self._rest + text)
        self._returned = text.endswith("\r") or (self._returned and not text)
        if self._rest and (not data or len(self._rest) > _LONGEST_LINE):
            lines, self._rest = [*lines, self._rest], ""
        return lines


def _waiting(descriptor: int) -> int:
    """Return how many bytes a pipe holds."""
    answer = bytearray(4)
    fcntl.ioctl(descriptor, termios.FIONREAD, answer)
    return int.from_bytes(answer, sys.byteorder)
