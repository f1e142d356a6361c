"""What comes late: records that no listing shows yet, and events that arrive after somebody gave up on them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from foundations_archive import layout
from foundations_archive.errors import ArchiveDamaged, ArchiveUntrusted, NotArchived
from foundations_archive.ledger import Event
from foundations_archive.records import JobRecord, JobSpec

# a record's body, by its kind and its key
Read = Callable[[str, str], Any]


def sealed_by_name(spec: JobSpec, keys: Sequence[str], read: Read) -> JobRecord | None:
    """Return the record that seals a job, read under every name that it may have; `keys` are those that were listed."""
    done = [key.removesuffix("start.json") + "done.json" for key in keys if key.endswith("/start.json")]
    by_row = _named_by_row(spec, read)
    for key in (*done, *([by_row] if by_row else []), layout.post(spec.job_id, layout.WATCHER)):
        try:
            body = read("job", key)
        except NotArchived:
            continue
        try:
            return JobRecord.of(body)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            message = f"the record {key} lacks what this version needs: {error!r}"
            raise ArchiveDamaged(message, key=key) from error
    return None


def untold(tail: Sequence[Event], segments: Iterable[Iterable[Event]]) -> Iterator[Event]:
    """Yield those of a watcher's events that no segment has: its courier's last one may have arrived after all."""
    if tail:
        told = {_mark(event) for events in segments for event in events}
        yield from (event for event in tail if _mark(event) not in told)


def _named_by_row(spec: JobSpec, read: Read) -> str | None:
    try:
        return str(read("row", layout.row(spec.project, spec.job_id))["sealed"])
    except (NotArchived, ArchiveDamaged, ArchiveUntrusted, KeyError, TypeError):
        return None  # in a pack by now, or damaged, which is a finding of its own


def _mark(event: Event) -> tuple[Any, Any]:
    # numbers alone are those of one attempt
    return event.get("n"), event.get("time")
