"""What damage costs who asks what jobs there are: a warning, and what can't be made anew from the jobs' own records."""

import json
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from foundations_archive import layout
from foundations_archive.envelope import canonical
from foundations_archive.errors import ArchiveDamaged, NotArchived
from foundations_archive.records import row_of

if TYPE_CHECKING:
    from foundations_archive.archive import Archive

_REPAIR = "run foundations archive check --repair"


class ArchiveWarning(UserWarning):
    """A part of the archive is damaged; what was asked for is there as far as it could be read without it."""


def rebuilt_row(archive: "Archive", job_id: str) -> dict[str, Any] | None:
    """Return the row of an ended job, made from its own records; None where it has not ended or is damaged too."""
    try:
        spec = archive.spec(job_id)
        record, key = archive.sealed_by(job_id)
    except (NotArchived, ArchiveDamaged):
        return None
    row: dict[str, Any] | None = None
    if record:
        row = json.loads(canonical({**row_of(spec, record), "sealed": key}))
    return row


def lost_spec(archive: "Archive", job_id: str) -> ArchiveDamaged | None:
    """Return what is wrong with a job that has a marker and no spec; None where it is no job."""
    # without other records it is a marker whose driver died before it wrote the spec
    if not any(archive.store.list(layout.attempts(job_id))):
        return None
    key = layout.spec(job_id)
    if archive.store.head(key):
        return None  # written since we looked: the job is younger than this listing
    return ArchiveDamaged(f"{key} is not there, and other records of the job are", key=key)


def lost_record(key: str) -> ArchiveDamaged:
    """Return what is wrong with a job whose row was made from the record at a key that is not there."""
    return ArchiveDamaged(f"{key} is not there, and the row of its job was made from it", key=key)


def warn_of_index(archive: "Archive", key: str, *, made: int, lost: int, known: bool) -> None:
    """Warn of a pack or a row that can't be read: what of it could be made anew, and what is lost.

    Which jobs it had may not be `known`.
    """
    if known:
        became = f"{made} of its jobs were read from their own records" if made else "no job is missing for that"
        became = f"{became}, {lost} could not be and are missing here" if lost else became
    else:
        became = "which jobs it had can't be told, and those that are in it alone are missing here"
    message = f"{key} in the archive at {archive.location} is damaged; {became}; {_REPAIR}"
    warnings.warn(message, ArchiveWarning, stacklevel=6)


def warn_of_jobs(archive: "Archive", errors: Sequence[ArchiveDamaged]) -> None:
    """Warn of jobs that are left out since a record of theirs can't be read."""
    for error in errors:
        message = f"a job in the archive at {archive.location} is left out: {error}; {_REPAIR}"
        warnings.warn(message, ArchiveWarning, stacklevel=4)
