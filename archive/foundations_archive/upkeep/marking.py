"""All blobs that the records of a store name: what a collection must keep, and what a job takes up."""

import re
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from foundations_archive import layout
from foundations_archive.blobs import Blobs
from foundations_archive.envelope import unseal
from foundations_archive.errors import ArchiveError, NotArchived
from foundations_archive.store import Store
from foundations_archive.upkeep import references
from foundations_archive.upkeep.inventory import Inventory

_THREADS = 12
_LOOKS_LIKE_A_DIGEST = re.compile(rb"[0-9a-f]{64}")

# what each kind of record calls itself; all that is under a job and in the cache holds its blobs
_ROOTS: Mapping[str, str] = {
    "spec": "spec",
    "start": "start",
    "segment": "events",
    "done": "job",
    "post": "job",
    "cache": "cache",
}


class Marking:
    """The blobs that a store's records name, by job or cache entry; `unreadable` says which could not be read."""

    def __init__(self, store: Store) -> None:
        self.unreadable: list[str] = []
        self._store = store
        self._manifests: dict[str, frozenset[str]] = {}
        self._lock = threading.Lock()

    def named(self, keys: Iterable[str]) -> set[str]:
        """Return the digests of the blobs that some records name, and of those that manifests named there name."""
        names: set[str] = set()
        for key in keys:
            try:
                found, manifests = self._names(key)
                names |= found
                for digest in manifests:
                    names |= self._contents(digest, key)
            except ArchiveError as error:
                with self._lock:
                    self.unreadable.append(f"{key}: {error}")
        return names

    def _names(self, key: str) -> tuple[set[str], set[str]]:
        kind = layout.kind_of(key)
        try:
            data = self._store.get(key)
        except NotArchived:
            if kind == "cache":  # a result that could not be used any more
                return set(), set()
            raise
        if kind is None:  # a later version's, perhaps
            return {found.decode() for found in _LOOKS_LIKE_A_DIGEST.findall(data)}, set()
        return references.names_in(unseal(_ROOTS[kind], data, key))

    def _contents(self, manifest: str, key: str) -> frozenset[str]:
        with self._lock:
            known = self._manifests.get(manifest)
        if known is None:
            try:
                data = Blobs(self._store).get(manifest)
            except NotArchived as error:
                raise NotArchived(f"it names the manifest {layout.blob(manifest)}, which is gone", key=key) from error
            found = references.of_manifest(data, key=layout.blob(manifest))
            known = frozenset(digest for reference in found for digest in reference.digests)
            with self._lock:
                self._manifests[manifest] = known
        return known


def roots(found: Inventory) -> dict[str, list[str]]:
    """Return the keys of all records that may name blobs, by job or cache entry."""
    by_owner: dict[str, list[str]] = {}
    for entry in found.of(*_ROOTS, None):
        key = entry.key
        if key.startswith(layout.JOBS) and key.count("/") > 1:
            by_owner.setdefault(layout.job_in(key), []).append(key)
        elif key.startswith((layout.CACHE, layout.JOBS)):
            by_owner.setdefault(key, []).append(key)
    return by_owner


def marked(store: Store, found: Inventory, *, each: Any = None) -> tuple[set[str], list[str]]:
    """Return every blob that records name, and what could not be read; `each` is told the names of each owner."""
    marking = Marking(store)
    names: set[str] = set()
    owners = roots(found)
    with ThreadPoolExecutor(_THREADS) as pool:
        for owner, own in zip(owners, pool.map(marking.named, owners.values()), strict=True):
            names |= own
            if each is not None:
                each(owner, own)
    return names, marking.unreadable
