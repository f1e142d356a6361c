"""A stream of a worker's log, line by line while it comes, and to its end once the worker has gone."""

import codecs
import fcntl
import os
import re
import select
import sys
import termios
import threading
from collections.abc import Callable

_READ_BYTES = 65536
_LONGEST_LINE = 65536
_LINE_END = re.compile(r"\r\n|\n|\r")


class LogReader:
    """Reads a pipe in a thread of its own; lines that are too long come in pieces."""

    def __init__(self, descriptor: int, on_line: Callable[[str], None]) -> None:
        self._descriptor, self._on_line = descriptor, on_line
        self._gone, self._announce = os.pipe()
        self._left: int | None = None
        self._thread = threading.Thread(target=self._run, name="log reader", daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> None:
        """Return when all writers have closed the pipe and all is read, at the latest after `seconds`."""
        self._thread.join(max(0.0, seconds))

    def finish(self) -> None:
        """Return when all is read that the pipe holds now, whoever holds it open; may be repeated."""
        if self._thread.is_alive():
            os.write(self._announce, b"\0")
            self._thread.join()

    def _run(self) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        rest, returned = "", False
        while data := self._read():
            text = decoder.decode(data)
            if returned and text:  # the line end was cut in two: its first half has ended the line already
                text = text.removeprefix("\n")
            *lines, rest = _LINE_END.split(rest + text)
            returned = text.endswith("\r") or (returned and not text)
            if len(rest) > _LONGEST_LINE:
                lines, rest = [*lines, rest], ""
            for line in lines:
                self._on_line(line)
        rest += decoder.decode(b"", final=True)
        if rest:
            self._on_line(rest)

    def _read(self) -> bytes:
        if self._left is None and self._is_over():
            self._left = _waiting(self._descriptor)
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


def _waiting(descriptor: int) -> int:
    """Return how many bytes a pipe holds."""
    answer = bytearray(4)
    fcntl.ioctl(descriptor, termios.FIONREAD, answer)
    return int.from_bytes(answer, sys.byteorder)
