"""Stages that are served from the cache: looked through, told of as if they had run, and their results sent."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any

from foundations_archive.archive import Archive
from foundations_archive.blobs import CHUNK
from foundations_archive.errors import ArchiveDamaged, ArchiveError, NotArchived, is_of_one_object
from foundations_archive.parallel import at_once
from foundations_archive.records import Buffer, CacheEntry, Value, plain
from foundations_runner.explanations import Coming, Explanations, arrived, under_way
from foundations_runner.intake import Intake
from foundations_runner.journal import Journal
from foundations_runner.lookups import Lookups
from foundations_runner.uploads import Uploads

Message = Mapping[str, Any]
Event = tuple[str, dict[str, Any]]
# a cached value, and its way into the archive where the cache lies elsewhere
_Hit = tuple[CacheEntry | None, Future[None] | None]

_Served = tuple[Message, CacheEntry | None, Coming]

_NO_HIT: _Hit = (None, None)
_THREADS = 32


class Serving:
    """The hits of one job."""

    def __init__(
        self,
        archive: Archive,
        journal: Journal,
        *,
        lookups: Lookups,
        intake: Intake,
        uploads: Uploads,
        explanations: Explanations,
    ) -> None:
        self._archive, self._journal = archive, journal
        self._lookups, self._intake, self._uploads = lookups, intake, uploads
        self._explanations = explanations
        self._hits: dict[str, _Hit] = {}
        self._served: dict[str, _Hit] = {}
        self._told: set[str] = set()

    def take(self, hits: Sequence[Message]) -> list[bool]:
        """Return for each stage whether all is there that its entry names; it is served from it then."""
        entries = [self._lookups.chosen(one["stage"], one["name"]) for one in hits]
        asked = list(zip(hits, entries, strict=True))
        there = at_once(self._is_there, asked, threads=_THREADS, size=_held)
        for (one, entry), whole in zip(asked, there, strict=True):
            if whole and entry is not None:
                elsewhere = one["persisted"] and self._archive.has_cache_elsewhere
                copied = self._uploads.begin(partial(self._copy, entry.value)) if elsewhere else None
                self._hits[one["stage"]] = entry, copied
        return there

    def end(self, stage: str) -> _Hit:
        """Return what has served a stage that has ended, if anything has; its result may still be loaded."""
        hit = self._served[stage] = self._hits.pop(stage, _NO_HIT)
        return hit

    def serve(self, message: Message) -> None:
        """Write down that stages have been served, as soon as what they have kept is in the archive."""
        ended = [(one, *self.end(one["stage"])) for one in message["stages"]]
        served = [(one, entry, self._explanations.of_entry(entry) if entry else ()) for one, entry, _ in ended]
        after = [copied for _, _, copied in ended if copied is not None]
        after += [coming for _, _, explanation in served for coming in under_way(explanation)]
        self._uploads.then(partial(self._write, served, message), after=after)

    def _write(self, served: Sequence[_Served], message: Message) -> None:
        self._journal.add_all(event for one in served for event in _events(*one, message))

    def value_of(self, stage: str) -> Value | None:
        """Return the result of a stage that is served, if it is whole."""
        entry, _ = self._hits.get(stage) or self._served.get(stage) or _NO_HIT
        return entry.value if entry and self._whole(stage, entry.value) else None

    def chunks(self, buffers: Sequence[Buffer]) -> Iterator[bytes]:
        """Yield the bytes of a value."""
        for buffer in buffers:
            yield from self._archive.cache_blobs.get_buffer(buffer)

    def _is_there(self, asked: tuple[Message, CacheEntry | None]) -> bool:
        one, entry = asked
        try:
            return entry is not None and self._has_all(one, entry)
        except ArchiveError as error:
            if not is_of_one_object(error):
                raise
            self._warn(one["stage"], error)
            return False

    def _has_all(self, one: Message, entry: CacheEntry) -> bool:
        if not all(map(self._intake.bring, entry.artifacts)):
            return False
        # a result that this job keeps is read, so that it can be read from this job; of others it is asked for
        if one["persisted"]:
            return self._whole(one["stage"], entry.value)
        names = entry.value.chunks
        holds = self._archive.cache_blobs.holds
        return all(map(holds, names) if len(names) < 2 else at_once(holds, names))

    def _copy(self, value: Value) -> None:
        for buffer in value.buffers:
            self._archive.blobs.put_buffer(self._archive.cache_blobs.get_buffer(buffer), compress=True)

    def _whole(self, stage: str, value: Value) -> bool:
        # a damaged or missing value is a miss: found out before the first byte is sent
        fault = self._archive.cache_blobs.fault(value.chunks)
        if fault is not None:
            self._warn(stage, fault)
        return fault is None

    def _warn(self, stage: str, error: ArchiveError) -> None:
        """Say why what is there can't be had; of what is damaged or gone the worker tells."""
        if not isinstance(error, NotArchived | ArchiveDamaged) and error.key not in self._told:
            self._told.add(error.key)
            text = f"foundations: warning: {error}; the stage is computed anew"
            self._journal.add("log", stream="stderr", text=text, stage=stage)


def _events(one: Message, entry: CacheEntry | None, explanation: Coming, message: Message) -> Iterator[Event]:
    stage, at = one["stage"], message["time"]
    yield "stage started", {"stage": stage, "time": at}
    if entry is not None:
        yield from replayed(stage, entry)
    value = plain(entry.value) if entry and one["persisted"] else None
    told = {"stage": stage, "status": "cached", "seconds": message["seconds"], "time": at}
    why = {"explanation": list(names)} if (names := arrived(explanation)) else {}
    once = {"computed_seconds": entry.seconds, "computed_at": entry.made} if entry else {}
    yield "stage ended", {**told, **why, **once, "cached_from": one["cached_from"], "value": value}


def replayed(stage: str, entry: CacheEntry) -> Iterator[Event]:
    """Yield what the run that made an entry has logged, as events of a stage that it serves."""
    for series in entry.metrics:
        yield "metrics", {**series.plain(), "stage": stage, "replayed": True}
    for kind, values in (("tag", entry.tags), ("parameter", entry.parameters)):
        for key, value in values.items():
            yield kind, {"stage": stage, "key": key, "value": value, "replayed": True}
    for artifact in entry.artifacts:
        yield "artifact", {**plain(artifact), "stage": stage, "replayed": True}


def _held(asked: tuple[Message, CacheEntry | None]) -> int:
    """Return how much is held in memory while a hit is looked through."""
    one, entry = asked
    if entry is None or not one["persisted"]:
        return 0
    return sum(min(buffer.size, 3 * CHUNK) for buffer in entry.value.buffers)
