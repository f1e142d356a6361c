"""The request that a job ends: an object in the archive, which works from anywhere and for every host."""

import time

from foundations_archive import layout
from foundations_archive.archive import Archive
from foundations_archive.ledger import Ledger
from foundations_archive.records import JobSpec


def request_cancellation(archive: Archive, spec: JobSpec) -> bool:
    """Ask whoever runs a job to end it, and tell whether it had not ended anyway.

    The courier looks every two seconds. A job that no courier has started is sealed here: its driver may be gone, and
    a courier that starts this very moment sees the request before it starts a worker.
    """
    if archive.state(spec) not in ("Queued", "Running"):
        return False
    key = layout.cancel(spec.job_id)
    archive.store.create(key, archive.seal("cancel", {"job_id": spec.job_id}, key=key))
    if archive.state(spec) == "Queued":
        record = Ledger(spec).record("Cancelled", ended=time.time())
        archive.finish(spec, record, attempt=layout.WATCHER, watcher=True)
    return True


def cancellation_requested(archive: Archive, job_id: str) -> bool:
    """Tell whether somebody wants a job to end."""
    return archive.store.head(layout.cancel(job_id)) is not None
