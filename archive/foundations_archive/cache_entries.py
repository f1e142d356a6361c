"""Entries of the cache: what a key's stage has given, and what the run that made it left.

Under one key there may be several that were made while a stage read other things beside its code and its arguments. The
first has the key's own name; the others stand beside it, and are listed only where that one serves no longer.
"""

import hashlib
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from foundations_archive import layout
from foundations_archive.envelope import canonical, made, unseal
from foundations_archive.errors import ArchiveDamaged, ArchiveError, NewerFormat, NotArchived, is_of_one_object
from foundations_archive.parallel import at_once
from foundations_archive.records import CacheEntry, plain
from foundations_archive.rereading import read_verified

if TYPE_CHECKING:
    from foundations_archive.archive import Archive

# hears of an entry that is there and can't be used
Unusable = Callable[[ArchiveError], None]

# of more than that under one key, as of a stage that reads what is always new, the youngest serve
MOST_BESIDE = 16


def read_entry(archive: "Archive", name: str, unusable: Unusable | None = None) -> CacheEntry | None:
    """Return the entry at a key of the archive, or None where there is none that can be used; see `Archive.cached`."""

    def opened(data: bytes) -> object:
        return unseal("cache", data, name, signing=archive.signing)

    try:
        return made(CacheEntry.of, read_verified(archive.cache_store, name, opened), name)
    except NotArchived:
        return None
    except ArchiveError as error:
        _tell(error, unusable)
        return None


def entries_beside(archive: "Archive", key: str, unusable: Unusable | None = None) -> list[tuple[str, CacheEntry]]:
    """Return the names and the entries that stand beside that of a cache key, the youngest first."""
    try:
        listed = sorted(archive.cache_store.list(layout.cached_beside(key)), key=lambda entry: entry.age)
    except ArchiveError as error:
        _tell(error, unusable)
        return []
    names = [entry.key for entry in listed[:MOST_BESIDE]]
    found = at_once(partial(read_entry, archive, unusable=unusable), names)
    return [(name, entry) for name, entry in zip(names, found, strict=True) if entry is not None]


def write_entry(archive: "Archive", key: str, entry: CacheEntry, *, place: str = "first") -> None:
    """Write the entry of a cache key unless there is one that can be used, beside it or instead; see `Archive.keep`."""
    name = _beside(key, entry) if place == "beside" else layout.cached(key)
    data = archive.seal("cache", plain(entry), key=name)
    if place != "first":
        archive.cache_store.put(name, data)  # of equal inputs the younger result counts
    elif not archive.cache_store.create(name, data) and not _serves(archive, name):
        archive.cache_store.put(name, data)


def _tell(error: ArchiveError, unusable: Unusable | None) -> None:
    """Tell of an entry that can't be used; raise where more is out of reach, or nobody hears that it is refused."""
    if unusable is not None and is_of_one_object(error):
        unusable(error)
    elif not isinstance(error, ArchiveDamaged | NewerFormat):
        raise error


def _beside(key: str, entry: CacheEntry) -> str:
    observed = hashlib.sha256(canonical(plain(entry.observed))).hexdigest()
    return layout.cached_beside(key, observed[:16])


def _serves(archive: "Archive", name: str) -> bool:
    try:
        return read_entry(archive, name) is not None
    except ArchiveError as error:
        if not is_of_one_object(error):
            raise
        return False
