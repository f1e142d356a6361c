"""The courier's side of what it and the worker say to each other (ARCHITECTURE.md lists the messages)."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from foundations_archive.archive import Archive
from foundations_archive.blobs import ROOM
from foundations_archive.errors import ArchiveError, is_of_one_object
from foundations_archive.leases import LEASE_SECONDS
from foundations_archive.manifest import ManifestError
from foundations_archive.records import CacheEntry, JobSpec, plain
from foundations_runner.channel import Channel, Message
from foundations_runner.expected import Expected
from foundations_runner.explanations import Coming, Explanations, arrived, under_way
from foundations_runner.handover import graph_of, job_message
from foundations_runner.intake import Intake, homes_of
from foundations_runner.journal import Journal
from foundations_runner.leases_held import LeasesHeld
from foundations_runner.lookups import Lookups
from foundations_runner.order import Order
from foundations_runner.ring import RingReader
from foundations_runner.serving import Serving, replayed
from foundations_runner.uploads import ComingValue, Spare, Uploads
from foundations_runner.worker_events import Event, WorkerNotes, event_of

_INLINE_BYTES = 4096
_LOOK_SECONDS = 0.01


class Conversation:
    """Hands the job to the worker, then writes down what it says until it has gone.

    Values go into the archive while the worker is listened to. What it says comes into the journal in order all the
    same, and the end of a stage only when its value is there. `graph` gives the bytes of the job's graph.

    `catch_up` returns when what the worker has printed up to now is in the journal: it comes another way, and a stage's
    lines belong before its end.
    """

    def __init__(
        self,
        channel: Channel,
        *,
        archive: Archive,
        spec: JobSpec,
        journal: Journal,
        notes: RingReader,
        mark: str = "",
        catch_up: Callable[[], None] = lambda: None,
        graph: Callable[[], Iterable[bytes]] | None = None,
        cache_read_only: bool = False,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self._channel, self._archive, self._spec, self._journal = channel, archive, spec, journal
        self._notes, self._mark, self._catch_up = notes, mark, catch_up
        self._worker_notes = WorkerNotes()
        self._graph = graph or partial(graph_of, archive, spec)
        self._uploads = Uploads()
        self._values: dict[str, ComingValue] = {}
        self._lookups = Lookups(archive, journal)
        self._expected = Expected(archive, spec, read_only=cache_read_only)
        self._leases = LeasesHeld(archive, spec.job_id, seconds=lease_seconds)
        self._intake = Intake(archive, spec, self._uploads)
        self._explanations = Explanations(archive, self._uploads, read_only=cache_read_only)
        self._serving = Serving(
            archive,
            journal,
            lookups=self._lookups,
            intake=self._intake,
            uploads=self._uploads,
            explanations=self._explanations,
        )
        self.ended: Message | None = None
        self.broken: Exception | None = None

    def hold(self, order: Order, root: str) -> None:
        """Hand the job over and take in messages until the worker has gone; `ended` is then its last word, if any.

        What breaks on our side, as an archive that is out of reach, is kept in `broken`, and the worker, which
        can't go on without us, sees its channel closed.
        """
        try:
            self._hand_over(order, root)
            self._listen()
        except ArchiveError as error:  # first: an archive out of reach is a ConnectionError too
            self.broken = error
        except (EOFError, ConnectionError):
            pass
        except Exception as error:  # noqa: BLE001 - kept, and raised where the job is sealed
            self.broken = error
        finally:
            self._channel.close()
            self._arrive()

    def _arrive(self) -> None:
        """Wait for what is on its way into the archive."""
        try:
            self._uploads.finish()
        except Exception as error:  # noqa: BLE001 - as above
            self.broken = self.broken or error
        self._leases.close()

    def _listen(self) -> None:
        try:
            while True:
                self._uploads.check()
                head = self._notes.head()
                if not self._channel.waits(_LOOK_SECONDS):
                    self._take_notes(head)  # no message came before them, or it would be here
                    continue
                message = self._channel.receive()
                self._take_notes(message.pop("noted", head))
                self._take(message)
        except (EOFError, ConnectionResetError):
            self._take_notes()  # the last ones, of a worker that may have been killed

    def _take_notes(self, until: int | None = None) -> None:
        events = [event for note in self._notes.notes(until) for event in self._worker_notes.events(note)]
        if any(kind.startswith("stage") for kind, _ in events):
            self._catch_up()  # a stage's lines belong before its end
        if events:
            self._write(events)
        for kind, fields in events:
            if kind == "stage ended":
                self._let_go(fields["stage"])

    def _write(self, events: list[Event]) -> None:
        self._uploads.then(partial(self._journal.add_all, events))

    def _hand_over(self, order: Order, root: str) -> None:
        spec = self._spec
        message = job_message(spec, order, root=root, mark=self._mark)
        self._channel.send_stream(message, [buffer.size for buffer in spec.graph.buffers], self._graph())

    def _take(self, message: Message) -> None:
        match message.pop("say"):
            case "value":
                self._values[message["stage"]] = self._store_value(message)
            case "ended":
                self._end_stage(message)
            case "explain":
                self._explanations.take(message["names"], self._pieces(message["sizes"]))
            case "served":
                self._serve(message)
            case "lookup" | "expected" | "claim" | "take" | "load" as question:
                self._answer(question, message)
            case "piece":
                self._intake.take(message, self._pieces(message["sizes"]))
            case "artifact":
                self._keep_artifact(message)
            case "finished":
                self.ended = message
                self._uploads.then(self._expected_next)
            case say:
                self._catch_up()
                self._write([event_of(say, message)])

    def _answer(self, question: str, message: Message) -> None:
        match question:
            case "lookup":
                self._channel.send(self._lookups.answer(message))
            case "claim":
                self._channel.send(self._leases.claim(**message))
            case "expected":
                self._channel.send({"entries": self._expected.told(self._lookups)})
            case "take":
                self._channel.send({"whole": self._serving.take(message["hits"])})
            case _:
                self._load(message)

    def _pieces(self, sizes: list[int]) -> Iterator[bytearray]:
        for size in sizes:
            yield from self._roomy(size)

    def _keep_artifact(self, message: Message) -> None:
        try:
            artifact = self._intake.finish(message)
        except ManifestError as error:
            self._channel.send({"fault": str(error)})
            return
        self._write([("artifact", {"stage": message["stage"], **plain(artifact)})])
        self._channel.send({"fault": None})

    def _store_value(self, message: Message) -> ComingValue:
        sizes, encoding = message["sizes"], message["encoding"]
        if encoding == "json" and sizes[0] <= _INLINE_BYTES:
            return ComingValue(encoding, inline=self._channel.buffer(sizes[0]).decode())
        homes = homes_of(self._archive, cached=message["cached"], persisted=message["persisted"])
        # a result that is to be read from this job has to arrive; for the cache it need not
        alone = self._archive.has_cache_elsewhere or not message["persisted"]
        spare = Spare([self._archive.cache_blobs] if alone else [])
        put = partial(self._uploads.put, homes, spare=spare)
        buffers = ((size, tuple(put(chunk) for chunk in self._roomy(size))) for size in sizes)
        return ComingValue(encoding, tuple(buffers), spare=spare)

    def _roomy(self, size: int) -> Iterator[bytearray]:
        return self._channel.chunks(size, room=ROOM)

    def _end_stage(self, message: Message) -> None:
        self._catch_up()
        coming = self._values.pop(message["stage"], None)
        hit, copied = self._serving.end(message["stage"])
        names = message.pop("explanation", ())
        served = hit is not None and message["status"] == "cached"
        why = self._explanations.of_entry(hit) if hit and served else self._explanations.sent(names)
        after = [*(coming.blobs if coming else ()), *([copied] if copied else ()), *under_way(why)]
        self._uploads.then(partial(self._write_end, message, coming, hit, why), after=after)

    def _write_end(
        self, message: Message, coming: ComingValue | None, hit: CacheEntry | None, explanation: Coming
    ) -> None:
        stage, key, keep = message["stage"], message.get("cache_key"), message.pop("keep")
        kept = {name: message.pop(name) for name in ("content", "observed") if name in message}
        if why := arrived(explanation):
            message["explanation"] = list(why)
        place = message.pop("place", "first")
        value = coming.value() if coming else None
        if hit and message["status"] == "cached":
            value = hit.value
            message |= {"computed_seconds": hit.seconds, "computed_at": hit.made}
            self._journal.add_all(replayed(stage, hit))
        persisted = message.pop("persisted", False)
        shown = plain(value) if value and persisted else None
        self._journal.add("stage ended", **message, value=shown)
        keep = keep and message["status"] == "succeeded"
        if keep and coming and coming.fault:
            self._warn_of_cache(stage, coming.fault)
        elif keep and key and value:
            ledger, made = self._journal.ledger, (self._spec.job_id, stage, message["seconds"])
            tracked = ledger.tracked_by(stage)
            now = message["time"]
            entry = CacheEntry(value, *made, ledger.metrics_of(stage), *tracked, made=now, explanation=why, **kept)
            self._expected.used(stage, key)
            self._uploads.begin(partial(self._keep, key, entry, place=place))
            return
        self._let_go(stage)

    def _warn_of_cache(self, stage: str, error: ArchiveError) -> None:
        text = f"foundations: warning: the cache does not keep the result of this stage: {error}"
        self._journal.add("log", stream="stderr", text=text, stage=stage)

    def _keep(self, key: str, entry: CacheEntry, *, place: str) -> None:
        try:
            self._archive.keep(key, entry, place=place)
        except ArchiveError as error:
            if not is_of_one_object(error):
                raise
            self._warn_of_cache(entry.stage, error)
        if release := self._leases.ended(entry.stage):  # not before: who waits for it finds it now
            release()

    def _let_go(self, stage: str) -> None:
        if release := self._leases.ended(stage):
            self._uploads.begin(release)

    def _serve(self, message: Message) -> None:
        self._catch_up()
        for one in message["stages"]:
            self._expected.used(one["stage"], one["name"])
        self._serving.serve(message)

    def _expected_next(self) -> None:
        self._uploads.begin(self._expected.write)

    def _load(self, message: Message) -> None:
        """Answer with the result of a stage that is served."""
        value = self._serving.value_of(message["stage"])
        if value is None:
            self._channel.send({"hit": False})
        elif value.inline is not None:
            self._channel.send({"hit": True, "encoding": value.encoding}, [value.inline.encode()])
        else:
            answer, sizes = {"hit": True, "encoding": value.encoding}, [item.size for item in value.buffers]
            self._channel.send_stream(answer, sizes, self._serving.chunks(value.buffers))
