"""What jobs there are: live ones, rows of ended ones, and packs of rows, read in the order in which data moves.

A job that moves meanwhile is seen in one of them; one that is seen in two is one job. What is damaged costs a warning,
and is made anew from the jobs' own records where these are there.
"""

from collections.abc import Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from foundations_archive import layout
from foundations_archive.damage import lost_spec, rebuilt_row, warn_of_index, warn_of_jobs
from foundations_archive.envelope import unseal
from foundations_archive.errors import ArchiveDamaged, NotArchived
from foundations_archive.groups import Group, Shape, each_once, grouped
from foundations_archive.packs import Pack, jobs_named_in, unpacked
from foundations_archive.records import row_of
from foundations_archive.store import Entry
from foundations_archive.table import Table

if TYPE_CHECKING:
    from foundations_archive.archive import Archive

THREADS = 16

_LISTINGS = 4


def read_table(archive: "Archive", project: str | None, *, hidden: bool = False) -> Table:
    """Return the rows of the jobs of one project, or of all, but for those that are hidden, unless these count too.

    Rows of jobs that have not ended are made up from what is there of them. Warn of what is damaged.
    """
    with ThreadPoolExecutor(THREADS) as pool:
        reading = _Reading(archive, project, pool)
        live = reading.list_live()
        reading.read()
        ended = reading.table()
        out = set() if hidden else reading.hidden.result()
        there = {job for group in ended.groups for job in group.jobs}.union(row["job_id"] for row in ended.rows)
        left = [job for job in dict.fromkeys(live) if job not in there | out]
        living = list(pool.map(partial(_live_row, archive), left))
    archive.write_once.flush()
    warn_of_jobs(archive, [row for row in living if isinstance(row, ArchiveDamaged)])
    # whose driver lost the race for a job's name may have left a marker in another project
    found = [row for row in living if isinstance(row, dict) and project in (None, row["project"])]
    rows = [row for row in ended.rows if row["job_id"] not in out] + found
    return Table([group for one in ended.groups for group in _without(one, out)], rows)


def job_ids(archive: "Archive", project: str | None, *, hidden: bool = False) -> list[str]:
    """Return the ids of the jobs of one project, or of all; no row outside of packs is read for that."""
    with ThreadPoolExecutor(THREADS) as pool:
        reading = _Reading(archive, project, pool)
        found = [*reading.list_live(), *reading.read(rows=False)]
        out = set() if hidden else reading.hidden.result()
    archive.write_once.flush()
    return [job for job in dict.fromkeys(found) if job not in out]


def read_row(data: bytes, key: str) -> dict[str, Any]:
    """Return the row that was read at `key`; raise `ArchiveDamaged` for what is none."""
    row = unseal("row", data, key)
    try:
        Shape.of(row)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ArchiveDamaged(f"the row {key} can't be read: {error}", key=key) from error
    if row["job_id"] != layout.job_of(key):
        raise ArchiveDamaged(f"the row {key} is of another job, {row['job_id']!r}", key=key)
    return dict(row)


class _Reading:
    """One look at the index; what was read is not read again when it has to be listed again."""

    def __init__(self, archive: "Archive", project: str | None, pool: ThreadPoolExecutor) -> None:
        self._archive, self._project, self._pool = archive, project, pool
        self._packs: dict[str, Pack] = {}
        self._rows: dict[str, dict[str, Any]] = {}
        self._damaged: dict[str, Sequence[str]] = {}  # the keys that can't be read, and the jobs behind each
        self._replaced: set[str] = set()
        self._packed: set[str] = set()
        self.hidden: Future[set[str]]

    def list_live(self) -> list[str]:
        """Return the jobs that have a marker, which has to come first."""
        self._pool.submit(self._archive.write_once.prepare)
        live = [layout.job_of(entry.key) for entry in self._archive.store.list(layout.markers(self._project))]
        self.hidden = self._pool.submit(self._list_hidden)
        return live

    def read(self, *, rows: bool = True) -> list[str]:
        """Read every pack that no other replaces and, where they are asked for, all rows that are in none of them.

        Return the ids of all jobs that have ended.
        """
        for _ in range(_LISTINGS):
            entries = list(self._archive.store.list(layout.index(self._project)))
            gone = self._read_packs([entry for entry in entries if layout.is_pack(entry.key)])
            loose = [entry.key for entry in entries if layout.is_row(entry.key)]
            jobs = [layout.job_of(key) for key in loose]
            if rows:
                gone += self._read_rows(loose)
            # what is not there any more has moved on, and the next listing shows to where
            if not gone:
                break
        self._damaged.update({key: [layout.job_of(key)] if layout.is_row(key) else [] for key in gone})
        if rows:
            self._mend()
        return list(dict.fromkeys([*jobs, *self._packed, *(job for named in self._damaged.values() for job in named)]))

    def table(self) -> Table:
        """Return what was read, each job once."""
        groups = [group for key, pack in self._packs.items() if key not in self._replaced for group in pack.groups]
        rows = list(self._rows.values())
        jobs = [job for group in groups for job in group.jobs] + [row["job_id"] for row in rows]
        if len(set(jobs)) == len(jobs):
            return Table(groups, rows)
        return Table(list(each_once([*groups, *grouped(rows)[0]])), [])

    def _list_hidden(self) -> set[str]:
        return {layout.job_of(entry.key) for entry in self._archive.store.list(layout.hidden_jobs(self._project))}

    def _read_packs(self, entries: Iterable[Entry]) -> list[str]:
        """Read packs, and return those that are not there any more."""
        # what replaces another one is younger: the other one need not be read at all
        waiting = sorted(entries, key=attrgetter("age"), reverse=True)
        reading: dict[Future[Pack | Sequence[str] | None], str] = {}
        gone = []
        while waiting or reading:
            while waiting and len(reading) < THREADS:
                key = waiting.pop().key
                if key not in self._replaced and key not in self._packs and key not in self._damaged:
                    reading[self._pool.submit(self._pack, key)] = key
            for done in wait(reading, return_when=FIRST_COMPLETED).done if reading else ():
                key, found = reading.pop(done), done.result()
                if isinstance(found, Pack):
                    self._take(key, found)
                elif found is None:
                    gone.append(key)
                else:
                    self._damaged[key] = found
        return [key for key in gone if key not in self._replaced]

    def _take(self, key: str, pack: Pack) -> None:
        self._packs[key] = pack
        self._replaced |= pack.replaces
        self._packed.update(job for group in pack.groups for job in group.jobs)

    def _pack(self, key: str) -> Pack | Sequence[str] | None:
        """Return a pack, or the jobs that a damaged one seems to have had, or None where it is gone."""
        try:
            return self._archive.write_once.read(key, partial(unpacked, key=key), keep=_uncompressed)
        except NotArchived:
            return None
        except ArchiveDamaged:
            return self._pack_again(key)

    def _pack_again(self, key: str) -> Pack | Sequence[str] | None:
        try:
            data = self._archive.store.get(key)
            return unpacked(data, key)  # damaged on its way, and not where it is
        except NotArchived:
            return None
        except ArchiveDamaged:
            return jobs_named_in(data)

    def _read_rows(self, keys: Iterable[str]) -> list[str]:
        """Read the rows that are in no pack, one for each job, and return those that are not there any more."""
        # a courier's row sorts before that of who took it for dead, and counts
        by_job = {layout.job_of(key): key for key in reversed(list(keys)) if not self._is_packed(key)}
        wanted = [key for key in by_job.values() if key not in self._rows and key not in self._damaged]
        gone = []
        for key, row in zip(wanted, self._pool.map(self._row, wanted), strict=True):
            if isinstance(row, dict):
                self._rows[key] = row
            elif row is None:
                gone.append(key)
            else:
                self._damaged[key] = [layout.job_of(key)]
        return gone

    def _is_packed(self, key: str) -> bool:
        return key in self._replaced and layout.job_of(key) in self._packed

    def _row(self, key: str) -> dict[str, Any] | ArchiveDamaged | None:
        try:
            return self._archive.write_once.read(key, partial(read_row, key=key))
        except NotArchived:
            return None
        except ArchiveDamaged as error:
            return error

    def _mend(self) -> None:
        """Make the rows anew that a damaged pack or row had, and warn of it."""
        for key, named in self._damaged.items():
            if key in self._replaced:
                continue
            there = self._packed.union(row["job_id"] for row in self._rows.values())
            missing = [job for job in named if job not in there]
            made = dict(zip(missing, self._pool.map(partial(rebuilt_row, self._archive), missing), strict=True))
            folder = layout.folder_of(key)
            rows = {job: row for job, row in made.items() if row and layout.quoted(row["project"]) == folder}
            self._rows.update({layout.row(row["project"], job): row for job, row in rows.items()})
            warn_of_index(self._archive, key, made=len(rows), lost=len(missing) - len(rows), known=bool(named))


def _uncompressed(pack: Pack) -> bytes:
    return pack.packed(compress=False)


def _without(group: Group, out: set[str]) -> list[Group]:
    if out.isdisjoint(group.jobs):
        return [group]
    kept = [place for place, job in enumerate(group.jobs) if job not in out]
    return [group.take(kept)] if kept else []


def _live_row(archive: "Archive", job_id: str) -> dict[str, Any] | ArchiveDamaged | None:
    """Return the row of a job that has a marker, None where it is no job, or what is wrong with it."""
    try:
        spec = archive.spec(job_id)
        return row_of(spec, archive.record(spec))
    except NotArchived:
        return lost_spec(archive, job_id)
    except ArchiveDamaged as error:
        return error
