"""Many jobs at once, with what became of each: found by the index, read from their own records."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from foundations_archive import index, layout
from foundations_archive.damage import lost_record, lost_spec, warn_of_jobs
from foundations_archive.envelope import made, unseal
from foundations_archive.errors import ArchiveDamaged, NotArchived
from foundations_archive.records import JobRecord, JobSpec

if TYPE_CHECKING:
    from foundations_archive.archive import Archive

_Record = TypeVar("_Record", JobSpec, JobRecord)


def read_jobs(archive: "Archive", project: str | None, *, hidden: bool) -> list[tuple[JobSpec, JobRecord]]:
    """Return the jobs of one project, or of all, oldest first; warn of those whose records are damaged.

    A job that has ended costs two requests, and none that this user has read before.
    """
    return read_listed(archive, index.read_table(archive, project, hidden=hidden).sealed())


def read_listed(archive: "Archive", listed: Sequence[tuple[str, str | None]]) -> list[tuple[JobSpec, JobRecord]]:
    """Return jobs that a table of the index has listed, as `read_jobs` does."""
    with ThreadPoolExecutor(index.THREADS) as pool:
        specs = pool.map(partial(_spec, archive), *zip(*listed, strict=True)) if listed else ()
        sealing = pool.map(partial(_sealing, archive), [key for _, key in listed])
        found = list(pool.map(partial(_job, archive), list(specs), list(sealing)))
    archive.write_once.flush()
    warn_of_jobs(archive, [job for job in found if isinstance(job, ArchiveDamaged)])
    jobs = [job for job in found if isinstance(job, tuple)]
    return sorted(jobs, key=lambda job: (job[0].created, job[0].job_id))


def read_queued(archive: "Archive") -> list[JobSpec]:
    """Return the jobs that wait to be started, oldest first, but for hidden ones; warn of what is damaged."""
    hidden = {layout.job_of(entry.key) for entry in archive.store.list(layout.hidden_jobs(None))}
    live = [layout.job_of(entry.key) for entry in archive.store.list(layout.markers(None))]
    with ThreadPoolExecutor(index.THREADS) as pool:
        found = list(pool.map(partial(_queued, archive), [job_id for job_id in live if job_id not in hidden]))
    warn_of_jobs(archive, [job for job in found if isinstance(job, ArchiveDamaged)])
    return sorted((job for job in found if isinstance(job, JobSpec)), key=lambda spec: (spec.created, spec.job_id))


def _queued(archive: "Archive", job_id: str) -> JobSpec | ArchiveDamaged | None:
    try:
        spec = archive.spec(job_id)
        return spec if archive.state(spec) == "Queued" else None
    except NotArchived:
        return lost_spec(archive, job_id)
    except ArchiveDamaged as error:
        return error


def _job(
    archive: "Archive", spec: JobSpec | ArchiveDamaged | None, sealing: JobRecord | ArchiveDamaged | None
) -> tuple[JobSpec, JobRecord] | ArchiveDamaged | None:
    if not isinstance(spec, JobSpec):
        return spec
    if isinstance(sealing, ArchiveDamaged):
        return sealing
    try:
        return spec, sealing or archive.record(spec)
    except ArchiveDamaged as error:
        return error


def _spec(archive: "Archive", job_id: str, sealed: str | None) -> JobSpec | ArchiveDamaged | None:
    key = layout.spec(job_id)
    found = _kept(archive, "spec", key, JobSpec.of)
    return lost_record(key) if found is None and sealed else found


def _sealing(archive: "Archive", key: str | None) -> JobRecord | ArchiveDamaged | None:
    """Return the record that the index says to seal a job."""
    return (_kept(archive, "job", key, JobRecord.of) or lost_record(key)) if key else None


def _kept(archive: "Archive", kind: str, key: str, of: Callable[[Any], _Record]) -> _Record | ArchiveDamaged | None:
    """Return a write-once record, or what is wrong with it, or None where it is not there."""

    try:
        return archive.write_once.read(key, lambda data: made(of, unseal(kind, data, key), key))
    except NotArchived:
        return None
    except ArchiveDamaged as error:
        return error
