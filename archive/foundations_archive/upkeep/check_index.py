"""The part of a check that looks at what leads to jobs: rows and packs, markers, and what hides a job."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from foundations_archive import layout
from foundations_archive.errors import ArchiveDamaged, ArchiveError, NotArchived
from foundations_archive.packs import Pack, unpacked
from foundations_archive.records import JobSpec
from foundations_archive.upkeep.check_jobs import JobFacts
from foundations_archive.upkeep.examination import Examination
from foundations_archive.upkeep.inventory import Inventory, inventory

SPECLESS_FOR = 3600.0
LOST_FOR = 86400.0

_Facts = Mapping[str, JobFacts]


@dataclass(frozen=True)
class _Row:
    """What a row says, and where it is: a key of its own, or a pack's."""

    key: str
    job_id: str
    project: str
    status: str
    sealed: str | None


def examine_rows(look: Examination, found: Inventory, jobs: _Facts) -> None:
    """Note sealed jobs without their row, and rows that say other than the job's records."""
    rows = _Rows(look, jobs)
    rows.read(found.keys("row", "pack"))
    sealed = [facts for facts in jobs.values() if facts.seal and facts.spec and facts.state]
    if any(not rows.of(facts) for facts in sealed):
        # rows may have been packed, and jobs have ended, since they were listed
        again = inventory(look.stores[0], layout.ROWS)
        rows.read(again.keys("row", "pack"))
    rows.examine()
    for facts in sealed:
        _require_row(look, facts, rows.of(facts))


class _Rows:
    """The rows that there are, by job."""

    def __init__(self, look: Examination, jobs: _Facts) -> None:
        self._look, self._jobs = look, jobs
        self._read: set[str] = set()
        self._by_job: dict[str, list[_Row]] = {}

    def read(self, keys: Iterable[str]) -> None:
        """Take in what rows and packs say that were not read before."""
        new = [key for key in keys if key not in self._read]
        self._read.update(new)
        for rows in self._look.each(self._rows_at, new):
            for row in rows:
                self._by_job.setdefault(row.job_id, []).append(row)

    def of(self, facts: JobFacts) -> list[_Row]:
        """Return the rows that were made from the record that seals a job."""
        rows = self._by_job.get(facts.keys.job_id, ())
        project = facts.spec and facts.spec.project
        return [row for row in rows if row.sealed in (None, facts.seal) and row.project == project]

    def examine(self) -> None:
        """Note rows of which the job, or the record that they were made from, is gone."""
        self._look.each(self._examine, self._by_job.items())

    def _rows_at(self, key: str) -> list[_Row]:
        look = self._look
        if layout.kind_of(key) == "pack":
            try:
                pack = look.verified(lambda data: unpacked(data, key), key)
            except NotArchived:
                return []
            except ArchiveError as error:
                look.unreadable(error, key, severity="warning", mend="pack")
                return []
            return look.made(lambda pack: list(_rows_in(pack, key)), pack, key, severity="warning", mend="pack") or []
        job = self._jobs.get(layout.job_of(key))
        body = look.read("row", key, severity="warning", mend="row" if job and job.seal else "stray row")
        row = look.made(lambda row: _row(row, key), body, key, severity="warning", mend="stray row")
        return [row] if row else []

    def _examine(self, job: tuple[str, list[_Row]]) -> None:
        look, (job_id, rows) = self._look, job
        facts = self._jobs.get(job_id)
        for row in rows:
            if facts is None and not look.is_there(layout.spec(job_id)):
                look.found("damage", layout.spec(job_id), f"it is not there, and {row.key} has the row of the job")
            elif row.sealed and not (facts and row.sealed in facts.keys.seals) and not look.is_there(row.sealed):
                look.found("damage", row.sealed, f"it is not there, and {row.key} was made from it")


def _row(row: Mapping[str, Any], key: str) -> _Row:
    return _Row(key, row["job_id"], row["project"], row["status"], row.get("sealed"))


def _rows_in(pack: Pack, key: str) -> Iterator[_Row]:
    for group in pack.groups:
        fields = (group.plain_field(name) for name in ("project", "status", "sealed"))
        for job_id, project, status, sealed in zip(group.jobs, *fields, strict=True):
            yield _Row(key, job_id, project, status, sealed)


def _require_row(look: Examination, facts: JobFacts, rows: list[_Row]) -> None:
    assert facts.spec
    assert facts.seal
    job_id = facts.keys.job_id
    if not rows:
        key = layout.row(facts.spec.project, job_id, watcher=layout.is_by_watcher(facts.seal))
        if not look.is_there(key):
            look.found("warning", key, f"job {job_id} has ended and has no row in the index", mend="row", job_id=job_id)
    for row in rows:
        if row.status != facts.state:
            what = f"it says that job {job_id} is {row.status}, the record that seals it says {facts.state}"
            # a row that a pack replaces counts for nothing beside it
            mend = "pack" if layout.kind_of(row.key) == "pack" else "row"
            look.found("warning", row.key, what, mend=mend, job_id=job_id)


def examine_markers(look: Examination, found: Inventory, jobs: _Facts) -> None:
    """Note markers that nothing needs, and jobs that are Lost."""
    ages = {entry.key: entry.age for entry in found.of("marker")}
    for key, age in ages.items():
        job_id = layout.job_of(key)
        facts = jobs.get(job_id)
        if facts is not None and facts.seal and facts.state and look.is_there(key):
            look.found("warning", key, "the job has ended", mend="marker", job_id=job_id)
        elif facts is None and age > SPECLESS_FOR and not look.is_there(layout.spec(job_id)):
            what = "it is of no job: the driver ended before it had written what the job is"
            look.found("warning", key, what, mend="marker")
        elif look.deep:
            look.read("live", key, severity="note")
    look.each(lambda facts: _examine_unsealed(look, facts, ages), [one for one in jobs.values() if not one.seal])


def _examine_unsealed(look: Examination, facts: JobFacts, ages: Mapping[str, float]) -> None:
    spec = facts.spec
    if spec is None or not _is_lost(look, spec):
        return
    since = min(facts.keys.age, ages.get(layout.live(spec.project, spec.job_id), float("inf")))
    what = f"job {spec.job_id} is Lost: nothing has been heard of it for {since / 3600:.1f} hours"
    if since >= LOST_FOR:
        look.found("warning", layout.spec(spec.job_id), what, mend="lost", job_id=spec.job_id)
    else:
        look.found("note", layout.spec(spec.job_id), f"{what}; after a day it may be sealed", job_id=spec.job_id)


def _is_lost(look: Examination, spec: JobSpec) -> bool:
    try:
        return look.archive.state(spec) == "Lost"
    except ArchiveDamaged:  # it had ended, and what sealed it is gone: told of where its row is
        return False


def examine_hidden(look: Examination, found: Inventory, jobs: _Facts) -> None:
    """Note what hides jobs that are not there, or can't be read; its name alone is enough for it to work."""
    for key in found.keys("hidden"):
        job_id = layout.job_of(key)
        if job_id not in jobs and not look.is_there(layout.spec(job_id)):
            look.found("note", key, f"it hides job {job_id}, which is not there")
        elif look.deep:
            look.read("hidden", key, severity="warning", mend="hidden")
