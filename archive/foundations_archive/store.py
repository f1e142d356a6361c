"""What the archive asks of a place that keeps bytes under names."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

TEMPORARY = ".tmp"
# what a store yields at once whose values can be read in `pieces`, which it may have beside the verbs of `Store`
PIECE = 1024 * 1024

_LONGEST_KEY = 900
_LONGEST_SEGMENT = 255
_SAFE = re.compile(r"[A-Za-z0-9._=-]+(/[A-Za-z0-9._=-]+)*")


@dataclass(frozen=True)
class Entry:
    """One value in a store; `age` is in seconds since it was last written, on the store's own clock."""

    key: str
    size: int
    age: float


class Store(Protocol):
    """Bytes under '/'-separated keys.

    Every verb may be repeated, and raises an `ArchiveError` when it can't know. An unsafe key raises
    `ValueError` before the store is asked (see `require_safe_key`).
    """

    @property
    def location(self) -> str:
        """What to show people: an absolute directory, or "s3://bucket/prefix at http://endpoint"."""

    def get(self, key: str) -> bytes:
        """Return the whole value; raise `NotArchived` only when it is really not there."""

    def put(self, key: str, data: bytes | bytearray | memoryview) -> None:
        """Write the value; a reader sees the old bytes or the new ones, never a part of them."""

    def create(self, key: str, data: bytes | bytearray | memoryview) -> bool:
        """Write the value unless there is one, and say whether this call wrote it.

        Of many callers at once one gets True, wherever the store can refuse a write (see `probe`). When the reply
        to a write was lost, S3 refuses the retry; equal bytes there then count as ours, so create with a nonce.
        """

    def list(self, prefix: str) -> Iterator[Entry]:
        """Give every entry whose key starts with `prefix` (a whole segment or not), in key order."""

    def head(self, key: str) -> Entry | None:
        """Return the entry under `key`, or None when there is none."""

    def delete(self, key: str) -> None:
        """Remove the value; no error when it is not there."""

    def check(self) -> None:
        """Raise unless this caller can reach the store and write to it; leave nothing behind that a listing shows."""

    def look(self) -> None:
        """Raise unless this caller can reach the store, and write to it as far as that shows without writing."""

    def probe(self) -> bool:
        """Tell, by a write that must be refused, whether the store refuses to create what is there already.

        Where it does not, `create` looks first from then on.
        """

    def look_before_create(self) -> None:
        """Let `create` look first: a probe has found out, maybe in another process, that the store refuses nothing."""

    def sweep_temporary(self, older_than: float) -> int:
        """Remove what writers that died have left unfinished, if it is older than so many seconds; say how many."""


def require_safe_key(key: str) -> None:
    """Raise `ValueError` for a key that some store would refuse, change or take for another."""
    segments = key.split("/")
    if len(key) > _LONGEST_KEY or max(map(len, segments)) > _LONGEST_SEGMENT:
        limits = f"{_LONGEST_KEY} bytes and {_LONGEST_SEGMENT} a segment"
        raise ValueError(f"key {key[:40]!r}... of {len(key)} characters is too long; the limit is {limits}")
    if not _SAFE.fullmatch(key):
        raise ValueError(f"unsafe key {key!r}; a key is segments of [A-Za-z0-9._=-] joined by single '/'")
    if segments[0] == TEMPORARY or not {".", ".."}.isdisjoint(segments):
        raise ValueError(f"unsafe key {key!r}; no segment may be '.' or '..', nor the first {TEMPORARY!r}")


def require_safe_prefix(prefix: str) -> None:
    """Raise `ValueError` for a prefix that no safe key starts with; the empty prefix is every key's."""
    # Completed by one character the prefix is a key exactly when it is the beginning of one.
    require_safe_key(prefix + "0")
