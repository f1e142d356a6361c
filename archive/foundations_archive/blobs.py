"""Bytes named by their content, cut into chunks that fit into memory and into one put."""

import hashlib
from collections.abc import Iterable, Iterator

from foundations_archive import layout
from foundations_archive.errors import ArchiveDamaged
from foundations_archive.records import Buffer
from foundations_archive.store import Store

CHUNK = 16 * 1024 * 1024

# how long the collector leaves a blob alone that nothing names: whoever put it may be about to name it
GRACE_SECONDS = 7 * 86400.0

# what stands before the content: a magic number and the codec, so that a later version may compress
_HEAD = b"FB1\x00"


class Blobs:
    """The blobs of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._damaged: set[str] = set()

    def put(self, data: bytes | bytearray | memoryview) -> str:
        """Write `data` unless it is there already, and return its digest; what `get` found damaged is replaced."""
        digest = hashlib.sha256(data).hexdigest()
        key = layout.blob(digest)
        found = self._store.head(key)
        if found is None or found.size != len(data) + len(_HEAD) or digest in self._damaged:
            self._store.put(key, b"".join((_HEAD, data)))
            self._damaged.discard(digest)
        return digest

    def holds(self, digest: str) -> bool:
        """Tell whether there is a blob of this digest; whether it is whole only `get` finds out."""
        return self._store.head(layout.blob(digest)) is not None

    def get(self, digest: str) -> bytes:
        """Return the content of a blob; raise `NotArchived`, or `ArchiveDamaged` if it is not what its name says."""
        key = layout.blob(digest)
        data = memoryview(self._store.get(key))
        if data[: len(_HEAD)] != _HEAD or hashlib.sha256(data[len(_HEAD) :]).hexdigest() != digest:
            self._damaged.add(digest)
            raise ArchiveDamaged(f"the blob {key} in {self._store.location} is damaged", key=key)
        return bytes(data[len(_HEAD) :])

    def put_buffer(self, chunks: Iterable[bytes | bytearray | memoryview]) -> Buffer:
        """Write chunks as they come, none larger than `CHUNK`, and return the buffer that they make."""
        size, digests = 0, []
        for chunk in chunks:
            size += len(chunk)
            digests.append(self.put(chunk))
        return Buffer(size, tuple(digests))

    def put_bytes(self, data: bytes) -> Buffer:
        """Write `data` in chunks, and return the buffer that they make."""
        view = memoryview(data)
        return self.put_buffer(view[start : start + CHUNK] for start in range(0, len(view), CHUNK))

    def get_buffer(self, buffer: Buffer) -> Iterator[bytes]:
        """Yield the chunks of a buffer, each verified."""
        for digest in buffer.chunks:
            yield self.get(digest)

    def read(self, buffer: Buffer) -> bytearray:
        """Return a whole buffer; raise `ArchiveDamaged` where its length is not what was written."""
        data = bytearray().join(self.get_buffer(buffer))  # an array over it can be written to
        if len(data) != buffer.size:
            raise ArchiveDamaged(
                f"a value in {self._store.location} has {len(data)} bytes instead of {buffer.size}",
                key=layout.blob(buffer.chunks[0]) if buffer.chunks else "",
            )
        return data


def content_size(stored: int) -> int:
    """Return the size of the content of a blob that takes up so many bytes."""
    return stored - len(_HEAD)


def is_whole(data: bytes, digest: str) -> bool:
    """Tell whether what is stored as a blob is what its name says."""
    view = memoryview(data)
    return view[: len(_HEAD)] == _HEAD and hashlib.sha256(view[len(_HEAD) :]).hexdigest() == digest
