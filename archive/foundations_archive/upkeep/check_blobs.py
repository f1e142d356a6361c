"""The part of a check that looks at blobs: what is named is there, has its size, and is what its name says."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from foundations_archive import layout
from foundations_archive.blobs import Blobs, content_size, is_whole
from foundations_archive.errors import ArchiveDamaged, ArchiveError, NotArchived
from foundations_archive.upkeep import references
from foundations_archive.upkeep.examination import Examination
from foundations_archive.upkeep.inventory import Inventory
from foundations_archive.upkeep.references import Reference


@dataclass
class Named:
    """What the records of a store name: each reference once, with a record that names it.

    `homes` are the stores in which it may be: what a job has left of the cache's may lie in either. Of a cache's
    entries all count that name it, since each can be mended; `others` are those beside the first.
    """

    homes: Sequence[int]
    is_cache: bool = False
    references: dict[Reference, str] = field(default_factory=dict)
    others: defaultdict[Reference, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, named: Iterable[tuple[Reference, str]]) -> None:
        """Take in what a record names."""
        for reference, key in named:
            first = self.references.setdefault(reference, key)
            if first != key and self.is_cache and not reference.explains:
                self.others[reference].append(key)

    def keys(self, reference: Reference) -> list[str]:
        """Return the records that are told of where a reference leads nowhere."""
        return [self.references[reference], *self.others.get(reference, ())]


def _require_whole(data: bytes, digest: str) -> None:
    if not is_whole(data, digest):
        raise ArchiveDamaged(f"the blob {layout.blob(digest)} is damaged", key=layout.blob(digest))


class BlobCheck:
    """The blobs of the stores of an archive, as they were listed."""

    def __init__(self, look: Examination, found: Sequence[Inventory]) -> None:
        self._look = look
        self._sizes = [
            {layout.digest_in(entry.key): content_size(entry.size) for entry in one.of("blob")} for one in found
        ]
        self._damaged: list[set[str]] = [set() for _ in found]
        self._wanted: list[set[str]] = [set() for _ in found]
        self._faulty_entries: set[str] = set()

    def read_all(self) -> None:
        """Read every blob, and remember which are not what their names say."""
        for store, sizes in enumerate(self._sizes):
            self._damaged[store].update(filter(None, self._look.each(self._reader(store), sizes)))

    def follow_manifests(self, named: Named) -> None:
        """Add what the manifests name that are named."""
        manifests = [reference for reference in named.references if reference.is_manifest]
        for manifest, files in zip(
            manifests, self._look.each(lambda one: self._files(one.digests[0], named), manifests), strict=True
        ):
            named.add((file, key) for key in named.keys(manifest) for file in files)

    def examine(self, named: Named) -> None:
        """Note what is named and is not there, or not whole."""
        pairs = [(reference, key) for reference in named.references for key in named.keys(reference)]
        self._look.each(lambda pair: self._examine(*pair, named), pairs)

    def examine_orphans(self) -> tuple[int, int]:
        """Return how many blobs nothing names, and their bytes; note those that are damaged."""
        count = size = 0
        for store, sizes in enumerate(self._sizes):
            left = sizes.keys() - self._wanted[store]
            count, size = count + len(left), size + sum(sizes[digest] for digest in left)
            for digest in left & self._damaged[store]:
                what = "it is not what its name says, and nothing names it"
                self._look.found("warning", layout.blob(digest), what, store=store)
        return count, size

    def _reader(self, store: int) -> Callable[[str], str | None]:
        def damaged(digest: str) -> str | None:
            try:
                self._look.verified(lambda data: _require_whole(data, digest), layout.blob(digest), store=store)
            except NotArchived:
                return None
            except ArchiveError:
                return digest
            return None

        return damaged

    def _files(self, digest: str, named: Named) -> list[Reference]:
        for store in named.homes:
            try:
                data = Blobs(self._look.stores[store]).get(digest)
                return list(references.of_manifest(data, key=layout.blob(digest)))
            except NotArchived:
                continue
            except ArchiveError:
                self._damaged[store].add(digest)  # which `examine` tells of
        return []

    def _examine(self, reference: Reference, key: str, named: Named) -> None:
        sizes = [self._size(digest, key, named, explains=reference.explains) for digest in reference.digests]
        if None in sizes or reference.size is None:
            return
        held = sum(size for size in sizes if size is not None)
        if held < reference.size:  # of what is compressed the stored size says nothing
            held = sum(self._content_size(digest, named) for digest in reference.digests)
        if held != reference.size:
            what = f"its parts hold {held} bytes instead of the {reference.size} that {key} tells of"
            self._blame(layout.blob(reference.digests[0]), what, key, named)

    def _size(self, digest: str, key: str, named: Named, *, explains: bool) -> int | None:
        for store in named.homes:
            size = self._sizes[store].get(digest)
            if size is None and (entry := self._look.stores[store].head(layout.blob(digest))):
                size = self._sizes[store][digest] = content_size(entry.size)
            if size is not None:
                self._wanted[store].add(digest)
                if digest in self._damaged[store]:
                    what = f"it is not what its name says; {key} names it"
                    self._blame(layout.blob(digest), what, key, named, explains=explains)
                    return None
                return size
        self._blame(layout.blob(digest), f"it is not there; {key} names it", key, named, explains=explains)
        return None

    def _content_size(self, digest: str, named: Named) -> int:
        for store in named.homes:
            with suppress(NotArchived, ArchiveDamaged):
                return len(Blobs(self._look.stores[store]).get(digest))
        return 0

    def _blame(self, blob: str, what: str, key: str, named: Named, *, explains: bool = False) -> None:
        if named.is_cache and explains:
            # its result can be used all the same
            self._look.found("warning", blob, f"a part of why a stage was computed: {what}", store=named.homes[0])
        elif not named.is_cache:
            self._look.found("damage", blob, what)
        elif key not in self._faulty_entries:
            self._faulty_entries.add(key)
            what = f"its result can't be used, {blob}: {what}"
            self._look.found("warning", key, what, mend="cache", store=named.homes[0])
