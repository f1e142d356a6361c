"""Digests of files, made once while a file stays as it is."""

import _thread
import hashlib
import os
import stat
import time
from contextlib import suppress
from typing import Any

from foundations.keys.attribution import unobserved

_PIECE = 1 << 20
_LARGE = 1 << 20
_MOST_REMEMBERED = 100_000
# a file may change twice within one tick of its file system's clock; what is younger may change unseen
YOUNG_SECONDS = 2.0

Signature = tuple[int, int, int, int]

_plain_stat = os.stat  # as it is before anything is wrapped


class FileDigests:
    """Remembers the digest of each file by what says that it is still the same one."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, ...], str] = {}
        self._begun: dict[tuple[int, ...], Any] = {}

    def of(self, path: str) -> str:
        """Return the SHA-256 of a regular file's content; raise `OSError` where it can't be read or is none."""
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a FIFO would wait for a writer
        try:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                raise OSError(f"{path} is not a regular file")
            digest = self._known.get(_identity(found))
            if digest is None:
                digest = _content(descriptor, found.st_size)
                self._remember(digest, found, os.fstat(descriptor))
            return digest
        finally:
            os.close(descriptor)

    def of_same(self, path: str, expected: Signature) -> str | None:
        """Return the digest of a file, or None where it is no longer the one of this signature, or can't be read."""
        try:
            found = _plain_stat(path)
            if signature(found) != expected:
                return None
            if (begun := self._begun.get(_identity(found))) is not None:
                begun.acquire()
                begun.release()
            return self._known.get(_identity(found)) or self.of(path)
        except (OSError, ValueError):
            return None

    def begin(self, path: str, found: os.stat_result) -> None:
        """Let another thread make the digest of a large file, while somebody reads it; `of_same` waits for it."""
        key = _identity(found)
        if found.st_size < _LARGE or key in self._known or key in self._begun:
            return
        lock = self._begun[key] = _thread.allocate_lock()
        lock.acquire()
        try:
            # no thread of `threading`, which the user's code counts and waits for, and which takes locks to start
            _thread.start_new_thread(self._make, (path, key, lock))
        except RuntimeError:  # there can be no more of them
            self._end(key, lock)

    def _make(self, path: str, key: tuple[int, ...], lock: Any) -> None:
        try:
            with unobserved(), suppress(OSError):  # who wants the digest will find out why there is none
                self.of(path)
        finally:
            self._end(key, lock)

    def _end(self, key: tuple[int, ...], lock: Any) -> None:
        self._begun.pop(key, None)
        lock.release()

    def forget(self) -> None:
        """Make every digest anew from now on."""
        self._known = {}

    def _remember(self, digest: str, before: os.stat_result, after: os.stat_result) -> None:
        if is_young(before) or _identity(before) != _identity(after):
            return
        if len(self._known) >= _MOST_REMEMBERED:
            self._known = {}
        self._known[_identity(before)] = digest


def signature(found: os.stat_result) -> Signature:
    """Return what changes when a file's content does, but for the moments in which its clock stands still."""
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _identity(found: os.stat_result) -> tuple[int, ...]:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def signature_of(path: str) -> Signature | None:
    """Return the signature of what is at `path` now, or None where nothing is."""
    try:
        return signature(_plain_stat(path))
    except (OSError, ValueError):
        return None


def is_young(found: os.stat_result) -> bool:
    """Tell whether a file has changed just now, by its own account: it may change again without a sign."""
    newest = max(found.st_mtime_ns, found.st_ctime_ns) / 1e9
    return time.time() - newest < YOUNG_SECONDS


def _content(descriptor: int, size: int) -> str:
    whole = hashlib.sha256()
    if size <= _PIECE:
        while data := os.read(descriptor, _PIECE):
            whole.update(data)
        return whole.hexdigest()
    piece = memoryview(bytearray(_PIECE))
    while count := os.readv(descriptor, [piece]):
        whole.update(piece[:count])  # lets other threads run meanwhile
    return whole.hexdigest()
