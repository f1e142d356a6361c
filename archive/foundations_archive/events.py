"""The events of a job, from the segments of its attempts and from the records that seal them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING

from foundations_archive import layout
from foundations_archive.envelope import made
from foundations_archive.errors import ArchiveDamaged, NotArchived
from foundations_archive.late import untold
from foundations_archive.ledger import Event
from foundations_archive.parallel import ahead
from foundations_archive.records import JobRecord
from foundations_archive.segments import segments_of
from foundations_archive.standing import seal_of

if TYPE_CHECKING:
    from foundations_archive.archive import Archive

# among the keys that were read, what stands for an event that was in no segment
_MARK = "event "


def read_events(archive: "Archive", job_id: str, *, seen: set[str], last: bool) -> Iterator[Event]:
    """Yield a job's events but those from the keys in `seen`, which this fills; see `Archive.events`.

    `last` says that nobody will ask again: then what no listing shows yet is asked for by its name.
    """
    whole = not seen
    keys = listed = archive.attempt_keys(job_id)
    if (whole or last) and (sealed := seal_of(archive, job_id, keys)) not in (None, *keys):
        listed = archive.attempt_keys(job_id)  # what the record was made from may be younger than the first listing
        keys = sorted({*listed, str(sealed)})
    # a courier's own word comes before that of who took it for dead
    seals = sorted((key for key in keys if key not in seen and layout.is_seal(key)), key=layout.is_by_watcher)
    ends = {key: archive.sealing(key) for key in seals}
    marks = {one for one in seen if one.startswith(_MARK)}
    wanted, found = [key for key in segments_of(keys, sealed=_counts(job_id, ends)) if key not in seen], 0
    with closing(ahead(partial(read_segment, archive), wanted)) as segments:
        for key, events in zip(wanted, segments, strict=True):
            yield from (event for event in events if not marks or _mark(event) not in marks)
            found += len(events)
            seen.add(key)
    for key, record in ends.items():
        told = record.events - len(record.tail)
        # who took a courier for dead knows of no number of segments: where that is listed, they are too
        if whole and key in listed and found < told:
            raise ArchiveDamaged(f"{key} was made from {told} events, and {found} are there", key=key)
        is_last = layout.is_by_watcher(key)
        tail = untold(record.tail, _segments(archive, seen)) if is_last else iter(record.tail)
        for event in tail:
            if (mark := _mark(event)) not in seen:
                yield event
                seen.add(mark)
        found += 0 if is_last else len(record.tail)  # who took the courier for dead may have read that
        seen.add(key)


def _counts(job_id: str, ends: Mapping[str, JobRecord]) -> dict[str, int]:
    """Return how many segments the attempts have at least, as the records say that seal the job."""
    counts: dict[str, int] = {}
    for key, record in ends.items():
        told = {layout.attempt_of(layout.done(job_id, name)): count for name, count in record.seen.items()}
        if not layout.is_by_watcher(key):
            told[layout.attempt_of(key)] = record.segments or 0
        counts |= {prefix: max(count, counts.get(prefix, 0)) for prefix, count in told.items()}
    return counts


def read_segment(archive: "Archive", key: str) -> Sequence[Event]:
    """Return the events of one segment; raise `ArchiveDamaged` where it is not there."""
    try:
        return made(itemgetter("events"), archive.read("events", key), key)
    except NotArchived as error:
        what = "later events of the job are, or the record that tells of them"
        raise ArchiveDamaged(f"the events {key} are not there, and {what}", key=key) from error


def _mark(event: Event) -> str:
    # numbers alone are those of one attempt
    return f"{_MARK}{event.get('n')} {event.get('time')}"


def _segments(archive: "Archive", seen: set[str]) -> Iterator[Sequence[Event]]:
    return (read_segment(archive, key) for key in sorted(filter(layout.is_segment, seen)))
