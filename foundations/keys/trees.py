"""Runs of bytes as trees of SHA-256: leaves are hashed by several threads, and named as the archive names chunks."""

import hashlib
from collections import deque
from typing import TYPE_CHECKING

from foundations.processors import usable_processors

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

# as large as the archive's chunks: a leaf's digest is the name of the blob that holds the same bytes
LEAF = 16 * 1024 * 1024
_INLINE = 256 * 1024
_MOST_WAITING = 256 * 1024 * 1024

Bytes = bytes | bytearray | memoryview


class Tree:
    """The digest of one run of bytes, which may still be under way."""

    __slots__ = ("_leaves", "_size")
    depth = 0

    def __init__(self, size: int, leaves: "list[bytes | Future[bytes]]") -> None:
        self._size, self._leaves = size, leaves

    def leaves(self) -> list[bytes]:
        """Return the digests of the leaves, in order, when they are there."""
        return [leaf if isinstance(leaf, bytes) else leaf.result() for leaf in self._leaves]

    def digest(self) -> bytes:
        """Return the digest of the whole when it is there."""
        return hashlib.sha256(self._size.to_bytes(8, "big") + b"".join(self.leaves())).digest()


class Hashers:
    """Threads that hash; they start with the first large run of bytes, and end with `close`."""

    def __init__(self, threads: int | None = None) -> None:
        self._threads = threads
        self._pool: ThreadPoolExecutor | None = None
        self._waiting: deque[tuple[int, Future[bytes]]] = deque()
        self._bytes = 0

    def tree(self, data: Bytes) -> Tree:
        """Begin to hash some bytes, which must not change before the digest is there."""
        view = memoryview(data).cast("B") if len(data) else memoryview(b"")
        size = view.nbytes
        if size <= _INLINE:
            return Tree(size, [hashlib.sha256(view).digest()])
        return Tree(size, [self._leaf(view[start : start + LEAF]) for start in range(0, size, LEAF)])

    def close(self) -> None:
        """Wait for the threads, and end them."""
        if self._pool is not None:
            self._pool.shutdown()

    def _leaf(self, view: memoryview) -> "bytes | Future[bytes]":
        pool = self._started()
        if pool is None:
            return _hashed(view)
        # what waits may be copies made for it
        while self._waiting and self._bytes > _MOST_WAITING:
            size, future = self._waiting.popleft()
            future.result()
            self._bytes -= size
        try:
            future = pool.submit(_hashed, view)
        except RuntimeError:  # no thread can be started, or the interpreter is about to end
            return _hashed(view)
        self._waiting.append((view.nbytes, future))
        self._bytes += view.nbytes
        return future

    def _started(self) -> "ThreadPoolExecutor | None":
        if self._pool is None:
            self._threads = self._threads or usable_processors()
            if self._threads > 1:
                from concurrent.futures import ThreadPoolExecutor  # small values need none

                self._pool = ThreadPoolExecutor(self._threads, "hashing")
        return self._pool


def _hashed(view: memoryview) -> bytes:
    return hashlib.sha256(view).digest()
