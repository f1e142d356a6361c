"""What comes late: records that no listing shows yet, and events that arrive after somebody gave up on them."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from foundations_archive import layout
from foundations_archive.envelope import unseal
from foundations_archive.errors import ArchiveDamaged, NotArchived
from foundations_archive.ledger import Event
from foundations_archive.records import JobRecord, JobSpec

if TYPE_CHECKING:
    from foundations_archive.archive import Archive


def sealed_by_name(archive: "Archive", spec: JobSpec, keys: Sequence[str]) -> JobRecord | None:
    """Return the record that seals a job, read under every name that it may have; `keys` are those that were listed."""
    done = [key.removesuffix("start.json") + "done.json" for key in keys if key.endswith("/start.json")]
    by_row = _named_by_row(archive, spec)
    for key in (*done, *([by_row] if by_row else []), layout.post(spec.job_id, layout.WATCHER)):
        try:
            return JobRecord.of(unseal("job", archive.store.get(key), key))
        except NotArchived:
            continue
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            if isinstance(error, ArchiveDamaged):
                raise
            message = f"the record {key} lacks what this version needs: {error!r}"
            raise ArchiveDamaged(message, key=key) from error
    return None


def untold(tail: Sequence[Event], segments: Iterable[Iterable[Event]]) -> Iterator[Event]:
    """Yield those of a watcher's events that no segment has: its courier's last one may have arrived after all."""
    if tail:
        told = {_mark(event) for events in segments for event in events}
        yield from (event for event in tail if _mark(event) not in told)


def _named_by_row(archive: "Archive", spec: JobSpec) -> str | None:
    key = layout.row(spec.project, spec.job_id)
    try:
        return str(unseal("row", archive.store.get(key), key)["sealed"])
    except (NotArchived, ArchiveDamaged, KeyError, TypeError):
        return None  # in a pack by now, or damaged, which is a finding of its own


def _mark(event: Event) -> tuple[Any, Any]:
    # numbers alone are those of one attempt
    return event.get("n"), event.get("time")
