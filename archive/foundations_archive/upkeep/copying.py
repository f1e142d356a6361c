"""Copying a whole archive to another place, in the order in which data moves, as often as it takes."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import groupby, islice
from typing import TypeVar

from foundations_archive import layout
from foundations_archive.blobs import is_whole
from foundations_archive.descriptor import read_descriptor
from foundations_archive.envelope import unseal
from foundations_archive.errors import ArchiveDamaged, ArchiveMisconfigured, NotArchived
from foundations_archive.packs import unpacked
from foundations_archive.store import Entry, Store
from foundations_archive.upkeep.inventory import Inventory, sorted_by_kind

_THREADS = 8
_PENDING = 2 * _THREADS

# as data moves: what names comes after what is named, so that nobody who reads the copy meanwhile is led to nothing
_ORDER = ("blob", "cache", "spec", "cancel", "start", "segment", "done", "post", "pack", "row", "hidden", "marker")
_RECORDS = {"segment": "events", "done": "job", "post": "job", "marker": "live"}
# the reverse: what is named in something that was listed is in a listing that comes later
_LISTINGS = (layout.LIVE, layout.HIDDEN, layout.ROWS, layout.JOBS, layout.CACHE, layout.BLOBS)

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

Progress = Callable[[int, int, int], None]


@dataclass
class Copied:
    """What became of the objects, a number and bytes each; `damaged` are the keys of those that were left out."""

    copied: tuple[int, int] = (0, 0)
    there: tuple[int, int] = (0, 0)
    damaged: list[str] = field(default_factory=list)


def copy(source: Store, target: Store, *, verify: bool = False, progress: Progress | None = None) -> Copied:
    """Copy an archive; what the target has already, of the same size, is skipped, and with `verify` compared.

    A job that runs is copied as it stands, and finished by the next copy. `progress` is told how many objects are
    done, of how many, and the bytes. What is none of ours stays behind. Raise
    `ArchiveMisconfigured` where the target is something else, `NewerFormat` where the source is of a later version.
    """
    if read_descriptor(source) is None:
        raise ArchiveMisconfigured(f"there is no archive at {source.location}", location=source.location)
    _refuse_nested(source, target)
    target.check()
    _introduce(source, target)
    found = sorted_by_kind(entry for prefix in _LISTINGS for entry in source.list(prefix))
    there = {entry.key: entry for entry in target.list("")}
    copying = _Copying(source, target, there, verify=verify, total=len(found.of(*_ORDER)))
    for kind in _ORDER:
        copying.copy(kind, found.of(kind), progress)
    _take_markers_away(target, found, there)
    return copying.result


def _refuse_nested(source: Store, target: Store) -> None:
    here, there = (f"{store.location.partition(' at ')[0]}/" for store in (source, target))
    server = source.location.partition(" at ")[2] == target.location.partition(" at ")[2]
    if server and (here.startswith(there) or there.startswith(here)):
        raise ArchiveMisconfigured(
            f"{target.location} and {source.location} are one place, or one lies in the other; name another place",
            location=target.location,
        )


def _introduce(source: Store, target: Store) -> None:
    """Make the target the same archive as the source, or raise; it goes first, so that a copy can be taken up again."""
    descriptor = json.loads(source.get(layout.DESCRIPTOR))
    if read_descriptor(target) is not None:
        found = json.loads(target.get(layout.DESCRIPTOR))
        if found.get("archive_id") != descriptor.get("archive_id"):
            raise ArchiveMisconfigured(
                f"{target.location} is another archive, and copying would mix the two; name an empty place",
                location=target.location,
            )
        return
    if next(iter(target.list("")), None) is not None:
        raise ArchiveMisconfigured(
            f"{target.location} is not empty and no archive; name an empty place", location=target.location
        )
    # what the other store can do is another matter
    copied = {**descriptor, "caps": {"create": "native" if target.probe() else "none"}}
    target.create(layout.DESCRIPTOR, json.dumps(copied, indent=1).encode())


def _take_markers_away(target: Store, found: Inventory, there: dict[str, Entry]) -> None:
    """Delete markers of an earlier copy of jobs that have ended since."""
    ended = {layout.job_in(key) for key in found.keys("done", "post")}
    left = set(found.keys("marker"))
    for key in there:
        if layout.kind_of(key) == "marker" and key not in left and layout.job_of(key) in ended:
            target.delete(key)


class _Copying:
    def __init__(self, source: Store, target: Store, there: dict[str, Entry], *, verify: bool, total: int) -> None:
        self.result = Copied()
        self._source, self._target, self._there = source, target, there
        self._verify = verify
        self._total = total
        self._done = 0
        self._bytes = 0

    def copy(self, kind: str, entries: Sequence[Entry], progress: Progress | None) -> None:
        """Copy all objects of a kind, a few at once; none of the next is begun before."""
        with ThreadPoolExecutor(_THREADS) as pool:
            for outcomes in _bounded(pool, lambda run: self._copy_run(kind, run), _runs(kind, entries)):
                for entry, outcome in outcomes:
                    self._count(entry, outcome)
                    if progress:
                        progress(self._done, self._total, self._bytes)

    def _count(self, entry: Entry, outcome: str) -> None:
        self._done += 1
        self._bytes += entry.size
        result = self.result
        if outcome == "copied":
            result.copied = result.copied[0] + 1, result.copied[1] + entry.size
        elif outcome == "there":
            result.there = result.there[0] + 1, result.there[1] + entry.size
        elif outcome == "damaged":
            result.damaged.append(entry.key)

    def _copy_run(self, kind: str, run: Sequence[Entry]) -> list[tuple[Entry, str]]:
        return [(entry, self._copy(kind, entry)) for entry in run]

    def _copy(self, kind: str, entry: Entry) -> str:
        there = self._there.get(entry.key)
        same = there is not None and there.size == entry.size and kind != "marker"
        if same and not self._verify:
            return "there"
        try:
            data = self._whole(kind, entry.key)
            if same and self._target.get(entry.key) == data:
                return "there"
        except ArchiveDamaged:
            return "damaged"
        except NotArchived:
            return "gone"  # a marker whose job has ended, or a row that was packed
        self._target.put(entry.key, data)
        return "copied"

    def _whole(self, kind: str, key: str) -> bytes:
        """Return what is there, read a second time where it is not what was written: it may have been the way here."""
        try:
            return self._verified(kind, key)
        except ArchiveDamaged:
            return self._verified(kind, key)

    def _verified(self, kind: str, key: str) -> bytes:
        data = self._source.get(key)
        if kind == "blob":
            if not is_whole(data, layout.digest_in(key)):
                raise ArchiveDamaged(f"the blob {key} in {self._source.location} is damaged", key=key)
        elif kind == "pack":
            unpacked(data, key)
        else:
            unseal(_RECORDS.get(kind, kind), data, key)
        return data


def _runs(kind: str, entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Yield what is copied one after the other: events of one attempt in their order, all else by itself."""
    if kind == "segment":
        for _, run in groupby(entries, key=lambda entry: entry.key.rpartition("/")[0]):
            yield list(run)
    else:
        yield from ([entry] for entry in entries)


def _bounded(
    pool: ThreadPoolExecutor, function: Callable[[_Item], _Result], items: Iterable[_Item]
) -> Iterator[_Result]:
    """Yield what a function makes of each item as it comes; no more are begun than are about to be done."""
    left = iter(items)
    pending: set[Future[_Result]] = set()
    try:
        while True:
            pending |= {pool.submit(function, item) for item in islice(left, _PENDING - len(pending))}
            if not pending:
                return
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
    finally:
        for future in pending:
            future.cancel()
