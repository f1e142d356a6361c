"""Leases that nobody can hold any more, found and deleted."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby

from foundations_archive import layout
from foundations_archive.store import Entry, Store

_THREADS = 8


def old_leases(store: Store, *, older_than: float) -> list[Entry]:
    """Return the generations of all leases of which none has shown life for so many seconds."""
    listed = (entry for entry in store.list(layout.LEASES) if layout.kind_of(entry.key) == "lease")
    found: list[Entry] = []
    for _, generations in groupby(listed, key=lambda entry: layout.generations_beside(entry.key)):
        one = list(generations)
        if all(entry.age > older_than for entry in one):
            found += one
    return found


def delete_leases(store: Store, *, older_than: float) -> list[Entry]:
    """Delete these, each looked at again just before, and return them."""
    found = old_leases(store, older_than=older_than)
    names = list(dict.fromkeys(layout.generations_beside(entry.key) for entry in found))
    with ThreadPoolExecutor(_THREADS) as pool:
        gone = pool.map(lambda name: list(_delete(store, name, older_than)), names)
        return [entry for entries in gone for entry in entries]


def _delete(store: Store, name: str, older_than: float) -> Iterator[Entry]:
    # the last goes first: as long as an earlier one is there nobody begins again at the first, and meets a later one
    for entry in reversed(list(store.list(name))):
        if any(other.age <= older_than for other in store.list(name)):
            return
        store.delete(entry.key)
        yield entry
