"""What a reader has read before and will never change: write-once objects, in an SQLite file of this user's.

It is a copy and nothing else. Where it is missing, damaged, locked, full or another version's, reading goes on without
it, and what it gives is checked by its digest like what the store gives.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from foundations_archive import layout
from foundations_archive.errors import ArchiveDamaged, NotArchived
from foundations_archive.rereading import read_verified

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from pathlib import Path

    from foundations_archive.store import Store

_Made = TypeVar("_Made")

LIMIT = 2 << 30

_VERSION = 1
_PATIENCE = 1.0
_NO_FAULT_OF_THE_FILE = {3, 5, 6, 7, 8, 9, 10, 13, 14, 15, 23}  # permission, busy, no memory, read-only, full and so on
_HOUR = 3600
_PENDING_OBJECTS, _PENDING_BYTES = 1000, 32 << 20
_TABLES = (
    "CREATE TABLE kept (key TEXT PRIMARY KEY, size INTEGER NOT NULL, used INTEGER NOT NULL, data BLOB NOT NULL)",
    "CREATE INDEX by_use ON kept (used, size, key)",  # holds all that making room needs, and none of the data
)


class ReaderCache:
    """Objects by key, in one file; safe to share between threads and processes. No call of it ever fails."""

    def __init__(self, path: Path, *, limit: int = LIMIT) -> None:
        self._path, self._limit = path, limit
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._process = 0
        self._broken = False
        self._pending: dict[str, bytes] = {}
        self._waiting = 0
        self._used: set[str] = set()

    def get(self, key: str) -> bytes | None:
        """Return what is kept under a key, or None."""

        def found(connection: sqlite3.Connection) -> bytes | None:
            row = connection.execute("SELECT data, used FROM kept WHERE key = ?", (key,)).fetchone()
            if row is not None and row[1] != _now():
                self._used.add(key)
            # each names its key: a file that is mixed up must not give one object for another
            own = None if row is None else bytes(row[0]).removeprefix(_stamp(key))
            return None if own is None or len(own) == len(row[0]) else own

        with self._lock:
            return self._pending[key] if key in self._pending else self._tried(found)

    def keep(self, key: str, data: bytes) -> None:
        """Keep an object; it is written with others, or by `flush`."""
        with self._lock:
            if not self._broken and len(data) <= self._limit // 4:
                self._pending[key] = data
                self._waiting += len(data)
            full = len(self._pending) >= _PENDING_OBJECTS or self._waiting >= _PENDING_BYTES
        if full:
            self.flush()

    def forget(self, key: str) -> None:
        """Let go of what turned out to be damaged."""
        with self._lock:
            self._pending.pop(key, None)
            self._tried(lambda connection: connection.execute("DELETE FROM kept WHERE key = ?", (key,)))

    def flush(self) -> None:
        """Write what is to be kept, and let go of what was not used for longest where it is too much."""
        with self._lock:
            pending, self._pending, self._waiting = self._pending, {}, 0
            used, self._used = self._used, set()
            now = _now()

            def write(connection: sqlite3.Connection) -> None:
                rows = [(key, len(data), now, _stamp(key) + data) for key, data in pending.items()]
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?, ?, ?)", rows)
                connection.executemany("UPDATE kept SET used = ? WHERE key = ?", [(now, key) for key in used])
                self._make_room(connection)
                connection.execute("COMMIT")

            if pending or used:
                self._tried(write)

    def close(self) -> None:
        """Write what is to be kept, and close the file."""
        self.flush()
        with self._lock:
            self._drop()

    def _make_room(self, connection: sqlite3.Connection) -> None:
        (size,) = connection.execute("SELECT coalesce(sum(size), 0) FROM kept").fetchone()
        if size <= self._limit:
            return
        leaving = []
        for key, one in connection.execute("SELECT key, size FROM kept ORDER BY used, key"):
            if size <= self._limit * 3 // 4:
                break
            leaving.append((key,))
            size -= one
        connection.executemany("DELETE FROM kept WHERE key = ?", leaving)

    def _tried(self, work: Callable[[sqlite3.Connection], _Made]) -> _Made | None:
        """Return what `work` makes of the file, or None where there is none; after an error there is none any more."""
        import sqlite3

        try:
            connection = self._connected()
            return None if connection is None else work(connection)
        except (sqlite3.Error, OSError, OverflowError) as error:
            code = getattr(error, "sqlite_errorcode", None)
            # an open file is left alone that another one uses now, or that there is no room to write to
            if code is not None and code & 0xFF not in _NO_FAULT_OF_THE_FILE:
                with suppress(OSError):
                    self._remove()
            self._give_up()
            return None

    def _connected(self) -> sqlite3.Connection | None:
        if self._connection is not None and self._process == os.getpid():
            return self._connection
        if self._broken:
            return None
        self._connection = None  # a process that was forked must not write through its parent's
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self._version() not in (0, _VERSION):
            self._remove()
        connection = self._connect()
        try:
            connection.execute("PRAGMA page_size = 32768")
            # a power failure may spoil the file, which is noticed and costs the copy
            connection.execute("PRAGMA synchronous = OFF")
            if not self._version():
                connection.execute("BEGIN IMMEDIATE")
                if not connection.execute("PRAGMA user_version").fetchone()[0]:
                    for table in _TABLES:
                        connection.execute(table)
                    connection.execute(f"PRAGMA user_version = {_VERSION}")
                connection.execute("COMMIT")
        except BaseException:
            connection.close()
            raise
        self._connection, self._process = connection, os.getpid()
        self._finalizer = weakref.finalize(self, connection.close)
        return connection

    def _connect(self) -> sqlite3.Connection:
        import sqlite3

        return sqlite3.connect(self._path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False)

    def _version(self) -> int:
        """Return which version of ours made the file, 0 for none; raise for what is no such file."""
        try:
            with self._path.open("rb") as file:
                head = file.read(100)
        except FileNotFoundError:
            return 0
        if head and not head.startswith(b"SQLite format 3\0"):
            self._remove()
            return 0
        return int.from_bytes(head[60:64], "big")

    def _remove(self) -> None:
        for path in (self._path, self._path.with_name(f"{self._path.name}-journal")):
            path.unlink(missing_ok=True)

    def _give_up(self) -> None:
        self._broken = True
        self._pending.clear()
        self._drop()

    def _drop(self) -> None:
        if self._connection is not None and self._process == os.getpid():
            self._finalizer()
        self._connection = None


class WriteOnce:
    """The write-once objects of a store, read through the user's cache where there is a folder for it."""

    def __init__(self, store: Store, folder: Path | None = None) -> None:
        self._store, self._folder = store, folder
        self._lock = threading.Lock()
        self._cache: ReaderCache | None = None
        self._looked = False

    def read(self, key: str, made: Callable[[bytes], _Made], *, keep: Callable[[_Made], bytes] | None = None) -> _Made:
        """Return what `made` makes of the object at `key`, which has to check it; `keep` is what the cache keeps of it.

        Raises what the store and `made` raise; what is not whole is not kept.
        """
        cache = self._opened()
        data = cache.get(key) if cache else None
        if cache and data is not None:
            try:
                return made(data)
            except ArchiveDamaged:
                cache.forget(key)
        found, data = read_verified(self._store, key, lambda data: (made(data), data))
        if cache:
            cache.keep(key, keep(found) if keep else data)
        return found

    def prepare(self) -> None:
        """Open the cache, which takes a request, while something else is waited for."""
        self._opened()

    def flush(self) -> None:
        """Write down what was read, for the next reader."""
        if self._cache:
            self._cache.flush()

    def close(self) -> None:
        """Write down what was read, and close the cache."""
        if self._cache:
            self._cache.close()

    def _opened(self) -> ReaderCache | None:
        if self._folder is None:
            return None
        with self._lock:
            if not self._looked:
                self._cache = self._of_this_archive(self._folder)
                self._looked = True
        return self._cache

    def _of_this_archive(self, folder: Path) -> ReaderCache | None:
        # an archive that was deleted and made anew has other objects under the same keys, and so has a copy of it
        try:
            identity = json.loads(self._store.get(layout.DESCRIPTOR))["archive_id"]
        except (NotArchived, ValueError, KeyError, TypeError, RecursionError):
            return None
        name = hashlib.sha256(f"{identity}\n{self._store.location}".encode("utf-8", "surrogatepass")).hexdigest()
        return ReaderCache(folder / f"{name[:32]}.sqlite")


def _stamp(key: str) -> bytes:
    return f"{key}\n".encode()


def _now() -> int:
    # in hours: else every reading would be a writing too
    return int(time.time()) // _HOUR
