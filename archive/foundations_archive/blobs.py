"""Bytes named by their content, cut into chunks that fit into memory and into one put."""

import hashlib
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, nullcontext
from functools import partial
from pathlib import Path

from foundations_archive import codecs, layout
from foundations_archive.codecs import RAW, ZLIB, Expanding, compressed, content_of
from foundations_archive.errors import (
    ArchiveDamaged,
    ArchiveError,
    ArchiveForbidden,
    ArchiveUnreachable,
    is_of_one_object,
)
from foundations_archive.pace import Pace
from foundations_archive.parallel import ahead, at_once
from foundations_archive.records import Buffer
from foundations_archive.rereading import read_verified
from foundations_archive.store import Store

CHUNK, ROOM = codecs.CHUNK, codecs.ROOM

# how long the collector leaves a blob alone that nothing names: whoever put it may be about to name it
GRACE_SECONDS = 7 * 86400.0

# below it a put costs a store far away no more than the question whether it is needed
_LOOK_FROM = 64 * 1024
_READERS = 8


class Blobs:
    """The blobs of one store; safe to share between threads."""

    def __init__(self, store: Store, *, pace: Pace | None = None) -> None:
        self._store = store
        self._damaged: set[str] = set()
        self._unreadable: set[str] = set()
        # on a disk it is the other way round: a look is quick, and a put waits for the disk
        on_disk = Path(store.location).is_absolute()
        self._look_from = 0 if on_disk else _LOOK_FROM
        self._pace = pace or (None if on_disk else Pace())  # a disk takes more than can be compressed

    def put(self, data: bytes | bytearray | memoryview, *, compress: bool = False) -> str:
        """Make sure that `data` is there, and return its digest.

        It is written unless a blob of its size is there that is not old: the collector leaves it alone then for half
        of its grace at least. What `get` could not read is replaced. With `compress` it may be where that pays: what is
        at least halved, on its way to a store that is known to be slow.
        """
        return self._put(memoryview(data), lambda: bytearray().join((RAW, data)), compress=compress)

    def put_in_place(self, data: bytearray) -> str:
        """Put what follows the first `ROOM` bytes of `data`, which are overwritten: compressed, or without a copy."""
        data[:ROOM] = RAW
        return self._put(memoryview(data)[ROOM:], lambda: data, compress=True)

    def holds(self, digest: str) -> bool:
        """Tell whether there is a blob of this digest; whether it is whole only `get` finds out."""
        return self._store.head(layout.blob(digest)) is not None

    def get(self, digest: str) -> bytes:
        """Return the content of a blob; raise `NotArchived`, or `ArchiveDamaged` if it is not what its name says."""
        key = layout.blob(digest)

        def content(data: bytes) -> bytes:
            found = content_of(data)
            if found is None or hashlib.sha256(found).hexdigest() != digest:
                raise ArchiveDamaged(f"the blob {key} in {self._store.location} is damaged", key=key)
            return bytes(found)

        try:
            return read_verified(self._store, key, content)
        except ArchiveDamaged:
            self._damaged.add(digest)
            raise
        except ArchiveForbidden:
            self._unreadable.add(digest)
            raise

    def fault(self, digests: Iterable[str]) -> ArchiveError | None:
        """Return why one of these blobs can't be had, or None where all are whole.

        All are read even so: what can't be, `put` replaces, and else it would do so with the first one alone.
        """
        return next((fault for fault in at_once(self._fault, digests, size=lambda _: CHUNK) if fault), None)

    def put_buffer(self, chunks: Iterable[bytes | bytearray | memoryview], *, compress: bool = False) -> Buffer:
        """Write chunks as they come, a few at once and none larger than `CHUNK`; return the buffer that they make."""
        sizes: list[int] = []

        def counted() -> Iterator[bytes | bytearray | memoryview]:
            for chunk in chunks:
                sizes.append(len(chunk))
                yield chunk

        digests = at_once(partial(self.put, compress=True) if compress else self.put, counted(), size=len)
        return Buffer(sum(sizes), tuple(digests))

    def put_bytes(self, data: bytes) -> Buffer:
        """Write `data` in chunks, and return the buffer that they make."""
        view = memoryview(data)
        if 0 < len(view) <= CHUNK:
            return Buffer(len(view), (self.put(view),))
        return self.put_buffer(view[start : start + CHUNK] for start in range(0, len(view), CHUNK))

    def get_buffer(self, buffer: Buffer) -> Iterator[bytes]:
        """Yield the chunks of a buffer, each verified, while the following ones are on their way."""
        if len(buffer.chunks) == 1:
            yield self.get(buffer.chunks[0])
            return
        with closing(ahead(self.get, buffer.chunks, size=lambda _: CHUNK)) as chunks:
            yield from chunks

    def read(self, buffer: Buffer) -> bytearray:
        """Return a whole buffer, each chunk verified; raise `ArchiveDamaged` where its length is not what was written.

        Beside the buffer itself hardly anything is held: chunks are read to where they belong, several at once.
        """
        if len(buffer.chunks) != -(-buffer.size // CHUNK):
            return self._joined(buffer)
        data = bytearray(buffer.size)  # an array over it can be written to
        with memoryview(data) as whole, closing(ahead(self._fill, _places(buffer, whole), at_once=_READERS)) as filled:
            fits = all(filled)
        return data if fits else self._joined(buffer)

    def _put(self, content: memoryview, whole: Callable[[], bytearray], *, compress: bool) -> str:
        digest = hashlib.sha256(content).hexdigest()
        standing = self._standing(digest, len(content))
        if standing != len(content) + ROOM:
            # one that stands may be there compressed, by whoever had a slower line
            pays = self._pace is not None and (standing is not None or self._pace.slow)
            smaller = compressed(content) if compress and pays else None
            if smaller is None or standing != len(smaller):
                self._replace(digest, whole() if smaller is None else smaller)
        return digest

    def _replace(self, digest: str, data: bytearray) -> None:
        try:
            self._write(layout.blob(digest), data)
        except ArchiveForbidden:
            # another user's, whom it serves: it can be neither read nor replaced by this one
            if digest not in self._unreadable or not self.holds(digest):
                raise
            return
        self._damaged.discard(digest)
        self._unreadable.discard(digest)

    def _fault(self, digest: str) -> ArchiveError | None:
        try:
            self.get(digest)
        except ArchiveError as error:
            if not is_of_one_object(error):
                raise
            return error
        return None

    def _write(self, key: str, data: bytearray) -> None:
        with self._pace.passing(len(data)) if self._pace else nullcontext():
            self._store.put(key, data)

    def _standing(self, digest: str, size: int) -> int | None:
        """Return the stored size of a blob that need not be written unless that is wrong."""
        if size < self._look_from or digest in self._damaged or digest in self._unreadable:
            return None
        found = self._store.head(layout.blob(digest))
        return found.size if found is not None and found.age <= GRACE_SECONDS / 2 else None

    def _fill(self, place: tuple[str, memoryview]) -> bool:
        """Read a blob to its place, and tell whether it is as long as that."""
        digest, target = place
        reading = _Reading(target)
        try:
            with closing(_pieces(self._store, layout.blob(digest))) as pieces:
                whole = all(map(reading.take, pieces))
        except ArchiveUnreachable:
            if not reading.begun:
                raise
            whole = False  # cut off on its way: once more, at one go
        if whole and reading.digest() == digest:
            return True
        content = memoryview(self.get(digest))  # which raises where it is not what was written
        if len(content) != len(target):
            return False
        target[:] = content
        return True

    def _joined(self, buffer: Buffer) -> bytearray:
        """Return a buffer that was not cut into chunks of the usual size."""
        data = bytearray()
        for digest in buffer.chunks:
            data += self.get(digest)
        if len(data) != buffer.size:
            raise ArchiveDamaged(
                f"a value in {self._store.location} has {len(data)} bytes instead of {buffer.size}",
                key=layout.blob(buffer.chunks[0]) if buffer.chunks else "",
            )
        return data


class _Reading:
    """A blob that comes in pieces, and is hashed while they go to their place."""

    def __init__(self, target: memoryview) -> None:
        self._target, self._at = target, 0
        self._hash, self._head = hashlib.sha256(), b""
        self._expanding = Expanding(len(target))
        self.begun = False

    def take(self, piece: bytes) -> bool:
        """Take in a piece, and tell whether there was room for it."""
        self.begun = True
        content = memoryview(piece)
        if lacking := ROOM - len(self._head):
            self._head, content = self._head + bytes(content[:lacking]), content[lacking:]
        if self._head != ZLIB:
            return self._place(content)
        try:
            return all(self._place(made) for made in self._expanding.pieces(content))
        except zlib.error:
            return False

    def _place(self, content: memoryview | bytes) -> bool:
        end = self._at + len(content)
        if end > len(self._target):
            return False
        self._hash.update(content)
        self._target[self._at : end] = content
        self._at = end
        return True

    def digest(self) -> str | None:
        """Return the digest of what has come, if that fills its place and is a blob."""
        whole = self._head == RAW or (self._head == ZLIB and self._expanding.complete)
        return self._hash.hexdigest() if whole and self._at == len(self._target) else None


def _places(buffer: Buffer, whole: memoryview) -> Iterator[tuple[str, memoryview]]:
    """Yield each chunk's digest and where its bytes belong, if all but the last are of the usual size."""
    for number, digest in enumerate(buffer.chunks):
        yield digest, whole[number * CHUNK : (number + 1) * CHUNK]


def _pieces(store: Store, key: str) -> Generator[bytes]:
    """Yield a value as it comes where the store can do that, else whole."""
    pieces = getattr(store, "pieces", None)
    if pieces is None:
        yield store.get(key)
    else:
        yield from pieces(key)


def content_size(stored: int) -> int:
    """Return the size of the content of a blob that takes up so many bytes, unless it is compressed."""
    return stored - ROOM


def is_whole(data: bytes, digest: str) -> bool:
    """Tell whether what is stored as a blob is what its name says."""
    content = content_of(data)
    return content is not None and hashlib.sha256(content).hexdigest() == digest
