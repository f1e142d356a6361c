"""A stream of a worker's log, line by line while it comes, and to its end once the worker has gone.

What the worker writes for a stage has a mark before it: the stage's place in the graph, under a name that only this
job knows. Each stage's text is put together by itself, so that stages that write at once don't cut each other's lines.
"""

import codecs
import fcntl
import os
import re
import select
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator

_READ_BYTES = 65536
_LONGEST_LINE = 65536
_LONGEST_MARK = 64
_PAUSE_SECONDS = 0.0002
_LINE_END = re.compile(r"\r\n|\n|\r")


# a line, and the place in the graph of the stage that wrote it
OnLine = Callable[[str, int | None], None]


class LogReader:
    """Reads a pipe in a thread of its own; lines that are too long come in pieces."""

    def __init__(self, descriptor: int, on_line: OnLine, *, mark: str) -> None:
        self._descriptor, self._on_line = descriptor, on_line
        self._text = _StageText(mark)
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
        data = b"begin"
        while data:
            if self._left is None and self._is_over():
                self._left = _waiting(self._descriptor)
            with self._handling:
                data = self._read()
                for line, stage in self._text.lines(data):
                    self._on_line(line, stage)
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


class _StageText:
    """Takes text with marks in it apart."""

    def __init__(self, mark: str) -> None:
        self._begin = b"\x1e" + mark.encode() + b":"
        self._mark = re.compile(re.escape(self._begin) + rb"(\d*)(\.?)\x1f")
        self._stage: int | None = None
        self._lines: dict[int | None, _Lines] = {}
        self._rest = b""

    def lines(self, data: bytes) -> Iterator[tuple[str, int | None]]:
        """Yield the lines that `data` completes with their stages, or what is left where it is empty: the end."""
        text = self._rest + data
        whole = self._without_half_a_mark(text) if data else len(text)
        text, self._rest = text[:whole], text[whole:]
        at = 0
        for mark in self._mark.finditer(text):
            yield from self._piece(text[at : mark.start()])
            at, self._stage = mark.end(), int(mark[1]) if mark[1] else None
            if mark[2]:  # its stage has ended
                yield from self._end(self._stage)
                self._stage = None
        yield from self._piece(text[at:])
        if not data:
            for stage in list(self._lines):
                yield from self._end(stage)

    def _without_half_a_mark(self, text: bytes) -> int:
        """Return how much of `text` there is before what may become a mark with what comes next."""
        at = text.rfind(b"\x1e", -_LONGEST_MARK)
        tail = text[at:] if at >= 0 else b""
        half = self._begin.startswith(tail) or (tail.startswith(self._begin) and b"\x1f" not in tail)
        return at if tail and half else len(text)

    def _piece(self, data: bytes) -> Iterator[tuple[str, int | None]]:
        if data:
            lines = self._lines.get(self._stage) or self._lines.setdefault(self._stage, _Lines())
            yield from ((line, self._stage) for line in lines.of(data))

    def _end(self, stage: int | None) -> Iterator[tuple[str, int | None]]:
        lines = self._lines.pop(stage, None)
        if lines:
            yield from ((line, stage) for line in lines.of(b""))


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
