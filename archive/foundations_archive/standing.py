"""Where a job stands: a pure function of which objects exist, and of the age of its marker on the store's clock."""

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from foundations_archive import layout
from foundations_archive.envelope import made
from foundations_archive.errors import ArchiveDamaged, ArchiveUntrusted, NotArchived
from foundations_archive.late import sealed_by_name
from foundations_archive.records import JobRecord, JobSpec, State

if TYPE_CHECKING:
    from foundations_archive.archive import Archive

HEARTBEAT_SECONDS = 15.0
_LOST_AFTER = 4 * HEARTBEAT_SECONDS
_NEVER_STARTED_AFTER = 3600.0


def standing(archive: "Archive", spec: JobSpec) -> tuple[JobRecord | None, State, list[str]]:
    """Return the record that seals a job, its state, and the keys of what its attempts have left."""
    # the marker is read before the records that outlive it: a job that ends meanwhile is then seen as ended
    marker = archive.store.head(layout.live(spec.project, spec.job_id))
    keys = archive.attempt_keys(spec.job_id)
    started = bool(keys)
    age = marker.age if marker else float("inf")
    is_lost = age > (_LOST_AFTER if started else _NEVER_STARTED_AFTER)
    key = _seal_in(keys)
    if (is_lost or key) and (key is None or layout.is_by_watcher(key)):
        key = sealed_by_name(archive, spec, keys) or key  # it may have ended, and the listing be late
    if key:
        sealed = archive.sealing(key)
        return sealed, sealed.state, keys
    if is_lost:
        return None, "Lost", keys
    return None, "Running" if started else "Queued", keys


def sealed_by(archive: "Archive", job_id: str, attempt: str | None = None) -> tuple[JobRecord | None, str | None]:
    """Return the record that seals a job and its key, or None twice; see `Archive.sealed_by`."""
    if attempt is not None:
        done = layout.done(job_id, attempt)
        with suppress(NotArchived):
            return made(JobRecord.of, archive.read("job", done), done), done
    key = seal_of(archive, job_id, archive.attempt_keys(job_id))
    return (archive.sealing(key), key) if key else (None, None)


def seal_of(archive: "Archive", job_id: str, keys: Sequence[str]) -> str | None:
    """Return the key of the record that seals a job, of which there are `keys`, though no listing may show it yet.

    It may be gone where the job's row tells of it.
    """
    key = _seal_in(keys)
    if key is None or layout.is_by_watcher(key):
        # what has no spec has no row either, and what has a stranger's tells nothing
        with suppress(NotArchived, ArchiveDamaged, ArchiveUntrusted):
            key = sealed_by_name(archive, archive.spec(job_id), keys) or key
    return key


def _seal_in(keys: Sequence[str]) -> str | None:
    # a courier's own word counts for more than that of someone who took it for dead
    return next((key for name in ("/done.json", "/post.json") for key in keys if key.endswith(name)), None)
