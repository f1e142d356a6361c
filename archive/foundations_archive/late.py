"""What comes late: records that no listing shows yet, and events that arrive after somebody gave up on them."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from foundations_archive import index, layout
from foundations_archive.errors import ArchiveDamaged, NotArchived
from foundations_archive.ledger import Event
from foundations_archive.records import JobSpec

if TYPE_CHECKING:
    from foundations_archive.archive import Archive


def sealed_by_name(archive: "Archive", spec: JobSpec, keys: Sequence[str]) -> str | None:
    """Return the key of the record that seals a job, asked for by name; `keys` are those that were listed.

    What the job's row was made from is given though it may be gone: then somebody deleted it.
    """
    for attempt in dict.fromkeys(map(layout.attempt_in, keys)):
        done = layout.done(spec.job_id, attempt)
        if attempt != layout.WATCHER and archive.store.head(done):
            return done
    post = layout.post(spec.job_id, layout.WATCHER)
    return _named_by_row(archive, spec) or (post if archive.store.head(post) else None)


def untold(tail: Sequence[Event], segments: Iterable[Iterable[Event]]) -> Iterator[Event]:
    """Yield those of a watcher's events that no segment has: its courier's last one may have arrived after all."""
    if tail:
        told = {_mark(event) for events in segments for event in events}
        yield from (event for event in tail if _mark(event) not in told)


def _named_by_row(archive: "Archive", spec: JobSpec) -> str | None:
    for watcher in (False, True):
        key = layout.row(spec.project, spec.job_id, watcher=watcher)
        with suppress(NotArchived, ArchiveDamaged):  # no row, or one that is as good as none
            sealed: str | None = index.read_row(archive.store.get(key), key).get("sealed")
            return sealed
    return None


def _mark(event: Event) -> tuple[Any, Any]:
    # numbers alone are those of one attempt
    return event.get("n"), event.get("time")
