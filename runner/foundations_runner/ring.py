"""A worker's notes: a ring in memory that it shares with its courier, who reads on when the worker is dead.

A note costs about a microsecond and no system call, and is safe from the moment it is written: a worker that is killed
takes none along. Imported by both processes, so it needs nothing but the standard library.

The head moves only when a note is whole. Both counters are aligned words, each written by one side alone; x86-64 shows
stores in the order in which they were made, other machines do where a lock was let go and taken between them.
"""

import mmap
import os
import platform
import struct
import tempfile
import threading
import time
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

# a million numbers fit; pages that are never written to take no memory
CAPACITY = 32 * 1024 * 1024

_HEADER = 4096
_HEAD, _TAIL = 0, 8  # in words: on cache lines of their own

_NUMBER = struct.Struct("=IIdd")
_INTEGER = struct.Struct("=IIdq")
_TEXT = struct.Struct("=II")
_IS_FLOAT, _IS_INTEGER, _IS_TEXT, _IS_PADDING = 1, 2, 3, 4

_KEEPS_ORDER = platform.machine() in ("x86_64", "AMD64")
_fence_lock = threading.Lock()

_INTEGERS = range(-(1 << 63), 1 << 63)
_PAUSE_SECONDS = 0.0005
_MOST_AT_ONCE = 65536


def new_ring(capacity: int = CAPACITY) -> int:
    """Return the descriptor of an empty ring."""
    descriptor = new_file("foundations-ring")
    os.ftruncate(descriptor, _HEADER + capacity)
    return descriptor


def new_file(name: str) -> int:
    """Return the descriptor of an empty file that no folder has: in memory, where the system can."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create(name)
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def _fence() -> None:
    # a release and then an acquire: nothing passes the pair
    for _ in range(2):
        with _fence_lock:
            pass


@dataclass(frozen=True)
class Numbers:
    """Numbers of one series, in order, with their times."""

    series: int
    values: list[float] = field(default_factory=list)
    times: "array[float]" = field(default_factory=lambda: array("d"))


Note = bytes | Numbers


class RingWriter:
    """The worker's end; safe from any thread of the process that made it, and of no other."""

    __slots__ = ("_capacity", "_head", "_is_read", "_lock", "_memory", "_place", "_room_ends", "_words")

    def __init__(self, descriptor: int, *, is_read: Callable[[], bool] = lambda: True) -> None:
        self._memory = mmap.mmap(descriptor, 0)
        self._words = memoryview(self._memory)[:_HEADER].cast("Q")
        self._capacity = len(self._memory) - _HEADER
        self._is_read = is_read
        self._lock = threading.Lock()
        self._head = 0
        self._place = _HEADER
        self._room_ends = 0  # the place up to which notes fit without a look at the reader

    def number(self, series: int, value: float, at: float) -> None:
        """Note a number of a series and its time; raise `OverflowError` for an integer of more than 64 bits."""
        if type(value) is float:
            layout, kind = _NUMBER, _IS_FLOAT
        elif value in _INTEGERS:
            layout, kind = _INTEGER, _IS_INTEGER
        else:
            raise OverflowError(f"{value} has more than 64 bits")
        with self._lock:
            if self._place + 24 > self._room_ends:
                self._make_room(24)
            layout.pack_into(self._memory, self._place, kind, series, at, value)
            if not _KEEPS_ORDER:
                _fence()
            # no call from here on: what a signal or another thread raises here can't come between
            self._place += 24
            self._words[_HEAD] = self._head = self._head + 24

    @property
    def head(self) -> int:
        """Where the notes end that were written up to now."""
        return self._head

    def text(self, data: bytes) -> None:
        """Note some bytes; raise `ValueError` for more than a quarter of the ring."""
        size = _padded(_TEXT.size + len(data))
        if size > self._capacity // 4:
            raise ValueError(f"{len(data)} bytes are more than a note may have")
        with self._lock:
            if self._place + size > self._room_ends:
                self._make_room(size)
            place = self._place
            _TEXT.pack_into(self._memory, place, _IS_TEXT, len(data))
            self._memory[place + _TEXT.size : place + _TEXT.size + len(data)] = data
            if not _KEEPS_ORDER:
                _fence()
            self._place += size
            self._words[_HEAD] = self._head = self._head + size

    def _make_room(self, size: int) -> None:
        """Return when a note of `size` bytes fits in one piece, from where the next note goes."""
        lap_ends, self._room_ends = _HEADER + self._capacity, 0
        if self._place + size > lap_ends:
            before_end = lap_ends - self._place
            if before_end:
                self._wait_for(before_end)
                _TEXT.pack_into(self._memory, self._place, _IS_PADDING, before_end)
                self._words[_HEAD] = self._head = self._head + before_end
            self._place = _HEADER
        free = self._wait_for(size)
        self._room_ends = min(self._place + free, lap_ends)

    def _wait_for(self, size: int) -> int:
        """Return how much the reader has left free, once that is `size` bytes."""
        while (free := self._words[_TAIL] + self._capacity - self._head) < size:
            if not self._is_read():
                raise ConnectionError("the courier is gone")
            time.sleep(_PAUSE_SECONDS)
        return free


class RingReader:
    """The courier's end; it trusts nothing that it finds, since the user's code can write there."""

    def __init__(self, descriptor: int) -> None:
        self._memory = mmap.mmap(descriptor, 0)
        self._words = memoryview(self._memory)[:_HEADER].cast("Q")
        self._capacity = len(self._memory) - _HEADER
        self._tail = 0

    def head(self) -> int:
        """Return where the notes end that were written up to now."""
        head = self._words[_HEAD]
        if not _KEEPS_ORDER:
            _fence()
        if not 0 <= head - self._tail <= self._capacity:
            raise ValueError("the worker's notes can't be read: its memory is damaged")
        return head

    def notes(self, until: int | None = None) -> Iterator[Note]:
        """Yield the notes that were written up to now, or up to a head; numbers between two texts come by series.

        Raise `ValueError` for what no writer has written.
        """
        head = self.head() if until is None else min(self.head(), until)
        while self._tail < head:
            yield from self._some(head)
            self._words[_TAIL] = self._tail

    def close(self) -> None:
        """Let go of the memory."""
        self._words.release()
        self._memory.close()

    def _some(self, head: int) -> Iterator[Note]:
        """Yield the numbers that come next, and the text behind them if one does."""
        memory, capacity, tail = self._memory, self._capacity, self._tail
        found: dict[int, Numbers] = {}
        text: bytes | None = None
        for _ in range(_MOST_AT_ONCE):
            if tail >= head or text is not None:
                break
            place = _HEADER + tail % capacity
            kind, number = _TEXT.unpack_from(memory, place)
            if kind in (_IS_FLOAT, _IS_INTEGER):
                layout = _NUMBER if kind == _IS_FLOAT else _INTEGER
                _, _, at, value = layout.unpack_from(memory, place)
                numbers = found.get(number) or found.setdefault(number, Numbers(number))
                numbers.values.append(value)
                numbers.times.append(at)
                tail += 24
            elif kind == _IS_TEXT and number <= capacity // 4:
                text = memory[place + _TEXT.size : place + _TEXT.size + number]
                tail += _padded(_TEXT.size + number)
            elif kind == _IS_PADDING and number == capacity - tail % capacity:
                tail += number
            else:
                raise ValueError("the worker's notes can't be read: its memory is damaged")
        self._tail = tail
        yield from found.values()
        if text is not None:
            yield text


def _padded(size: int) -> int:
    return -(-size // 8) * 8
