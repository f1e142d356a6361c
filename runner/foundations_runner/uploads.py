"""What goes into the archive while the job runs on: a few puts at once, and what may only be said after them."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from foundations_archive.blobs import Blobs
from foundations_archive.errors import ArchiveError, is_of_one_object
from foundations_archive.records import Buffer, Value

# of results and artifacts that have come from the worker and not arrived in the archive; the worker waits beyond it
MOST_BYTES = 48 * 1024 * 1024
_PUTS = 16
_MOST_WAITING = 256

_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Spare:
    """Homes that a job can do without, and what could not be put there."""

    homes: Sequence[Blobs]
    errors: list[ArchiveError] = field(default_factory=list)


@dataclass(frozen=True)
class ComingValue:
    """A value whose blobs are on their way into the archive, and those that the cache did not take."""

    encoding: str
    buffers: tuple[tuple[int, tuple[Future[str], ...]], ...] = ()
    inline: str | None = None
    spare: Spare | None = None

    @property
    def fault(self) -> ArchiveError | None:
        """Why the cache does not have it, whose blobs have arrived."""
        return self.spare.errors[0] if self.spare and self.spare.errors else None

    @property
    def blobs(self) -> Iterator[Future[str]]:
        """The digests that the blobs will have."""
        return (chunk for _, chunks in self.buffers for chunk in chunks)

    def value(self) -> Value:
        """Return the value, whose blobs have arrived."""
        buffers = (Buffer(size, tuple(chunk.result() for chunk in chunks)) for size, chunks in self.buffers)
        return Value(self.encoding, tuple(buffers), self.inline)


class Uploads:
    """The puts of one job. All but `finish` belong to one thread, which hears of a failure at its next call."""

    def __init__(self) -> None:
        self._puts = ThreadPoolExecutor(_PUTS, thread_name_prefix="upload")
        self._actions = ThreadPoolExecutor(1, thread_name_prefix="after uploads")
        self._under_way: deque[Future[Any]] = deque()
        self._waiting: deque[Future[None]] = deque()
        self._bytes = 0
        self._room = threading.Condition()
        self._failure: BaseException | None = None

    def put(self, homes: Sequence[Blobs], data: bytearray, *, spare: Spare | None = None) -> Future[str]:
        """Begin to write a blob to each of `homes`, and return what will be its digest; wait while too much is held.

        `data` has `ROOM` free bytes before it, see `Blobs.put_in_place`. The digest is empty where the last home is one
        to `spare` and can't take it.
        """
        size = len(data)
        with self._room:
            self._room.wait_for(lambda: self._failure or not self._bytes or self._bytes + size <= MOST_BYTES)
            self.check()
            self._bytes += size

        def write() -> str:
            try:
                return [_put(blobs, data, spare) for blobs in homes][-1]
            finally:
                with self._room:
                    self._bytes -= size
                    self._room.notify()

        return self.begin(write)

    def begin(self, work: Callable[[], _Result]) -> Future[_Result]:
        """Begin some work that nobody waits for but `finish`, which raises what it raises."""
        while self._under_way and self._under_way[0].done():
            self._under_way.popleft()
        future = self._puts.submit(self._attempt, work)
        self._under_way.append(future)
        return future

    def then(self, action: Callable[[], None], *, after: Iterable[Future[Any]] = ()) -> None:
        """Do something when all of `after` is done and every earlier action too: at once where that is so already."""
        self.check()
        needed = [future for future in after if not future.done()]
        while self._waiting and (self._waiting[0].done() or len(self._waiting) >= _MOST_WAITING):
            self._waiting.popleft().exception()
        if needed or self._waiting:
            self._waiting.append(self._actions.submit(self._act, action, needed))
        else:
            self.check()  # what is done may have failed
            action()

    def check(self) -> None:
        """Raise what has failed first, if anything has."""
        if self._failure is not None:
            raise self._failure

    def finish(self) -> None:
        """Return when all is done; raise what has failed first, and leave out then what had not begun."""
        while self._waiting:  # an action may begin something itself
            self._waiting.popleft().exception()
        self._actions.shutdown()
        self._puts.shutdown(cancel_futures=self._failure is not None)
        self.check()

    def _act(self, action: Callable[[], None], needed: Sequence[Future[Any]]) -> None:
        for future in needed:
            if future.exception() is not None:
                return
        if self._failure is None:
            self._attempt(action)

    def _attempt(self, work: Callable[[], _Result]) -> _Result:
        try:
            return work()
        except BaseException as error:
            with self._room:
                self._failure = self._failure or error
                self._room.notify_all()
            raise


def _put(blobs: Blobs, data: bytearray, spare: Spare | None) -> str:
    try:
        return blobs.put_in_place(data)
    except ArchiveError as error:
        if spare is None or blobs not in spare.homes or not is_of_one_object(error):
            raise
        spare.errors.append(error)
        return ""
