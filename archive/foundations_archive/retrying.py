"""A store that asks again: what a moment's trouble costs is time, up to a patience that its opener chooses."""

import random
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import TypeVar

from foundations_archive.errors import ArchiveUnreachable, NotArchived
from foundations_archive.store import Entry, Store

# the global generator is the user's: pauses, from whatever thread, must not change what follows a seed
_CHANCE = random.Random()
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 20.0
# nothing was listening, or no such host; or, with a mere status for a code, no S3: mostly a wrong endpoint
_SILENT = {"EndpointConnectionError", "ConnectTimeoutError", "ProxyConnectionError"}

_NOTICE_AFTER = 10.0

Notice = Callable[[ArchiveUnreachable], None]
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Patience:
    """For how many seconds one verb is tried anew: while nothing answers at all, and while there is other trouble."""

    silence: float
    trouble: float


INTERACTIVE = Patience(silence=4.0, trouble=30.0)


class Retrying:
    """The same store, with every verb tried again on `ArchiveUnreachable`, after pauses that grow and have full jitter.

    All other errors are raised at once. A verb that was cut off may have been done: every verb may be repeated.
    `notice` hears of trouble that lasts, once for each time that the store is away.
    """

    def __init__(self, store: Store, *, patience: Patience = INTERACTIVE, notice: Notice | None = None) -> None:
        self._store = store
        self._patience = patience
        self._notice = notice
        self._noticed = False

    def with_patience(self, patience: Patience) -> "Retrying":
        """Return the same store for who waits longer, or not as long, and tells nobody."""
        return Retrying(self._store, patience=patience)

    @property
    def location(self) -> str:
        """Where the store is, for people."""
        return self._store.location

    def get(self, key: str) -> bytes:
        """Return the whole value; raise `NotArchived` only when it is really not there."""
        return self._tried(lambda: self._store.get(key))

    def pieces(self, key: str) -> Generator[bytes]:
        """Yield the value in pieces, as they come; what breaks off after the first one is not tried again."""
        pieces: Callable[[str], Generator[bytes]] | None = getattr(self._store, "pieces", None)
        if pieces is None:
            yield self.get(key)
            return

        def begun() -> tuple[bytes, Generator[bytes]]:
            coming = pieces(key)
            return next(coming, b""), coming

        first, rest = self._tried(begun)
        with closing(rest):
            yield first
            yield from rest

    def put(self, key: str, data: bytes | bytearray | memoryview) -> None:
        """Write the value; a reader sees the old bytes or the new ones."""
        self._tried(lambda: self._store.put(key, data))

    def create(self, key: str, data: bytes | bytearray | memoryview) -> bool:
        """Write the value unless there is one; bytes that equal ours count as ours, so repeating changes nothing."""
        tries = 0

        def create() -> bool:
            nonlocal tries
            tries += 1
            # what an earlier try of ours may have written is no other's
            return self._store.create(key, data) or (tries > 1 and self._holds(key, bytes(data)))

        return self._tried(create)

    def list(self, prefix: str) -> Iterator[Entry]:
        """Give every entry whose key starts with `prefix`, in key order."""
        return iter(self._tried(lambda: [*self._store.list(prefix)]))

    def head(self, key: str) -> Entry | None:
        """Return the entry under `key`, or None when there is none."""
        return self._tried(lambda: self._store.head(key))

    def delete(self, key: str) -> None:
        """Remove the value; no error when it is not there."""
        self._tried(lambda: self._store.delete(key))

    def check(self) -> None:
        """Raise unless this caller can reach the store and write to it."""
        self._tried(self._store.check)

    def look(self) -> None:
        """Raise unless this caller can reach the store, as far as that shows without writing."""
        self._tried(self._store.look)

    def probe(self) -> bool:
        """Tell whether the store refuses to create what is there already, and let `create` look first where not."""
        return self._tried(self._store.probe)

    def look_before_create(self) -> None:
        """Let `create` look first: somebody has found out that the store refuses nothing."""
        self._store.look_before_create()

    def sweep_temporary(self, older_than: float) -> int:
        """Remove what writers that died have left unfinished, older than so many seconds, and say how many."""
        return self._tried(lambda: self._store.sweep_temporary(older_than))

    def _holds(self, key: str, data: bytes) -> bool:
        try:
            return self._store.get(key) == data
        except NotArchived:
            return False

    def _tried(self, verb: Callable[[], _Result]) -> _Result:
        began, tries = time.monotonic(), 0
        while True:
            try:
                result = verb()
            except ArchiveUnreachable as error:
                pause = _CHANCE.uniform(0, min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(tries, 10)))
                tries += 1
                waited = time.monotonic() + pause - began
                if self._spent(waited, error, tries):
                    raise
                if self._notice and not self._noticed and waited > _NOTICE_AFTER:
                    self._noticed = True
                    self._notice(error)
            else:
                self._noticed = False
                return result
            time.sleep(pause)

    def _spent(self, seconds: float, error: ArchiveUnreachable, tries: int) -> bool:
        if error.code in _SILENT or error.code.isdigit():
            return seconds > self._patience.silence
        # an answer that a timeout waited for in vain may have used up all the time: one more try then
        return seconds > self._patience.trouble and tries > 1
