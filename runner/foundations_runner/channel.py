"""Messages between courier and worker: a JSON object, then as many bytes as it announces.

Imported by both processes, so it needs nothing but the standard library. What is small and needs no answer goes over
the ring, which is quicker.
"""

import fcntl
import json
import os
import select
import signal
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any
from weakref import WeakSet

from foundations_runner.ring import RingWriter, new_file

# a gigabyte array crosses in pieces of this size: neither side holds a second copy of it
CHUNK = 16 * 1024 * 1024

_ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

Message = dict[str, Any]


class Channel:
    """One end of the pipe; sending is safe from any thread, receiving belongs to one.

    `speaking` has the threads that are in the middle of a message. Whoever wants to raise an exception in one of them
    puts its type there, and it is raised when the message is whole: half a message would be the end of the job.
    """

    def __init__(self, connection: Connection, *, ring: int | None = None) -> None:
        self._connection = connection
        self.ring = None if ring is None else RingWriter(ring, is_read=self.is_open)
        self.speaking: dict[int, type[BaseException] | None] = {}
        self._turn = _Turn(self.speaking)
        self._closing = threading.Lock()

    @classmethod
    def of(cls, descriptor: int, *, ring: int | None = None) -> "Channel":
        """Return the channel over a connected socket's descriptor; the worker's end has a ring beside it."""
        return cls(Connection(descriptor), ring=ring)

    def send(self, message: Mapping[str, Any], buffers: Iterable[memoryview | bytes] = ()) -> None:
        """Send a message and the buffers that belong to it, as one."""
        views = [memoryview(buffer).cast("B") for buffer in buffers]
        sizes = {"sizes": [len(view) for view in views]} if views else {}
        with self._turn:
            self._say({**message, **sizes})
            for view in views:
                self._write(view)

    def send_stream(self, message: Mapping[str, Any], sizes: list[int], chunks: Iterable[bytes]) -> None:
        """Send a message and buffers of these sizes, whose bytes come in chunks."""
        with self._turn:
            self._say({**message, "sizes": sizes})
            for chunk in chunks:
                self._write(memoryview(chunk))

    def receive(self) -> Message:
        """Return the next message; raise `EOFError` when the other side has gone."""
        message: Message = json.loads(self._connection.recv_bytes())
        return message

    def waits(self, seconds: float | None) -> bool:
        """Tell whether a message, or the end, is there to receive, waiting for it for a while (None: for ever)."""
        return self._connection.poll(seconds)

    def is_open(self) -> bool:
        """Tell whether the other side is there."""
        poll = select.poll()
        poll.register(self._connection.fileno(), select.POLLHUP)
        return not poll.poll(0)

    def chunks(self, size: int, *, room: int = 0) -> Iterator[bytearray]:
        """Yield the bytes of one announced buffer in chunks as they come, with `room` bytes before each."""
        for start in range(0, size, CHUNK):
            chunk = bytearray(room + min(CHUNK, size - start))
            self._read(memoryview(chunk)[room:])
            yield chunk

    def buffer(self, size: int) -> bytearray:
        """Return one announced buffer whole."""
        whole = bytearray(size)
        self._read(memoryview(whole))
        return whole

    def ask(self, message: Mapping[str, Any], then: Callable[[Message], Any]) -> Any:
        """Send a question and return what `then` makes of the answer; nobody else speaks meanwhile."""
        with self._turn:
            self.send(message)
            return then(self.receive())

    # what is announced needs no frame: it goes from the sender's memory, and to where it belongs, without a copy
    def _write(self, view: memoryview) -> None:
        while view:
            view = view[os.write(self._connection.fileno(), view) :]

    def _read(self, view: memoryview) -> None:
        while view:
            count = os.readv(self._connection.fileno(), [view])
            if not count:
                raise EOFError("the other side went away in the middle of a message")
            view = view[count:]

    def _say(self, message: Mapping[str, Any]) -> None:
        # with where the notes end: what is noted later, while the message is on its way, comes behind it
        noted = {} if self.ring is None else {"noted": self.ring.head}
        self._connection.send_bytes(json.dumps({**message, **noted}).encode())

    def hang_up(self) -> None:
        """Take in what has arrived and no more, though others may hold the far end open; may be repeated."""
        with self._closing, suppress(OSError), socket.socket(fileno=os.dup(self._connection.fileno())) as same:
            same.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close this end."""
        with self._closing:
            self._connection.close()
            self._turn.close()


class _Turn:
    """Lets one thread of one process speak at a time: a stage's forked processes share the channel."""

    def __init__(self, speaking: dict[int, type[BaseException] | None]) -> None:
        # a lock of the kernel's belongs to a process, and one that is forked meanwhile does not inherit it
        self._file = new_file("foundations-turn")
        self._speaking = speaking
        self._lock, self._depth = threading.RLock(), 0
        self._signals: set[signal.Signals] | set[int] = set()
        self._is_forked = False
        _turns.add(self)

    def begin_again(self) -> None:
        """Be nobody's turn, in a process that was forked just now."""
        self._lock, self._depth = threading.RLock(), 0
        self._speaking.clear()
        self._is_forked = True

    def close(self) -> None:
        """Let go of the lock's file; may be repeated."""
        _turns.discard(self)
        with suppress(OSError):
            os.close(self._file)
        self._file = -1

    def __enter__(self) -> None:
        if self._file < 0:
            raise OSError("the channel is closed")
        me = threading.get_ident()
        try:
            self._speaking.setdefault(me)
        except BaseException:
            del self._speaking[me]  # one that was on its way before has arrived
            raise
        self._lock.acquire()
        self._depth += 1
        if self._depth == 1:
            if self._is_forked:  # a pool of processes ends them with signals, and half a message would be left
                self._signals = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
            fcntl.lockf(self._file, fcntl.LOCK_EX)

    def __exit__(self, *error: object) -> None:
        self._depth -= 1
        if self._depth:
            self._lock.release()
            return
        fcntl.lockf(self._file, fcntl.LOCK_UN)
        if self._is_forked:
            signal.pthread_sigmask(signal.SIG_SETMASK, self._signals)
        self._lock.release()
        if wanted := self._speaking.pop(threading.get_ident(), None):
            raise wanted


_turns: "WeakSet[_Turn]" = WeakSet()


def _begin_all() -> None:
    for turn in list(_turns):
        turn.begin_again()


os.register_at_fork(after_in_child=_begin_all)
