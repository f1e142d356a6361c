"""The archive: jobs, blobs and cache entries as meaning above a dumb store.

A job is a log sealed by one record, and what it is follows from which objects exist. What a record names was put
before it, so a reader never finds half a job, whoever was killed when.
"""

import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from copy import copy
from functools import partial
from pathlib import Path
from typing import Any

from foundations_archive import index, layout
from foundations_archive.blobs import Blobs
from foundations_archive.cache_entries import Unusable, entries_beside, read_entry, write_entry
from foundations_archive.damage import lost_record
from foundations_archive.descriptor import describe, read_descriptor
from foundations_archive.envelope import digest_of, made, seal, unseal
from foundations_archive.errors import ArchiveDamaged, JobTaken, NotArchived
from foundations_archive.events import read_events, read_segment
from foundations_archive.job_reading import read_jobs, read_queued
from foundations_archive.job_writing import finish_job, settle_job, submit_job
from foundations_archive.ledger import Event, Ledger
from foundations_archive.location import open_store
from foundations_archive.parallel import aside
from foundations_archive.reader_cache import WriteOnce
from foundations_archive.records import CacheEntry, JobRecord, JobSpec, State
from foundations_archive.rereading import read_verified
from foundations_archive.retrying import INTERACTIVE, Notice, Patience
from foundations_archive.s3_connection import S3Settings
from foundations_archive.segments import segments_of
from foundations_archive.signing import SigningKey
from foundations_archive.standing import sealed_by, standing
from foundations_archive.store import Store, require_safe_key
from foundations_archive.table import Table


class Archive:
    """All that jobs left at one place: a directory or an S3 bucket and prefix.

    `cache` is a second store for cache entries and their blobs, where they are not to lie beside the jobs. With a
    `signing` key all that is written is signed. `reader` is a folder where a reader keeps what it has read and will
    never change.
    """

    def __init__(
        self,
        store: Store,
        *,
        cache: Store | None = None,
        signing: SigningKey | None = None,
        reader: Path | None = None,
    ) -> None:
        self.store = store
        self.write_once = WriteOnce(store, reader)
        self.signing = signing
        self._demanded: SigningKey | None = None
        self.blobs = Blobs(store)
        self.cache_store = cache or store
        self.cache_blobs = self.blobs if cache is None else Blobs(cache)

    @property
    def location(self) -> str:
        """Where the archive is, for people."""
        return self.store.location

    @property
    def has_cache_elsewhere(self) -> bool:
        """Whether cache entries and their blobs lie in a store of their own."""
        return self.cache_store is not self.store

    def trusting(self) -> "Archive":
        """Return this archive as seen by who is about to run what it names: all that is read raises unless signed.

        Without a signing key there is nothing to demand, and whoever may write to the archive is trusted.
        """
        strict = copy(self)
        strict._demanded = self.signing
        return strict

    def seal(self, kind: str, body: Any, *, key: str) -> bytes:
        """Return the bytes of a record that is to be written at `key`, signed where there is a signing key."""
        return seal(kind, body, key=key, signing=self.signing)

    def check(self, *, writes_cache: bool = True) -> None:
        """Make sure that this caller can write here and that the format is one we know; raise `ArchiveError`.

        Who never writes to the cache need only be able to read it, where it lies elsewhere.
        """
        stores = {id(store): store for store in (self.store, *([self.cache_store] if writes_cache else []))}.values()
        # at once: a round trip each would hold up every job. What `check` says explains what befell `describe`
        works: list[Callable[[], object]] = []
        for store in stores:
            works += [store.check, partial(describe, store)]
        if not writes_cache and self.has_cache_elsewhere:
            works.append(partial(read_descriptor, self.cache_store))
        for one in [aside(work) for work in works]:
            one.result()

    def refuse_newer(self) -> None:
        """Raise `NewerFormat` where the archive says that this version is too old to read it."""
        with suppress(ArchiveDamaged):  # one descriptor shall not hide all jobs: their records say their format too
            read_descriptor(self.store)

    def look(self) -> bool:
        """Tell whether there is an archive here yet, and write nothing; raise `ArchiveError` where `check` would.

        What only a write shows, as a bucket that may be read but not written, is not seen.
        """
        self.store.look()
        return read_descriptor(self.store) is not None

    def refuse_taken(self, job_id: str) -> None:
        """Raise `JobTaken` where the archive has a job of this name."""
        if self.store.head(layout.spec(job_id)):
            raise JobTaken(job_id, self.location)

    def submit(self, spec: JobSpec, *, looked: bool = False) -> None:
        """Make a job visible, as Queued; raise `JobTaken` where the archive has one of this name already.

        Whoever `looked` has asked `refuse_taken` just before, or made the name up.
        """
        if not looked:
            self.refuse_taken(spec.job_id)
        submit_job(self, spec)

    def spec(self, job_id: str) -> JobSpec:
        """Return what a job is; raise `NotArchived` where there is no such job."""
        key = layout.spec(job_id)
        try:
            require_safe_key(key)
        except ValueError as error:
            raise NotArchived(f"{job_id!r} is not the name of a job: {error}", key=key) from error
        return made(JobSpec.of, self.read("spec", key), key)

    def heartbeat(self, project: str, job_id: str) -> None:
        """Say that a job is alive: the marker's age, on the store's clock, tells Running from Lost."""
        self.write("live", {"project": project, "job_id": job_id}, key=layout.live(project, job_id))

    def start(self, job_id: str, attempt: str, facts: dict[str, Any]) -> None:
        """Record that an attempt at a job has begun."""
        self.write("start", facts, key=layout.start(job_id, attempt))

    def append(
        self, job_id: str, attempt: str, number: int, events: Sequence[Event], *, previous: str | None = None
    ) -> str:
        """Write one segment of a job's events, and return its digest, which the next one names as the `previous`."""
        key = layout.segment(job_id, attempt, number)
        return digest_of(self.write("events", {"previous": previous, "events": list(events)}, key=key))

    def finish(self, spec: JobSpec, record: JobRecord, *, attempt: str, watcher: bool = False) -> JobRecord:
        """Seal a job, index it, take its marker away, and return the record that seals it.

        Of several watchers with one `attempt` the first one's word counts. Each step may be repeated by whoever finds
        it missing.
        """
        return finish_job(self, spec, record, attempt=attempt, watcher=watcher)

    def settle(self, spec: JobSpec, record: JobRecord, *, sealed: str) -> None:
        """Do what is left to do for a job that the record at the key `sealed` seals: its row, then its marker."""
        settle_job(self, spec, record, sealed=sealed)

    def record(self, spec: JobSpec) -> JobRecord:
        """Return what became of a job so far, from the record that seals it or from what is there of a live one."""
        sealed, state, keys = standing(self, spec)
        if sealed:
            return sealed
        ledger = Ledger(spec)
        for key in segments_of(keys, sealed={}):
            ledger.extend(read_segment(self, key))
        lost = "its courier stopped reporting: the host or the process is gone" if state == "Lost" else None
        return ledger.record(state, error=lost)

    def state(self, spec: JobSpec) -> State:
        """Return the state of a job, without reading what it has left."""
        return standing(self, spec)[1]

    def sealed(self, job_id: str, *, attempt: str | None = None) -> JobRecord | None:
        """Return the record that seals a job, or None for one that has not ended; `attempt` as in `sealed_by`."""
        return self.sealed_by(job_id, attempt=attempt)[0]

    def sealed_by(self, job_id: str, *, attempt: str | None = None) -> tuple[JobRecord | None, str | None]:
        """Return the record that seals a job and its key, or None twice.

        Who knows which `attempt` may have sealed it saves a listing, and that might be late.
        """
        return sealed_by(self, job_id, attempt)

    def events(self, job_id: str, *, seen: set[str] | None = None, last: bool = False) -> Iterator[Event]:
        """Yield a job's events in the order in which they happened; raise `ArchiveDamaged` where some are lost.

        With `seen`, which this fills, those that an earlier call with the same set has yielded are left out. The `last`
        of such calls, for a job that has ended, does not rely on listings.
        """
        return read_events(self, job_id, seen=set() if seen is None else seen, last=last)

    def job_ids(self, project: str | None = None, *, hidden: bool = False) -> list[str]:
        """Return the ids of the jobs of one project, or of all, but for hidden ones, unless these count too."""
        return index.job_ids(self, project, hidden=hidden)

    def table(self, project: str | None = None) -> Table:
        """Return the index rows of the jobs of one project, or of all, by columns, but for those that are hidden."""
        return index.read_table(self, project)

    def rows(self, project: str | None = None) -> list[dict[str, Any]]:
        """Return the same one by one, oldest first.

        Rows of jobs that have not ended are made up from what is there of them.
        """
        return self.table(project).all_rows()

    def queued(self) -> list[JobSpec]:
        """Return the jobs of every project that no courier has started yet, oldest first, but for those hidden."""
        return read_queued(self)

    def jobs(self, project: str | None = None, *, hidden: bool = False) -> list[tuple[JobSpec, JobRecord]]:
        """Return the jobs whose ids `job_ids` gives, with what became of each, oldest first.

        A job that has ended costs two requests, and none that this user has read before.
        """
        return read_jobs(self, project, hidden=hidden)

    def projects(self) -> list[str]:
        """Return the names of the projects that have a job."""
        return sorted({name for group in self.table().all_groups() for name in group.plain_field("project")})

    def cached(self, key: str, *, unusable: Unusable | None = None) -> CacheEntry | None:
        """Return the entry of a cache key, or None: a damaged entry is a miss, an unreachable store raises.

        `unusable` hears why an entry is none. Without that raise `ArchiveForbidden` for one that may not be read, and
        `ArchiveUntrusted` for one that is not signed with the signing key, where there is one.
        """
        return read_entry(self, layout.cached(key), unusable)

    def cached_beside(self, key: str, *, unusable: Unusable | None = None) -> list[tuple[str, CacheEntry]]:
        """Return the names and the entries that stand beside that of a cache key, the youngest first; see `cached`."""
        return entries_beside(self, key, unusable)

    def keep(self, key: str, entry: CacheEntry, *, place: str = "first") -> None:
        """Write the entry of a cache key; whoever was first keeps it, unless what is there can't be used.

        At the place "beside" it stands beside what was there first, and serves where that has read other things;
        "instead" is for who has found that what is there is good for nothing.
        """
        write_entry(self, key, entry, place=place)

    def sealing(self, key: str) -> JobRecord:
        """Return the record at a key that something else tells of; raise `ArchiveDamaged` where it is not there."""
        try:
            return made(JobRecord.of, self.read("job", key), key)
        except NotArchived as error:
            raise lost_record(key) from error

    def read(self, kind: str, key: str) -> Any:
        """Return the body of the record of this kind at a key; raise as the store does, and where it is damaged."""
        return read_verified(self.store, key, lambda data: unseal(kind, data, key, signing=self._demanded))

    def write(self, kind: str, body: Any, *, key: str) -> bytes:
        """Write a record of this kind at a key, and return its bytes."""
        data = self.seal(kind, body, key=key)
        self.store.put(key, data)
        return data

    def attempt_keys(self, job_id: str) -> list[str]:
        """Return the keys of all that the attempts at a job have left, in order."""
        return sorted(entry.key for entry in self.store.list(layout.attempts(job_id)))


def open_archive(
    location: str,
    *,
    cache: str | None = None,
    s3: Mapping[str, str | None] | None = None,
    owner: tuple[int, int] | None = None,
    patience: Patience = INTERACTIVE,
    notice: Notice | None = None,
    signing: SigningKey | None = None,
    reader: Path | None = None,
) -> Archive:
    """Return the archive at a directory or an `s3://bucket/prefix`; nothing is read or written yet.

    `patience` says for how long it is asked again when it does not answer; `notice` hears of trouble that lasts.
    """
    opened = partial(open_store, s3=S3Settings(**(s3 or {})), owner=owner, patience=patience, notice=notice)
    cache_store, store = opened(cache) if cache else None, opened(location)
    return Archive(store, cache=cache_store, signing=signing, reader=reader)


def new_attempt() -> str:
    """Return a name under which nobody else writes, later ones sorting later."""
    return f"{int(time.time() * 1000):013d}-{secrets.token_hex(4)}"
