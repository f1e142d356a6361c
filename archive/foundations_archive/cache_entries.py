"""Entries of the cache: what a key's stage has given, and what the run that made it left."""

from typing import TYPE_CHECKING

from foundations_archive import layout
from foundations_archive.envelope import made, unseal
from foundations_archive.errors import ArchiveDamaged, ArchiveUntrusted, NewerFormat, NotArchived
from foundations_archive.records import CacheEntry, plain
from foundations_archive.rereading import read_verified

if TYPE_CHECKING:
    from foundations_archive.archive import Archive


def read_entry(archive: "Archive", key: str) -> CacheEntry | None:
    """Return the entry of a cache key, or None where there is none that can be used; see `Archive.cached`."""
    name = layout.cached(key)

    def opened(data: bytes) -> object:
        return unseal("cache", data, name, signing=archive.signing)

    try:
        return made(CacheEntry.of, read_verified(archive.cache_store, name, opened), name)
    except (NotArchived, ArchiveDamaged, NewerFormat):
        return None


def write_entry(archive: "Archive", key: str, entry: CacheEntry) -> None:
    """Write the entry of a cache key unless there is one that can be used."""
    name = layout.cached(key)
    data = archive.seal("cache", plain(entry), key=name)
    if not archive.cache_store.create(name, data) and not _serves(archive, key):
        archive.cache_store.put(name, data)


def _serves(archive: "Archive", key: str) -> bool:
    try:
        return read_entry(archive, key) is not None
    except ArchiveUntrusted:
        return False
