"""Packing: rows of ended jobs, and small packs, become larger packs, so that a reader needs a handful of requests.

Whoever packs takes the rows that no pack has and, from the smallest up, the packs that are not much larger than what
it has by then: a row is written again about once each time that the jobs have tripled. Nothing is locked: packs that
overlap are no fault, and what a pack replaces is deleted by a later packing, when that pack has been there long enough
for every listing to show it.
"""

import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from foundations_archive import layout
from foundations_archive.archive import Archive
from foundations_archive.errors import ArchiveDamaged, NotArchived
from foundations_archive.groups import grouped, merged
from foundations_archive.index import THREADS, read_row
from foundations_archive.packs import Pack, unpacked
from foundations_archive.records import JobSpec
from foundations_archive.store import Entry

PACK_ROWS = 16_384
PACK_BYTES = 32 << 20
LARGE_ROW = 256 << 10
SWEEP_AFTER = 600.0

_ONE_IN = 8
_PAUSE_SECONDS = 2.0
# rows of up to this size were below `LARGE_ROW` when they were compressed
_LARGE_PLAIN_ROW = 8 * LARGE_ROW
# what one listing tells of ages may be off by its own duration, and by a second where a store counts in these
_SLACK_SECONDS = 60.0


@dataclass(frozen=True)
class PackingReport:
    """What a packing has done, and the keys that it could not read."""

    rows: int = 0
    packs: int = 0
    deleted: int = 0
    damaged: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Bounds:
    """How much one packing may do, and whether it merges all packs that fit or those alone that are due."""

    rows: int
    read_bytes: float
    deletes: int
    thorough: bool


_AFTER_A_JOB = _Bounds(rows=1024, read_bytes=16 << 20, deletes=1000, thorough=False)
_THOROUGH = _Bounds(rows=PACK_ROWS, read_bytes=float("inf"), deletes=sys.maxsize, thorough=True)


def compact(archive: Archive, project: str | None = None) -> PackingReport:
    """Pack all rows of one project, or of all, and delete what packs have replaced for ten minutes.

    May run beside jobs, readers and other packings, and may be killed at any time.
    """
    folders = {layout.folder_of(entry.key): entry.key for entry in archive.store.list(layout.index(project))}
    reports = [report for key in folders.values() for report in _until_done(archive, layout.index_beside(key))]
    return PackingReport(
        rows=sum(report.rows for report in reports),
        packs=sum(report.packs for report in reports),
        deleted=sum(report.deleted for report in reports),
        damaged=tuple(dict.fromkeys(key for report in reports for key in report.damaged)),
    )


def pack_after_job(archive: Archive, spec: JobSpec) -> None:
    """Pack rows of a project when it is the turn of a job of it that has just ended; whatever goes wrong is let be.

    The job is sealed and its row is there: the next packing does what this one could not.
    """
    if is_turn(spec.job_id):
        with suppress(Exception):
            _Packing(archive, layout.index(spec.project), _AFTER_A_JOB).run()


def is_turn(job_id: str) -> bool:
    """Tell whether the courier of a job is the one in eight that packs."""
    return hashlib.sha256(job_id.encode("utf-8", "surrogatepass")).digest()[0] % _ONE_IN == 0


def _until_done(archive: Archive, prefix: str) -> Iterator[PackingReport]:
    while True:
        yield (report := _Packing(archive, prefix, _THOROUGH).run())
        if not report.packs:
            return


class _Packing:
    """One packing of one project."""

    def __init__(self, archive: Archive, prefix: str, bounds: _Bounds) -> None:
        self._store, self._bounds = archive.store, bounds
        self._entries = {entry.key: entry for entry in archive.store.list(prefix)}
        self._packs: dict[str, Pack] = {}
        self._replaced: set[str] = set()
        self._damaged: list[str] = []
        self._left = bounds.read_bytes

    def run(self) -> PackingReport:
        """Pack what is to be packed, and sweep."""
        listed = [entry for key, entry in self._entries.items() if layout.is_pack(key)]
        if not self._bounds.thorough and any(entry.age < _PAUSE_SECONDS for entry in listed):
            return PackingReport()  # of many jobs that end at once not all need to
        horizon = self._read_what_covers(listed)
        with ThreadPoolExecutor(THREADS) as pool:
            rows = self._read_rows(pool, horizon)
            smaller = self._due(listed, sum(size for _, size in rows.values()), len(rows))
            written = self._write(rows, smaller)
            deleted = self._sweep(pool)
        return PackingReport(len(rows) if written else 0, int(written), deleted, tuple(self._damaged))

    def _read_what_covers(self, listed: Sequence[Entry]) -> float:
        """Read the packs that may replace something that is still there; return how old a row may be to be packed.

        What replaces something is younger: a row that is younger than all packs that were not read is in no pack.
        """
        small = [entry.age for entry in self._entries.values() if _is_small_row(entry)]
        oldest = max(small, default=float("-inf")) + _SLACK_SECONDS
        for entry in sorted(listed, key=attrgetter("age")):
            if entry.key in self._replaced:
                continue
            asked = self._bounds.thorough or entry.age <= oldest or _may_replace_one(entry, listed)
            if asked and entry.size <= self._left:
                self._read_pack(entry)
            elif entry.age <= oldest:
                return entry.age - _SLACK_SECONDS
        return float("inf")

    def _read_pack(self, entry: Entry) -> Pack | None:
        if entry.key in self._packs:
            return self._packs[entry.key]
        self._left -= entry.size
        try:
            pack = unpacked(self._store.get(entry.key), entry.key)
        except NotArchived:
            return None
        except ArchiveDamaged:
            self._damaged.append(entry.key)
            return None
        self._packs[entry.key] = pack
        self._replaced |= pack.replaces
        return pack

    def _read_rows(self, pool: ThreadPoolExecutor, horizon: float) -> dict[str, tuple[dict[str, Any], int]]:
        """Return rows that are in no pack, with their sizes, oldest first."""
        free = [
            entry
            for entry in self._entries.values()
            if _is_small_row(entry) and entry.age < horizon and entry.key not in self._replaced
        ]
        first = sorted(free, key=lambda entry: (-entry.age, entry.key))[: self._bounds.rows]
        keys = [entry.key for entry in first]
        rows: dict[str, tuple[dict[str, Any], int]] = {}
        size = 0
        for key, row in zip(keys, pool.map(self._read_row, keys), strict=True):
            length = len(json.dumps(row)) if row else 0
            if row and length <= _LARGE_PLAIN_ROW and size + length <= PACK_BYTES:
                rows[key] = row, length
                size += length
        return rows

    def _read_row(self, key: str) -> dict[str, Any] | None:
        try:
            return read_row(self._store.get(key), key)
        except NotArchived:
            return None
        except ArchiveDamaged:
            self._damaged.append(key)
            return None

    def _due(self, listed: Iterable[Entry], size: int, rows: int) -> dict[str, Pack]:
        """Return the packs to merge with rows of this number and size, going up from the smallest."""
        taken: dict[str, Pack] = {}
        for entry in sorted(listed, key=lambda entry: (layout.rows_in(entry.key), entry.key)):
            if entry.key in self._replaced or entry.key in self._damaged:
                continue
            count = layout.rows_in(entry.key)
            late = count > 2 * rows and not self._bounds.thorough
            if late or count > PACK_ROWS // 2 or rows + count > PACK_ROWS:
                break
            if entry.key not in self._packs and entry.size > self._left:
                break
            pack = self._read_pack(entry)
            if pack is None:
                continue
            if size + pack.size > PACK_BYTES:
                break
            taken[entry.key] = pack
            rows, size = rows + count, size + pack.size
        return taken

    def _write(self, rows: dict[str, tuple[dict[str, Any], int]], smaller: dict[str, Pack]) -> bool:
        # one object in place of one spares nobody a request
        if len(rows) + len(smaller) < 2:
            return False
        groups, _ = grouped([row for row, _ in rows.values()])
        groups += [group for pack in smaller.values() for group in pack.groups]
        # what the smaller packs replace may still be there: it must not come back when they are gone
        inherited = {key for pack in smaller.values() for key in pack.replaces if key in self._entries}
        pack = Pack.of(merged(groups), frozenset({*rows, *smaller, *inherited}))
        self._store.put(layout.pack(next(iter(self._entries)), pack.name), pack.packed())
        return True

    def _sweep(self, pool: ThreadPoolExecutor) -> int:
        """Delete what packs have replaced that were read just now and have been there for long."""
        superfluous: set[str] = set()
        for key, pack in self._packs.items():
            if self._entries[key].age >= SWEEP_AFTER:
                jobs = {job for group in pack.groups for job in group.jobs}
                there = (one for one in pack.replaces if one in self._entries)
                superfluous.update(one for one in there if layout.is_pack(one) or layout.job_of(one) in jobs)
        chosen = sorted(superfluous)[: self._bounds.deletes]
        return len(list(pool.map(self._store.delete, chosen)))


def _is_small_row(entry: Entry) -> bool:
    return layout.is_row(entry.key) and entry.size <= LARGE_ROW


def _may_replace_one(entry: Entry, listed: Iterable[Entry]) -> bool:
    """Tell whether a pack may be made of another one: that is older, has no more rows, and was not full."""
    rows = layout.rows_in(entry.key)
    return any(
        other.key != entry.key and other.age >= entry.age and layout.rows_in(other.key) <= min(rows, PACK_ROWS // 2)
        for other in listed
    )
