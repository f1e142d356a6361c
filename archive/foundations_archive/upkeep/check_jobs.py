"""The part of a check that looks at jobs: each is a spec, attempts whose events are all there, and what seals it."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from foundations_archive import layout
from foundations_archive.envelope import digest_of
from foundations_archive.errors import ArchiveError, NotArchived
from foundations_archive.records import JobRecord, JobSpec, State
from foundations_archive.upkeep import references
from foundations_archive.upkeep.examination import Examination
from foundations_archive.upkeep.inventory import AttemptKeys, JobKeys
from foundations_archive.upkeep.references import Reference


@dataclass
class JobFacts:
    """What the other parts of a check need to know of a job; `state` is None where that can't be read."""

    keys: JobKeys
    spec: JobSpec | None = None
    seal: str | None = None
    state: State | None = None
    named: list[tuple[Reference, str]] = field(default_factory=list)
    events: int = 0
    told_events: int = 0


def examine_job(look: Examination, job: JobKeys) -> JobFacts:
    """Return what a job is, and note what is wrong with its records."""
    facts = JobFacts(job, spec=_spec(look, job), seal=next(iter(job.seals), None))
    if facts.spec:
        _name(look, facts, job.spec or "", references.of_spec, facts.spec)
    for name, attempt in job.attempts.items():
        _examine_attempt(look, facts, name, attempt)
    if look.deep and facts.seal and facts.events < facts.told_events:
        # a courier that was taken for dead may write more than its watcher has seen, and never less
        what = f"it was made from {facts.told_events} events, and {facts.events} are there"
        look.found("damage", facts.seal, what)
    if look.deep and job.cancel:
        look.read("cancel", job.cancel, severity="warning")
    return facts


def _spec(look: Examination, job: JobKeys) -> JobSpec | None:
    key = layout.spec(job.job_id)
    if job.spec is None:
        if not look.is_there(key):
            look.found("damage", key, f"it is not there, and other records of job {job.job_id} are", job_id=job.job_id)
            return None
        job.spec = key
    spec = look.made(JobSpec.of, look.read("spec", key), key)
    if spec and spec.job_id != job.job_id:
        look.found("damage", key, f"it is the spec of another job, {spec.job_id}")
        return None
    return spec


def _examine_attempt(look: Examination, facts: JobFacts, name: str, attempt: AttemptKeys) -> None:
    job_id = facts.keys.job_id
    if (attempt.segments or attempt.done) and attempt.start is None and not look.is_there(layout.start(job_id, name)):
        look.found("damage", layout.start(job_id, name), "it is not there, and other records of its attempt are")
    if look.deep and attempt.start:
        look.read("start", attempt.start)
    numbers = [layout.number_in(key) for key in attempt.segments]
    for number in _missing(numbers):
        if not look.is_there(layout.segment(job_id, name, number)):
            look.found("damage", layout.segment(job_id, name, number), "events are missing: a later segment is there")
    last = None
    if look.deep or facts.seal is None:
        last = _examine_segments(look, facts, attempt.segments)
    for seal in (attempt.done, attempt.post):
        if seal:
            _examine_seal(look, facts, seal, count=len(numbers), last=last)


def _missing(numbers: list[int]) -> Iterator[int]:
    # from the gaps, not the range: a name may say ninety million
    expected = 0
    for number in numbers:
        yield from range(expected, min(number, expected + 100))
        expected = number + 1


def _examine_segments(look: Examination, facts: JobFacts, keys: list[str]) -> str | None:
    """Note where the chain of segments is broken; return the digest of the last one that could be read."""
    last: str | None = None
    for key in keys:
        try:
            body, digest = look.verified(partial(_opened, look, key), key)
        except NotArchived:
            continue
        except ArchiveError as error:
            look.unreadable(error, key)
            last = None
            continue
        previous = look.made(lambda body: (body["previous"], body["events"]), body, key)
        if previous is None:
            continue
        if layout.number_in(key) == 0 and previous[0] is not None:
            look.found("damage", key, "it is not the first segment of its attempt, and stands in its place")
        if last is not None and previous[0] != last:
            look.found("damage", key, "it does not go with the segment before: one of the two was exchanged")
        facts.events += len(previous[1])
        _name(look, facts, key, references.of_events, previous[1])
        last = digest
    return last


def _opened(look: Examination, key: str, data: bytes) -> tuple[Any, str]:
    return look.opened("events", data, key), digest_of(data)


def _examine_seal(look: Examination, facts: JobFacts, key: str, *, count: int, last: str | None) -> None:
    record = look.made(JobRecord.of, look.read("job", key), key)
    if record is None:
        return
    if record.job_id != facts.keys.job_id:
        look.found("damage", key, f"it is the record of another job, {record.job_id}")
        return
    if key == facts.seal:
        facts.state = record.state
        facts.told_events = record.events - len(record.tail)
    _name(look, facts, key, references.of_record, record)
    if layout.is_by_watcher(key):
        return
    if record.segments is not None and record.segments > count and _are_there(look, key, count, record.segments):
        facts.told_events = 0  # the listing came late, and these were not read
        return
    if record.segments is not None and record.segments != count:
        what = f"the record that seals the attempt tells of {record.segments} segments of events, {count} are there"
        look.found("damage", key, what)
    elif record.chain is not None and last is not None and record.chain != last:
        look.found("damage", key, "the last segment of events is not the one that this record tells of")


def _are_there(look: Examination, key: str, first: int, end: int) -> bool:
    """Tell whether segments are there that were not listed; what was deleted is missed soon."""
    prefix = layout.attempt_of(key)
    return all(look.is_there(layout.segment_in(prefix, number)) for number in range(first, end))


def _name(look: Examination, facts: JobFacts, key: str, of: Any, record: Any) -> None:
    found = look.made(lambda record: list(of(record)), record, key)
    facts.named += [(reference, key) for reference in found or ()]


def forgotten(facts: JobFacts) -> JobFacts:
    """Return facts without what they name, which by then is known elsewhere."""
    return replace(facts, named=[])
