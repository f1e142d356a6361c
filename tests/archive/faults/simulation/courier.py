"""A courier as it really is, but for the worker: a script says what that would."""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

from foundations_archive import cancellation
from foundations_archive.archive import Archive, new_attempt
from foundations_archive.errors import ArchiveError
from foundations_archive.packing import pack_after_job
from foundations_archive.records import JobSpec, State
from foundations_runner import cancellation_watch
from foundations_runner.conversation import Conversation
from foundations_runner.journal import TAIL_BYTES, Journal
from tests.archive.faults.simulation.virtual import Wire
from tests.archive.faults.simulation.world import World

Script = Generator[Any, dict[str, Any] | None, None]
Seal = Callable[..., None]

COMPLETED, FAILED, CANCELLED, BROKEN, KILLED = 0, 1, 2, 70, 137


@dataclass(frozen=True)
class Plan:
    """What a job does: the seconds of each stage, and which one fails, if any."""

    spec: JobSpec
    seconds: tuple[float, ...]
    fails: int | None = None
    large: int = 70_000

    def result(self, place: int) -> bytes:
        """Return the value of a stage: that of a cached one is the same in every job."""
        stage = self.spec.stages[place]
        return (stage.name if stage.cached else f"{self.spec.job_id} {stage.id}").encode().ljust(self.large, b".")

    def results(self) -> list[bytes]:
        """Return the values of all stages."""
        return list(map(self.result, range(len(self.spec.stages))))


class ScriptedChannel:
    """The courier's end of a channel whose other end is a script."""

    def __init__(self, world: World, script: Script) -> None:
        self._world, self._script = world, script
        self._answer: dict[str, Any] | None = None
        self._begun = False
        self._bytes: list[bytes] = []

    def waits(self, seconds: float | None) -> bool:
        return True

    def receive(self) -> dict[str, Any]:
        while True:
            try:
                said = self._script.send(self._answer if self._begun else None)
            except StopIteration:
                raise EOFError from None
            self._begun, self._answer = True, None
            if isinstance(said, float):
                self._work(said)
                continue
            self._bytes = said.pop("bytes", [])
            return said

    def _work(self, seconds: float) -> None:
        process = self._world.process
        self._world.pause(seconds, lambda: process.signalled)
        if process.signalled:
            raise EOFError  # the worker has been ended

    def chunks(self, size: int, *, room: int = 0) -> Iterator[bytearray]:
        yield bytearray(room) + self._bytes.pop(0)

    def buffer(self, size: int) -> bytearray:
        return bytearray(self._bytes.pop(0))

    def send(self, message: Mapping[str, Any], buffers: Iterable[bytes] = ()) -> None:
        self._answer = dict(message)

    def send_stream(self, message: Mapping[str, Any], sizes: list[int], chunks: Iterable[bytes]) -> None:
        for _ in chunks:
            pass
        self._answer = dict(message)

    def close(self) -> None:
        pass


def worker(plan: Plan, journal: Journal) -> Script:
    """Do what a worker does: each stage starts, logs, is looked for in the cache, gives a value, ends."""
    for place, (stage, seconds) in enumerate(zip(plan.spec.stages, plan.seconds, strict=True)):
        named = {"stage": stage.id}
        yield {"say": "started", **named}
        key = f"{plan.large:02d}{stage.name}" if stage.cached else None
        if key and (yield from _is_served(stage.id, key)):
            yield {"say": "ended", "status": "cached", "keep": False, "cache_key": key, "persisted": True, **named}
            continue
        yield seconds / 2
        journal.add("log", stream="stdout", text=f"{stage.id} is half done", stage=stage.id)
        yield {"say": "metric", "key": "loss", "value": seconds, "time": seconds, **named}
        yield seconds / 2
        if plan.fails == place:
            yield {"say": "ended", "status": "failed", "keep": False, "persisted": False, "error": "no", **named}
            yield {"say": "finished", "failed": True, "error": "no"}
            return
        data = plan.result(place)
        yield {
            "say": "value",
            "encoding": "pickle5",
            "sizes": [len(data)],
            "cached": stage.cached,
            "persisted": True,
            "bytes": [data],
            **named,
        }
        ended = {"say": "ended", "status": "succeeded", "keep": stage.cached, "cache_key": key, "persisted": True}
        yield {**ended, "seconds": seconds, "time": seconds, **named}
    yield {"say": "finished", "failed": False}


def _is_served(stage: str, key: str) -> Generator[Any, Any, bool]:
    found = (yield {"say": "lookup", "questions": [{"stage": stage, "keys": [key]}], "beside": False})["entries"][0]
    if not found:
        return False
    taken = {"stage": stage, "name": found[0]["name"], "persisted": True}
    return (yield {"say": "take", "hits": [taken]})["whole"] == [True]


def run_courier(world: World, archive: Archive, job_id: str, *, plan: Plan, wire: Wire, finish: Seal) -> int:
    """Run one attempt at a job, in the order of `foundations_runner.courier`, and return its exit status."""
    process = world.process
    try:
        spec = archive.spec(job_id)
        archive.blobs.get(spec.bundle)
        attempt = new_attempt()
        archive.start(job_id, attempt, {"image": None, "time": world.now})
        # of some jobs the last events are a segment, as if there were many, and of some they go into the record
        tail_bytes = TAIL_BYTES if job_id[-1] in "02468" else 0
        journal = Journal(archive, spec, attempt=attempt, echo=wire, tail_bytes=tail_bytes)
        journal.open()
        journal.add("job started", image=None, attempt=attempt)
        cancelled = process.signalled or cancellation.cancellation_requested(archive, job_id)
        state, error = ("Cancelled", None) if cancelled else _attend(world, archive, spec, journal=journal, plan=plan)
        journal.add("job ended", state=state, error=error)

        tail: list[Mapping[str, Any]] = []

        def close() -> None:
            tail.extend(journal.close())

        def seal() -> None:
            record = journal.ledger.record(state, ended=world.now, error=error, tail=tail)
            record = replace(record, segments=journal.segments, chain=journal.chain)
            archive.finish(spec, record, attempt=attempt)

        finish(close, seal)
        pack_after_job(archive, spec)
    except ArchiveError as error:
        world.note(f"the courier gives up: {error}")
        return BROKEN
    return {"Completed": COMPLETED, "Cancelled": CANCELLED}.get(state, FAILED)


def in_order(close: Callable[[], None], seal: Callable[[], None]) -> None:
    """End a job as the courier does: the last segment, then the record that names it."""
    close()
    seal()


def _attend(world: World, archive: Archive, spec: JobSpec, *, journal: Journal, plan: Plan) -> tuple[State, str | None]:
    process = world.process
    cancellation_watch.watch_for_cancellation(archive, spec.job_id)
    talk = Conversation(
        ScriptedChannel(world, worker(plan, journal)),
        archive=archive,
        spec=spec,
        journal=journal,
        notes=SimpleNamespace(head=lambda: 0, notes=lambda until=None: []),
    )
    talk.hold(SimpleNamespace(environment_key="", cache_read_only=False, dry=None), "root")
    if process.signalled and (talk.ended is None or talk.ended["failed"]):
        return "Cancelled", None
    if talk.broken:
        if not isinstance(talk.broken, ArchiveError):
            raise talk.broken
        return "Failed", f"the courier could not go on: {talk.broken}"
    if talk.ended is None:
        return "Failed", "the worker was killed"
    return ("Failed", talk.ended["error"]) if talk.ended["failed"] else ("Completed", None)
