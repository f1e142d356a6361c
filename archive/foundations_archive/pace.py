"""How fast a store takes what is put into it: where it is slow, it pays to compress."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

# what zlib halves it compresses at 100 to 250 MB/s on one core, which the user's code wants too; on a line of 50 MB/s
# that saves time, on one of 200 MB/s it costs some (benchmarks/results/compression.txt)
_SLOW = 60e6
# a few chunks must have gone through before anything can be said
_ENOUGH = 32 * 1024 * 1024
_REMEMBERED = 512 * 1024 * 1024
# of smaller puts the time is that of the round trip
_FROM = 1024 * 1024


class Pace:
    """The pace of all puts into one store, several of them at once; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bytes, self._seconds = 0.0, 0.0
        self._active, self._since = 0, 0.0

    @property
    def slow(self) -> bool:
        """Tell whether the store is known to take less than what can be compressed in the same time."""
        with self._lock:
            return self._bytes >= _ENOUGH and self._bytes < _SLOW * self._seconds

    def passed(self, size: int, seconds: float) -> None:
        """Take note that so many bytes went through in that time."""
        with self._lock:
            self._add(size, seconds)

    @contextmanager
    def passing(self, size: int) -> Iterator[None]:
        """Take note of a put while it lasts; the time counts once, however many there are."""
        if size < _FROM:
            yield
            return
        with self._lock:
            self._since = self._since if self._active else time.monotonic()
            self._active += 1
        done = 0
        try:
            yield
            done = size
        finally:
            with self._lock:
                now = time.monotonic()
                self._active -= 1
                self._add(done, now - self._since)
                self._since = now

    def _add(self, size: int, seconds: float) -> None:
        self._bytes, self._seconds = self._bytes + size, self._seconds + seconds
        if self._bytes > _REMEMBERED:  # what was long ago counts for less
            self._bytes, self._seconds = self._bytes / 2, self._seconds / 2
