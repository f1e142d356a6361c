"""How a job comes into the archive, and how it is sealed: which object is written first, and which one is the word."""

from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING

from foundations_archive import layout
from foundations_archive.envelope import made
from foundations_archive.errors import ArchiveForbidden, JobTaken
from foundations_archive.records import JobRecord, JobSpec, plain, row_of

if TYPE_CHECKING:
    from foundations_archive.archive import Archive


def submit_job(archive: "Archive", spec: JobSpec) -> None:
    """Make a job visible; raise `JobTaken` where the archive has one of this name already.

    The marker goes first: with the order reversed a crash leaves a job that no listing shows.
    """
    archive.heartbeat(spec.project, spec.job_id)
    key = layout.spec(spec.job_id)
    if not archive.store.create(key, archive.seal("spec", plain(spec), key=key)):
        _leave(archive, spec)
        raise JobTaken(spec.job_id, archive.location)


def finish_job(archive: "Archive", spec: JobSpec, record: JobRecord, *, attempt: str, watcher: bool) -> JobRecord:
    """Seal a job, settle it, and return the record that seals it: of several watchers' the first one's."""
    if watcher and archive.signing:
        # a watcher has from there what it says of the job, and its signature must not vouch for a stranger's
        deque(archive.trusting().events(spec.job_id), maxlen=0)
    key = (layout.post if watcher else layout.done)(spec.job_id, attempt)
    if not watcher:
        archive.write("job", plain(record), key=key)
    elif not archive.store.create(key, archive.seal("job", plain(record), key=key)):
        record = made(JobRecord.of, archive.read("job", key), key)
    archive.settle(spec, record, sealed=key)
    return record


def settle_job(archive: "Archive", spec: JobSpec, record: JobRecord, *, sealed: str) -> None:
    """Write the row of a job that the record at the key `sealed` seals, then take its marker away."""
    row = layout.row(spec.project, spec.job_id, watcher=layout.is_by_watcher(sealed))
    archive.write("row", {**row_of(spec, record), "sealed": sealed}, key=row)
    _take_marker_away(archive, spec)


def _leave(archive: "Archive", spec: JobSpec) -> None:
    """Take away the marker of a job whose name another one has, unless it is that job's own."""
    taken = archive.spec(spec.job_id)
    if taken.project != spec.project:
        _take_marker_away(archive, spec)
        return
    record, key = archive.sealed_by(spec.job_id)
    if record and key:  # it has ended, and the marker was all that showed it where its row is still to be written
        archive.settle(taken, record, sealed=key)


def _take_marker_away(archive: "Archive", spec: JobSpec) -> None:
    # who may not delete leaves it: the row, or the other job, counts for more
    with suppress(ArchiveForbidden):
        archive.store.delete(layout.live(spec.project, spec.job_id))
