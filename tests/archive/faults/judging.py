"""What must be so of an archive whoever was killed when: the judge of every test that kills."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from foundations.results import load_value
from foundations_archive import layout
from foundations_archive.archive import Archive
from foundations_archive.manifest import Manifest
from foundations_archive.records import JobRecord, JobSpec
from foundations_archive.store import Entry, Store
from foundations_archive.unpacking import unpack
from foundations_archive.upkeep.check import check
from foundations_archive.upkeep.repair import repair

BEHIND_SECONDS = 2.0


class Later:
    """A store as it will be: its live markers are older by some seconds, on the store's own clock."""

    def __init__(self, store: Store, seconds: float) -> None:
        self._store, self._seconds = store, seconds

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def head(self, key: str) -> Entry | None:
        found = self._store.head(key)
        return found and self._aged(found)

    def list(self, prefix: str) -> Iterator[Entry]:
        return (self._aged(entry) for entry in self._store.list(prefix))

    def _aged(self, entry: Entry) -> Entry:
        older = self._seconds if entry.key.startswith(layout.LIVE) else 0.0
        return Entry(entry.key, entry.size, entry.age + older)


def later(archive: Archive, seconds: float) -> Archive:
    """Return the archive as a reader finds it when nobody has touched it for so long."""
    return Archive(Later(archive.store, seconds))


def the_job(archive: Archive) -> tuple[JobSpec, JobRecord] | None:
    """Return the only job of an archive, or None where none is there; every way to read it says the same of it."""
    jobs = archive.jobs()
    rows = archive.rows()
    assert [row["job_id"] for row in rows] == [spec.job_id for spec, _ in jobs]
    if not jobs:
        return None
    ((spec, record),) = jobs
    assert rows[0]["status"] == record.state == archive.state(spec)
    assert archive.job_ids() == [spec.job_id]
    return spec, record


def assert_whole(archive: Archive, spec: JobSpec, record: JobRecord, folder: Path) -> None:
    """Assert that a job's events have no gap, and that all that its record and its spec name is there and right."""
    archived = [event["n"] for event in archive.events(spec.job_id) if event not in record.tail]
    assert archived == list(range(len(archived)))
    # a driver that seals has not heard of the metrics that came last
    told = [event["n"] for event in record.tail]
    assert told == sorted(set(told) - set(archived))
    unpack(Manifest.from_bytes(archive.blobs.get(spec.bundle)), archive.blobs.get, folder / "copy")
    assert all(archive.blobs.read(buffer) for buffer in spec.graph.buffers)
    for stage in record.stages:
        if stage.value is not None:
            load_value(archive, stage.value)
        for artifact in stage.artifacts:
            manifest = Manifest.from_bytes(archive.blobs.get(artifact.manifest))
            unpack(manifest, archive.blobs.get, folder / f"artifact-{artifact.key}")
    for entry in archive.store.list("cache/"):
        cached = archive.cached(entry.key.rpartition("/")[2].removesuffix(".json"))
        assert cached is not None
        load_value(archive, cached.value)


def assert_mended(archive: Archive) -> None:
    """Assert that a check finds no damage, and nothing at all after a repair has done what it says."""
    findings = check(archive, deep=True).findings
    assert [one for one in findings if one.severity == "damage"] == []
    mended = repair(archive, findings)
    assert [one for one in mended if one.fault] == []
    if mended:
        findings = check(archive, deep=True).findings
    assert [one for one in findings if one.severity != "note"] == []


def lines_of(archive: Archive, job_id: str) -> list[str]:
    """Return the log of a job, without what befell the worker and what we have said beside it."""
    said = [event for event in archive.events(job_id) if event["event"] == "log" and event["stream"] != "error"]
    return [event["text"] for event in said if not event["text"].startswith("foundations: ")]


def assert_lines_kept(archive: Archive, job_id: str, printed: list[tuple[float, str]], *, until: float) -> None:
    """Assert that the log begins with all that was printed up to then, in order and once."""
    kept = lines_of(archive, job_id)
    due = [text for at, text in printed if at <= until]
    assert kept[: len(due)] == due, f"of {len(due)} lines {len(kept)} are there"
    assert kept == [text for _, text in printed][: len(kept)] or len(kept) == len(printed) + 1
