"""What people want of a job that is in the archive already: that it ends, that listings leave it out."""

import time

from foundations_archive import layout
from foundations_archive.archive import Archive, new_attempt
from foundations_archive.envelope import seal
from foundations_archive.ledger import Ledger
from foundations_archive.records import JobSpec


def ask_to_end(archive: Archive, spec: JobSpec) -> bool:
    """Ask whoever runs a job to end it, and tell whether it had not ended anyway.

    The courier looks every two seconds. A job that no courier has started is sealed here: its driver may be gone, and
    a courier that starts this very moment sees the wish before it starts a worker.
    """
    if archive.state(spec) not in ("Queued", "Running"):
        return False
    archive.store.create(layout.cancel(spec.job_id), seal("cancel", {"job_id": spec.job_id}))
    if archive.state(spec) == "Queued":
        record = Ledger(spec).record("Cancelled", ended=time.time())
        archive.finish(spec, record, attempt=new_attempt(), watcher=True)
    return True


def shall_end(archive: Archive, job_id: str) -> bool:
    """Tell whether somebody wants a job to end."""
    return archive.store.head(layout.cancel(job_id)) is not None


def hide(archive: Archive, spec: JobSpec) -> None:
    """Let listings leave a job out from now on; whoever has its id reads it as before. May be repeated."""
    body = {"job_id": spec.job_id, "project": spec.project}
    archive.store.create(layout.hidden(spec.project, spec.job_id), seal("hidden", body))
