"""What the worker prints, with the stage that printed it: a mark before each piece, for the courier to read."""

import io
import os
import sys
from collections.abc import Mapping
from select import PIPE_BUF
from typing import Any, BinaryIO, cast

from foundations import current

_STREAMS = ("stdout", "stderr")


class Output:
    """Standard output and error of this process, from now on with marks."""

    def __init__(self, mark: str, places: Mapping[str, int]) -> None:
        self._streams = [_MarkedStream(getattr(sys, name).fileno(), mark, places) for name in _STREAMS]
        for name, stream in zip(_STREAMS, self._streams, strict=True):
            plain = getattr(sys, name)
            # unbuffered, as the plain ones are: typeshed asks for what a buffered stream has
            marked = io.TextIOWrapper(
                cast("BinaryIO", stream), encoding=plain.encoding, errors=plain.errors, write_through=True
            )
            setattr(sys, name, marked)

    def begin(self, stage: str) -> None:
        """Let what passes by Python, as a library in C or a program that is started, count as the stage's."""
        for stream in self._streams:
            stream.begin(stage)

    def end(self, stage: str) -> None:
        """Say that the stage writes nothing more: its last line is whole."""
        for stream in self._streams:
            stream.end(stage)


class _MarkedStream(io.RawIOBase):
    def __init__(self, descriptor: int, mark: str, places: Mapping[str, int]) -> None:
        super().__init__()
        self._descriptor = descriptor
        # the user's code may close the descriptor, or put a file of its own there: marks belong in the pipe alone
        self._pipe, self._identity = os.dup(descriptor), _identity(descriptor)
        self._begin, self._places = f"\x1e{mark}:", places
        self._wrote: set[str] = set()

    def fileno(self) -> int:
        return self._descriptor

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        # in pieces that the kernel writes whole, each with its mark: other processes may write here too
        view = memoryview(data).cast("B")
        if _identity(self._descriptor) != self._identity:
            self._put(self._descriptor, bytes(view))
            return len(view)
        stage = current.stage()
        if stage is not None:
            self._wrote.add(stage)
        mark = self._mark(stage, "")
        size = PIPE_BUF - len(mark)
        for start in range(0, len(view), size):
            self._put(self._descriptor, mark + view[start : start + size])
        return len(view)

    def begin(self, stage: str) -> None:
        self._put(self._pipe, self._mark(stage, ""))

    def end(self, stage: str) -> None:
        if stage in self._wrote:
            self._wrote.discard(stage)
            self._put(self._pipe, self._mark(stage, "."))

    def _mark(self, stage: str | None, end: str) -> bytes:
        place = "" if stage is None else self._places.get(stage, "")
        return f"{self._begin}{place}{end}\x1f".encode()

    def _put(self, descriptor: int, data: bytes) -> None:
        while data:
            data = data[os.write(descriptor, data) :]


def _identity(descriptor: int) -> tuple[int, int]:
    found = os.fstat(descriptor)
    return found.st_dev, found.st_ino
