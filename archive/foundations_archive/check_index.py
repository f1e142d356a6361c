"""The part of a check that looks at what leads to jobs: rows and packs, markers, and what hides a job."""

from collections.abc import Mapping
from typing import Any

from foundations_archive import layout
from foundations_archive.check_jobs import JobFacts
from foundations_archive.errors import ArchiveDamaged
from foundations_archive.examination import Examination
from foundations_archive.inventory import Inventory
from foundations_archive.records import JobSpec

SPECLESS_FOR = 3600.0
LOST_FOR = 86400.0

_Facts = Mapping[str, JobFacts]


def examine_rows(look: Examination, found: Inventory, jobs: _Facts) -> None:
    """Note sealed jobs without their row, and rows that say other than the job's records."""
    rows: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for key, row in look.each(lambda key: (key, _row(look, key, jobs)), found.keys("row")):
        if row is not None:
            rows.setdefault(row["job_id"], []).append((key, row))
    look.each(lambda job_id: _examine_rows_of(look, job_id, rows[job_id], jobs.get(job_id)), rows)
    sealed = [facts for facts in jobs.values() if facts.seal and facts.spec and facts.state]
    look.each(lambda facts: _require_row(look, facts, rows.get(facts.keys.job_id, [])), sealed)


def _row(look: Examination, key: str, jobs: _Facts) -> dict[str, Any] | None:
    job = jobs.get(layout.job_of(key))
    body = look.read("row", key, severity="warning", mend="row" if job and job.seal else "stray row")
    return look.made(_whole_row, body, key)


def _whole_row(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "names": (row["job_id"], row["status"], row["project"])}


def _examine_rows_of(
    look: Examination, job_id: str, rows: list[tuple[str, dict[str, Any]]], facts: JobFacts | None
) -> None:
    for key, row in rows:
        sealed = row.get("sealed")
        if facts is None and not look.is_there(layout.spec(job_id)):
            look.found("damage", key, f"the records of job {job_id}, of which it is the row, are not there")
        elif sealed and not (facts and sealed in facts.keys.seals) and not look.is_there(sealed):
            look.found("damage", sealed, f"it is not there, and {key} was made from it")


def _require_row(look: Examination, facts: JobFacts, rows: list[tuple[str, dict[str, Any]]]) -> None:
    assert facts.spec
    assert facts.seal
    job_id, project = facts.keys.job_id, facts.spec.project
    key = layout.row(project, job_id, watcher=layout.is_by_watcher(facts.seal))
    own = [row for _, row in rows if row.get("sealed", facts.seal) == facts.seal and row["project"] == project]
    if not own:
        if not look.is_there(key):
            what = f"job {job_id} has ended and has no row in the index"
            look.found("warning", key, what, mend="row", job_id=job_id)
    elif any(row["status"] != facts.state for row in own):
        what = f"it says that the job is {own[0]['status']}, the record that seals it says {facts.state}"
        look.found("warning", key, what, mend="row", job_id=job_id)


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
