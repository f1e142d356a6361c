"""Jobs that listings leave out."""

from foundations_archive import layout
from foundations_archive.archive import Archive
from foundations_archive.records import JobSpec


def hide(archive: Archive, spec: JobSpec) -> None:
    """Let listings leave a job out from now on; whoever has its id reads it as before. May be repeated."""
    body = {"job_id": spec.job_id, "project": spec.project}
    key = layout.hidden(spec.project, spec.job_id)
    archive.store.create(key, archive.seal("hidden", body, key=key))
