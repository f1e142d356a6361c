"""Mending what a check has found, as far as it can be derived anew; no result, log or blob is ever touched."""

import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from foundations_archive import layout
from foundations_archive.archive import Archive
from foundations_archive.errors import ArchiveDamaged, ArchiveError, NotArchived
from foundations_archive.hiding import hide
from foundations_archive.ledger import Ledger
from foundations_archive.packs import unpacked
from foundations_archive.records import JobSpec
from foundations_archive.segments import segments_seen
from foundations_archive.upkeep.findings import Finding

_THREADS = 8
_LOST = "its courier stopped reporting more than a day ago: the host or the process is gone"


@dataclass(frozen=True)
class Repaired:
    """A finding that was mended, or the reason why it could not be."""

    finding: Finding
    fault: str | None = None


def repair(archive: Archive, findings: Iterable[Finding]) -> list[Repaired]:
    """Do what each finding's `repair` says; one that can't be mended stops none of the others."""
    chosen = [finding for finding in findings if finding.mend]
    # packs come last: what is written anew goes before what is deleted for it
    packs = list(dict.fromkeys(finding.key for finding in chosen if finding.mend == "pack"))
    rest = [finding for finding in chosen if finding.mend != "pack"]
    with ThreadPoolExecutor(_THREADS) as pool:
        repaired = list(pool.map(lambda finding: _repaired(archive, finding), rest))
        for key in packs:
            finding = next(finding for finding in chosen if finding.key == key)
            repaired.append(_repaired(archive, finding, pool))
    return repaired


def _repaired(archive: Archive, finding: Finding, pool: ThreadPoolExecutor | None = None) -> Repaired:
    try:
        if pool:
            list(pool.map(lambda job_id: _write_row(archive, job_id), _jobs_of(archive, finding.key)))
        _mend(archive, finding)
    except ArchiveError as error:
        return Repaired(finding, str(error))
    return Repaired(finding)


def _mend(archive: Archive, finding: Finding) -> None:
    store = archive.cache_store if finding.store else archive.store
    match finding.mend:
        case "describe":
            archive.check()
        case "marker" if finding.job_id:
            # which alone may show the job, where its row is missing and could not be written a moment ago
            _write_row(archive, finding.job_id)
            store.delete(finding.key)
        case "row":
            _write_row(archive, finding.job_id or layout.job_of(finding.key))
        case "lost":
            assert finding.job_id
            _seal_lost(archive, archive.spec(finding.job_id))
        case "hidden":
            store.delete(finding.key)
            hide(archive, archive.spec(layout.job_of(finding.key)))
        case _:  # a marker, a cache entry, a pack, a row or a collection's record that stands in the way
            store.delete(finding.key)


def _write_row(archive: Archive, job_id: str) -> None:
    """Write the row of the record that counts, and delete the marker, which comes after."""
    try:
        spec = archive.spec(job_id)
        record, key = archive.sealed_by(job_id)
    except (NotArchived, ArchiveDamaged):
        return  # which is a finding of its own
    if record and key:
        archive.settle(spec, record, sealed=key)


def _jobs_of(archive: Archive, key: str) -> list[str]:
    """Return the jobs whose rows a pack has; none where it can't be read, as their rows are missed then."""
    try:
        groups = unpacked(archive.store.get(key), key).groups
    except (NotArchived, ArchiveDamaged):
        return []
    return [job_id for group in groups for job_id in group.jobs]


def _seal_lost(archive: Archive, spec: JobSpec) -> None:
    """Seal a job as Lost, unless it has come back; a courier's own word, should it still come, counts for more."""
    if archive.state(spec) != "Lost" or archive.sealed(spec.job_id):
        return
    ledger, seen = Ledger(spec), set[str]()
    ledger.extend(archive.trusting().events(spec.job_id, seen=seen))  # what is sealed here is vouched for
    record = replace(ledger.record("Lost", ended=time.time(), error=_LOST), seen=segments_seen(seen))
    archive.finish(spec, record, attempt=layout.WATCHER, watcher=True)
