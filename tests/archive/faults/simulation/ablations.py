"""The real code with one of its orders undone: each of these must be found out, or the simulation sees nothing."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from foundations_archive import layout
from foundations_archive.archive import Archive
from foundations_archive.blobs import Blobs
from foundations_archive.errors import JobTaken
from foundations_archive.records import JobRecord, JobSpec, State, plain, row_of
from foundations_archive.store import Entry, Store
from foundations_archive.upkeep import collection
from foundations_runner import journal
from tests.archive.faults.simulation.life import REAL, Code

_STANDING = "foundations_archive.standing"
_COLLECTION = "foundations_archive.upkeep.collection._Collection"


class _RowsBeforeMarkers:
    """A store that a reader asks for rows and packs before it asks for markers, whatever it thinks it does."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._before: dict[str, list[Entry]] = {}

    def list(self, prefix: str) -> Iterator[Entry]:
        if prefix.startswith(layout.LIVE):
            self._before = {layout.ROWS: list(self._store.list(layout.ROWS))}
        elif prefix.startswith(layout.ROWS) and self._before:
            return iter([entry for entry in self._before[layout.ROWS] if entry.key.startswith(prefix)])
        return self._store.list(prefix)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


class _SpecFirst(Archive):
    def submit(self, spec: JobSpec, *, looked: bool = False) -> None:
        if not self.store.create(
            layout.spec(spec.job_id), self.seal("spec", plain(spec), key=layout.spec(spec.job_id))
        ):
            raise JobTaken(spec.job_id, self.location)
        self.heartbeat(spec.project, spec.job_id)


class _NoMarker(Archive):
    def heartbeat(self, project: str, job_id: str) -> None:
        pass


class _MarkerBeforeRow(Archive):
    def settle(self, spec: JobSpec, record: JobRecord, *, sealed: str) -> None:
        self.store.delete(layout.live(spec.project, spec.job_id))
        super().settle(spec, record, sealed=sealed)


class _OneRow(Archive):
    def settle(self, spec: JobSpec, record: JobRecord, *, sealed: str) -> None:
        row = layout.row(spec.project, spec.job_id)
        self.write("row", {**row_of(spec, record), "sealed": sealed}, key=row)
        self.store.delete(layout.live(spec.project, spec.job_id))


class _RowBeforeRecord(Archive):
    def finish(self, spec: JobSpec, record: JobRecord, *, attempt: str, watcher: bool = False) -> JobRecord:
        key = (layout.post if watcher else layout.done)(spec.job_id, attempt)
        self.settle(spec, record, sealed=key)
        self.write("job", plain(record), key=key)
        return record


class _LateBlobs(Blobs):
    """Blobs that are written when the record that names them is."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.waiting: list[bytes] = []

    def _put(self, content: memoryview, whole: object) -> str:
        self.waiting.append(bytes(content))
        return hashlib.sha256(content).hexdigest()


class _RecordBeforeBlobs(Archive):
    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.blobs = self.cache_blobs = self._late = _LateBlobs(store)

    def submit(self, spec: JobSpec, *, looked: bool = False) -> None:
        super().submit(spec)
        self._write()

    def finish(self, spec: JobSpec, record: JobRecord, *, attempt: str, watcher: bool = False) -> JobRecord:
        record = super().finish(spec, record, attempt=attempt, watcher=watcher)
        self._write()
        return record

    def _write(self) -> None:
        while self._late.waiting:
            Blobs(self.store).put(self._late.waiting.pop())


class _OwnClock(Archive):
    def heartbeat(self, project: str, job_id: str) -> None:
        body = {"project": project, "job_id": job_id, "time": journal.time.time()}
        self.write("live", body, key=layout.live(project, job_id))

    def state(self, spec: JobSpec) -> State:
        found = super().state(spec)
        if found != "Running":
            return found
        beat = self.read("live", layout.live(spec.project, spec.job_id))["time"]
        return "Lost" if journal.time.time() - beat > 60 else "Running"


def _post_counts(keys: list[str]) -> str | None:
    return next((key for name in ("/post.json", "/done.json") for key in keys if key.endswith(name)), None)


def _nothing_by_name(archive: Archive, spec: JobSpec, keys: Sequence[str]) -> str | None:
    return None


def _whatever_arrived(tail: Sequence[Any], segments: Iterable[Any]) -> Iterator[Any]:
    yield from tail


def _seal_first(close: Callable[[], None], seal: Callable[[], None]) -> None:
    seal()
    close()


class _GrowingSegments(journal.Journal):
    """What the journal did once: a segment that got no answer grew by what came meanwhile, and was sent again."""

    def _take_pending(self) -> bool:
        with self._lock:
            self._unanswered, self._pending, self._pending_bytes = [*self._unanswered, *self._pending], [], 0
            return bool(self._unanswered)


def _standing_at_any_age(blobs: Blobs, digest: str, size: int) -> int | None:
    del size
    found = blobs._store.head(layout.blob(digest))
    return None if found is None else found.size


def _deletes_without_a_look(collection: Any, entry: Entry) -> bool:
    collection._store.delete(entry.key)
    return True


def _all_that_nothing_named_just_now(collection: Any, cycles: Any) -> set[str]:
    return {layout.digest_in(entry.key) for entry in collection._store.list(layout.BLOBS)}


def _collects_what_is_young(archive: Archive, *, grace: float, minimum_interval: float) -> object:
    return collection.collect(archive, grace=1.0, minimum_interval=1.0)


@dataclass(frozen=True)
class Ablation:
    """What is undone, and the invariants of which one breaks at once."""

    name: str
    breaks: tuple[str, ...]
    code: Code
    patch: tuple[tuple[str, Any], ...] = ()
    collected: bool = False

    @contextmanager
    def undone(self) -> Iterator[Code]:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.patch:
                patch.setattr(name, value)
            yield self.code


def _with(archive: type[Archive], **changes: Any) -> Code:
    return replace(REAL, archive=archive, reader=archive, **changes)


ABLATIONS = (
    Ablation("rows before markers", ("I1",), replace(REAL, reader=lambda store: Archive(_RowsBeforeMarkers(store)))),
    Ablation("spec before marker", ("I1",), _with(_SpecFirst)),
    Ablation("no marker", ("I1",), _with(_NoMarker)),
    Ablation("row after the marker is gone", ("I1",), _with(_MarkerBeforeRow)),
    Ablation("record before its blobs", ("I2", "I8"), _with(_RecordBeforeBlobs)),
    Ablation("record before the last segment", ("I2",), replace(REAL, ending=_seal_first)),
    Ablation("row before record", ("I3", "I8"), _with(_RowBeforeRecord)),
    Ablation(
        "a watcher's word before its courier's",
        ("I3",),
        REAL,
        ((f"{_STANDING}._seal_in", _post_counts), (f"{_STANDING}.sealed_by_name", _nothing_by_name)),
    ),
    Ablation("one row for courier and watcher", ("I7",), _with(_OneRow)),
    Ablation("a heartbeat by the reader's clock", ("I9",), _with(_OwnClock)),
    Ablation(
        "what is sealed by late listings alone", ("I3",), REAL, ((f"{_STANDING}.sealed_by_name", _nothing_by_name),)
    ),
    Ablation(
        "a watcher's events whatever arrived",
        ("I4",),
        REAL,
        (("foundations_archive.events.untold", _whatever_arrived),),
    ),
    Ablation(
        "a segment that grows when it is sent again",
        ("I4", "I7"),
        REAL,
        (("tests.archive.faults.simulation.courier.Journal", _GrowingSegments),),
    ),
    Ablation("a packer that deletes at once", ("I1", "I8"), REAL, (("foundations_archive.packing.SWEEP_AFTER", 0.0),)),
    Ablation(
        "no freshening",
        ("I2", "I6"),
        REAL,
        (("foundations_archive.blobs.Blobs._standing", _standing_at_any_age),),
        True,
    ),
    Ablation(
        "no second look at a blob's age",
        ("I2", "I6"),
        REAL,
        ((f"{_COLLECTION}._delete_one", _deletes_without_a_look),),
        True,
    ),
    Ablation(
        "one phase and no freshening",
        ("I2", "I6"),
        REAL,
        (
            (f"{_COLLECTION}._previous", _all_that_nothing_named_just_now),
            ("foundations_archive.blobs.Blobs._standing", _standing_at_any_age),
        ),
        True,
    ),
    Ablation(
        "segments pin nothing",
        ("I2", "I6"),
        REAL,
        (
            (
                "foundations_archive.upkeep.marking._ROOTS",
                {"spec": "spec", "done": "job", "post": "job", "cache": "cache"},
            ),
        ),
        True,
    ),
    Ablation(
        "no fence",
        ("I2", "I6"),
        REAL,
        (("foundations_archive.upkeep.collection._Rules.fence", float("inf")),),
        True,
    ),
    Ablation("no grace", ("I2", "I6"), replace(REAL, collect=_collects_what_is_young), (), True),
)
