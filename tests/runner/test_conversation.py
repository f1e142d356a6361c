"""What the worker says is written down, and what breaks on the courier's side is never taken for the worker's end."""

import hashlib
import io
import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from foundations_archive import layout
from foundations_archive.archive import Archive, open_archive
from foundations_archive.errors import ArchiveDamaged, ArchiveUnreachable
from foundations_archive.local import DirectoryStore
from foundations_archive.records import CacheEntry, JobSpec, StageRecord, Value
from foundations_archive.series import Series
from foundations_archive.signing import SigningKey
from foundations_runner.channel import Channel
from foundations_runner.conversation import Conversation
from foundations_runner.journal import Journal
from foundations_runner.order import Order
from foundations_runner.ring import RingReader, RingWriter, new_ring
from tests.runner.conftest import Jobs, until

LARGE = json.dumps("x" * 10_000).encode()


class Unreliable(DirectoryStore):
    """A directory that goes out of reach, for all keys that begin with `away`."""

    away = "nothing"

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.gate = threading.Event()  # blobs are written when it is open
        self.gate.set()

    def get(self, key: str) -> bytes:
        if key.startswith(self.away):
            raise ArchiveUnreachable(f"the archive is away, and {key} with it", key=key)
        return super().get(key)

    def put(self, key: str, data: bytes | bytearray | memoryview) -> None:
        assert not key.startswith("blobs/") or self.gate.wait(20)
        if key.startswith(self.away):
            raise ArchiveUnreachable(f"the archive is away, and {key} with it", key=key)
        super().put(key, data)

    def create(self, key: str, data: bytes | bytearray | memoryview) -> bool:
        if key.startswith(self.away):
            raise ArchiveUnreachable(f"the archive is away, and {key} with it", key=key)
        return super().create(key, data)


@dataclass
class Talk:
    """A conversation, the worker's end of its channel, and what it is about."""

    conversation: Conversation
    worker: Channel
    archive: Archive
    spec: JobSpec
    journal: Journal
    thread: threading.Thread

    def say(self, what: str, buffers: tuple[bytes, ...] = (), **fields: Any) -> None:
        self.worker.send({"say": what, **fields}, buffers)

    def value(self, data: bytes, *, encoding: str = "json", cached: bool = False, persisted: bool = False) -> None:
        self.say("value", (data,), stage="s", encoding=encoding, cached=cached, persisted=persisted)

    def end(self, *, key: str | None = None, status: str = "succeeded", persisted: bool = False, **more: Any) -> None:
        keep = key is not None
        how = {"status": status, "seconds": 0.5, "time": 1.0, "cache_key": key, "keep": keep, "persisted": persisted}
        self.say("ended", stage="s", **how, **more)

    def found(self, *keys: str, beside: bool = False) -> list[dict[str, Any]]:
        self.say("lookup", questions=[{"stage": "s", "keys": keys}], beside=beside)
        (entries,) = self.worker.receive()["entries"]
        return list(entries)

    def look_up(self, key: str, *, persisted: bool = False) -> bytes | None:
        """Do as a worker that finds nothing changed, and return the bytes of what serves it."""
        found = self.found(key)
        if not found:
            return None
        self.say("take", hits=[{"stage": "s", "name": found[0]["name"], "persisted": persisted}])
        if self.worker.receive()["whole"] != [True]:
            return None
        self.say("load", stage="s")
        answer = self.worker.receive()
        return b"".join(bytes(self.worker.buffer(size)) for size in answer["sizes"]) if answer["hit"] else None

    def persisted(self) -> Value:
        events = [event for event in self.archive.events(self.spec.job_id) if event["event"] == "stage ended"]
        value = Value.of(events[-1]["value"])
        assert value
        return value


@pytest.fixture
def store(jobs: Jobs) -> Unreliable:
    return Unreliable(Path(jobs.location))


Hold = Callable[..., Talk]


@pytest.fixture
def hold(jobs: Jobs, store: Unreliable, tmp_path: Path) -> Iterator[Hold]:
    """Begin a conversation; `over` waits for its end."""
    talks: list[Talk] = []

    def held(*, cache: bool = False, graph: str = "the graph", before: Callable[[JobSpec], None] | None = None) -> Talk:
        spec = jobs.submit(graph)
        if before:
            before(spec)
        archive = Archive(store, cache=Unreliable(tmp_path / "cache") if cache else None)
        ours, theirs = socket.socketpair()
        channel, worker = Channel.of(ours.detach()), Channel.of(theirs.detach())
        journal = Journal(archive, spec, attempt="1", echo=io.BytesIO(), tail_bytes=0)
        ring = new_ring(65536)
        notes = RingReader(ring)
        worker.ring = RingWriter(ring)
        os.close(ring)
        conversation = Conversation(channel, archive=archive, spec=spec, journal=journal, notes=notes, mark="m")
        order = Order(spec.job_id, jobs.location, "/r", "/d", "python3", "m:main", environment_key="key")
        thread = threading.Thread(target=conversation.hold, args=(order, "/model"))
        talks.append(Talk(conversation, worker, archive, spec, journal, thread))
        journal.open()
        thread.start()
        return talks[-1]

    yield held
    for talk in talks:
        if talk.thread.is_alive():
            over(talk)


def over(talk: Talk) -> Conversation:
    """Let the worker go, and return the conversation when it has ended."""
    talk.worker.close()
    talk.thread.join(10)
    assert not talk.thread.is_alive()
    talk.journal.close()
    return talk.conversation


def test_the_worker_is_told_its_job_and_given_the_graph(hold: Hold) -> None:
    talk = hold(graph="g" * 100_000)
    message = talk.worker.receive()
    assert message["say"] == "job"
    assert (message["job_id"], message["root"], message["paths"]) == (talk.spec.job_id, "/model", ["."])
    assert (message["python"], message["bundle"], message["environment_key"]) == (
        talk.spec.python,
        talk.spec.bundle,
        "key",
    )
    assert b"".join(bytes(talk.worker.buffer(size)) for size in message["sizes"]) == b"g" * 100_000


@pytest.fixture
def talk(hold: Hold) -> Talk:
    """A conversation in which the job has been handed over."""
    return handed_over(hold())


def handed_over(talk: Talk) -> Talk:
    for size in talk.worker.receive()["sizes"]:
        talk.worker.buffer(size)
    return talk


def test_the_workers_last_word_is_kept(talk: Talk) -> None:
    talk.say("finished", failed=True, error="Traceback")
    ended = over(talk).ended
    assert ended
    assert (ended["failed"], ended["error"]) == (True, "Traceback")


def test_a_worker_that_goes_without_a_word_is_not_our_failure(talk: Talk) -> None:
    conversation = over(talk)
    assert (conversation.ended, conversation.broken) == (None, None)


def test_a_worker_that_goes_in_the_middle_of_a_value_is_not_our_failure(talk: Talk) -> None:
    talk.worker.send_stream(
        {"say": "value", "stage": "s", "encoding": "pickle5", "cached": True, "persisted": True}, [100], iter([b"x"])
    )
    conversation = over(talk)
    assert (conversation.ended, conversation.broken) == (None, None)


def test_a_small_result_lies_in_the_record(talk: Talk) -> None:
    talk.value(b"[1, 2]", persisted=True)
    talk.end(persisted=True)
    over(talk)
    assert talk.persisted() == Value("json", inline="[1, 2]")


@pytest.mark.parametrize(("data", "encoding"), [(LARGE, "json"), (b"\x80\x05.", "pickle5"), (b"", "pickle5")])
def test_another_result_lies_in_blobs(talk: Talk, data: bytes, encoding: str) -> None:
    talk.value(data, encoding=encoding, persisted=True)
    talk.end(persisted=True)
    over(talk)
    value = talk.persisted()
    assert (value.encoding, value.inline) == (encoding, None)
    assert b"".join(talk.archive.blobs.read(buffer) for buffer in value.buffers) == data


def test_a_result_that_is_not_persisted_is_not_in_the_record(talk: Talk) -> None:
    talk.value(b"1", cached=True)
    talk.end(key="k")
    over(talk)
    (event,) = [event for event in talk.archive.events(talk.spec.job_id) if event["event"] == "stage ended"]
    assert event["value"] is None


def test_a_cached_result_is_found_with_its_metrics(hold: Hold) -> None:
    first = handed_over(hold())
    first.say("metric", stage="s", key="loss", value=0.5, time=1.0)
    first.value(LARGE, cached=True)
    first.end(key="k")
    over(first)
    second = handed_over(hold())
    assert second.look_up("k") == LARGE
    second.end(key="k", status="cached")
    over(second)
    record = second.journal.ledger.record("Completed")
    assert record.metrics == (Series("s", "loss", (0.5,), (1.0,)),)


def test_what_is_noted_while_a_message_is_on_its_way_comes_behind_it(hold: Hold) -> None:
    talk = handed_over(hold())
    assert talk.worker.ring
    talk.worker.ring.text(json.dumps({"say": "started", "stage": "s", "time": 1.0}).encode())
    talk.value(b"x" * 20_000_000, persisted=True)
    talk.end(persisted=True)
    talk.worker.ring.text(json.dumps({"say": "started", "stage": "next", "time": 2.0}).encode())
    over(talk)
    events = [(event["event"], event["stage"]) for event in talk.archive.events(talk.spec.job_id)]
    assert events == [("stage started", "s"), ("stage ended", "s"), ("stage started", "next")]


def test_a_cached_result_that_the_worker_can_not_use_brings_no_metrics(hold: Hold) -> None:
    first = handed_over(hold())
    first.say("metric", stage="s", key="loss", value=0.5, time=1.0)
    first.value(LARGE, cached=True)
    first.end(key="k")
    over(first)
    second = handed_over(hold())
    assert second.look_up("k") == LARGE
    second.say("metric", stage="s", key="loss", value=0.25, time=2.0)
    second.end(key="k")
    over(second)
    record = second.journal.ledger.record("Completed")
    assert [(series.key, series.values) for series in record.metrics] == [("loss", (0.25,))]


def test_a_result_of_a_stage_that_failed_is_not_kept(talk: Talk) -> None:
    talk.value(b"1", cached=True)
    talk.end(key="k", status="failed")
    assert talk.look_up("k") is None


def test_what_nobody_has_cached_is_a_miss(talk: Talk) -> None:
    assert talk.look_up("k") is None


@pytest.mark.parametrize("harm", [Path.unlink, lambda path: path.write_bytes(b"FB1\x00not this")])
def test_a_cached_result_that_is_missing_or_damaged_is_a_miss(
    hold: Hold, jobs: Jobs, harm: Callable[[Path], None]
) -> None:
    first = handed_over(hold())
    first.value(LARGE, cached=True)
    first.end(key="k")
    over(first)
    entry = first.archive.cached("k")
    assert entry
    digest = entry.value.buffers[0].chunks[0]
    harm(Path(jobs.location, "blobs", digest[:2], digest))
    assert handed_over(hold()).look_up("k") is None


def test_with_a_cache_of_its_own_a_persisted_result_lies_in_both_stores(hold: Hold, tmp_path: Path) -> None:
    talk = handed_over(hold(cache=True))
    talk.value(LARGE, cached=True, persisted=True)
    talk.end(key="k", persisted=True)
    over(talk)
    for archive in (talk.archive.blobs, talk.archive.cache_blobs):
        assert archive.read(talk.persisted().buffers[0]) == LARGE
    assert (tmp_path / "cache" / "cache").is_dir()
    assert not Path(talk.archive.location, "cache").exists()


def test_a_persisted_result_from_a_cache_of_its_own_is_copied_to_the_archive(hold: Hold) -> None:
    first = handed_over(hold(cache=True))
    first.value(LARGE, cached=True)
    first.end(key="k")
    over(first)
    second = handed_over(hold(cache=True))
    assert second.look_up("k", persisted=True) == LARGE
    second.end(persisted=True, status="cached")
    over(second)
    assert second.archive.blobs.read(second.persisted().buffers[0]) == LARGE


def test_the_end_of_a_stage_waits_for_its_value_and_what_follows_for_the_end(talk: Talk, store: Unreliable) -> None:
    store.gate.clear()
    talk.say("started", stage="s", time=1.0)
    talk.value(LARGE, persisted=True, cached=True)
    talk.end(persisted=True, key="k")
    talk.say("started", stage="next", time=2.0)
    # the worker is answered meanwhile
    assert talk.look_up("nothing") is None
    ledger = talk.journal.ledger
    assert list(ledger.running) == ["s"]
    assert talk.archive.cached("k") is None
    store.gate.set()
    until(lambda: list(ledger.running) == ["next"])
    over(talk)
    events = [(event["event"], event["stage"]) for event in talk.archive.events(talk.spec.job_id)]
    assert events == [("stage started", "s"), ("stage ended", "s"), ("stage started", "next")]
    assert talk.archive.cached("k")


def test_a_result_that_does_not_arrive_breaks_the_job_and_its_stage_does_not_end(talk: Talk, store: Unreliable) -> None:
    store.gate.clear()
    store.away = "blobs/"
    talk.say("started", stage="s", time=1.0)
    talk.value(LARGE, persisted=True)
    talk.end(persisted=True)
    talk.say("started", stage="next", time=2.0)
    store.gate.set()
    with pytest.raises((EOFError, ConnectionResetError)):
        talk.worker.receive()
    assert isinstance(over(talk).broken, ArchiveUnreachable)
    events = [(event["event"], event["stage"]) for event in talk.archive.events(talk.spec.job_id)]
    assert events == [("stage started", "s")]


def test_an_archive_out_of_reach_is_kept_as_what_broke(talk: Talk, store: Unreliable) -> None:
    store.away = "cache/"
    talk.value(b"1", cached=True)
    talk.end(key="k")
    with pytest.raises(EOFError):
        talk.worker.receive()
    broken = over(talk).broken
    assert isinstance(broken, ArchiveUnreachable)
    assert "the archive is away" in str(broken)


def test_a_cache_out_of_reach_is_not_a_miss(talk: Talk, store: Unreliable) -> None:
    store.away = "cache/"
    talk.say("lookup", questions=[{"stage": "s", "keys": ["k"]}], beside=False)
    with pytest.raises(EOFError):
        talk.worker.receive()
    assert isinstance(over(talk).broken, ArchiveUnreachable)


def test_a_graph_out_of_reach_is_kept_as_what_broke(hold: Hold, store: Unreliable) -> None:
    def away(_: JobSpec) -> None:
        store.away = "blobs/"

    talk = hold(before=away)
    talk.worker.receive()
    with pytest.raises(EOFError):
        talk.worker.receive()
    assert isinstance(over(talk).broken, ArchiveUnreachable)


def test_a_damaged_graph_is_kept_as_what_broke(hold: Hold, jobs: Jobs) -> None:
    def damage(spec: JobSpec) -> None:
        digest = spec.graph.buffers[0].chunks[0]
        Path(jobs.location, "blobs", digest[:2], digest).write_bytes(b"FB1\x00not this")

    talk = hold(before=damage)
    talk.worker.receive()
    with pytest.raises(EOFError):
        talk.worker.receive()
    assert isinstance(over(talk).broken, ArchiveDamaged)


def test_what_this_courier_does_not_know_is_named(talk: Talk) -> None:
    talk.say("sing", song="la la")
    with pytest.raises(EOFError):
        talk.worker.receive()
    assert "the worker said 'sing'" in str(over(talk).broken)


def test_an_entry_that_another_job_kept_first_stays(talk: Talk, jobs: Jobs) -> None:
    first = CacheEntry(Value("json", inline="1"), "another", "s", 0.1, (Series("s", "m", (1,), (0.0,)),))
    open_archive(jobs.location).keep("k", first)
    talk.value(b"2", cached=True)
    talk.end(key="k")
    over(talk)
    assert talk.archive.cached("k") == first


def test_a_cached_result_that_is_not_signed_is_a_miss_that_the_log_tells_of(talk: Talk, jobs: Jobs) -> None:
    open_archive(jobs.location).keep("k", CacheEntry(Value("pickle5", inline="no pickle"), "another", "s", 0.1))
    talk.archive.signing = SigningKey((b"k" * 32,))
    assert talk.look_up("k") is None
    talk.value(b"2", cached=True)
    talk.end(key="k")
    over(talk)
    kept = talk.archive.cached("k")
    assert kept
    assert kept.value.inline == "2"
    (line,) = [event for event in talk.archive.events(talk.spec.job_id) if event["event"] == "log"]
    assert (line["stage"], line["stream"]) == ("s", "stderr")
    assert "the record cache/k/k.json is not signed" in line["text"]
    assert line["text"].endswith("the stage is computed anew")


def test_entries_are_looked_up_for_many_stages_at_once(hold: Hold) -> None:
    first = handed_over(hold())
    first.value(b"1", cached=True)
    first.end(key="one", content="content of one", observed={"variables": {"MODE": None}})
    over(first)
    second = handed_over(hold())
    questions = [{"stage": stage, "keys": keys} for stage, keys in (("a", ["none", "one"]), ("b", ["none"]))]
    second.say("lookup", questions=questions, beside=False)
    (entry,), nothing = second.worker.receive()["entries"]
    assert nothing == []
    assert (entry["name"], entry["job_id"], entry["content"]) == ("one", first.spec.job_id, "content of one")
    assert entry["observed"] == {"variables": {"MODE": None}}
    assert entry["made"] == 1.0


def test_an_entry_stands_beside_one_that_has_read_something_else(hold: Hold) -> None:
    observed = [{"variables": {"MODE": mode}} for mode in ("a", "b", "a")]
    for number, (one, place) in enumerate(zip(observed, ("first", "beside", "beside"), strict=True)):
        talk = handed_over(hold())
        talk.value(b"%d" % number, cached=True)
        talk.end(key="k", observed=one, place=place)
        over(talk)
    talk = handed_over(hold())
    assert [entry["name"] for entry in talk.found("k")] == ["k"]
    beside = talk.found("k", beside=True)
    assert sorted(entry["observed"]["variables"]["MODE"] for entry in beside) == ["a", "b"]
    chosen = next(entry for entry in beside if entry["observed"]["variables"]["MODE"] == "b")
    talk.say("take", hits=[{"stage": "s", "name": chosen["name"], "persisted": False}])
    assert talk.worker.receive() == {"whole": [True]}
    talk.say("load", stage="s")
    assert bytes(talk.worker.buffer(talk.worker.receive()["sizes"][0])) == b"1"
    assert talk.archive.cached("k") == talk.archive.cached("k")


def test_an_entry_that_is_good_for_nothing_is_replaced(hold: Hold) -> None:
    for number, place in enumerate(("first", "first", "instead")):
        talk = handed_over(hold())
        talk.value(b"%d" % number, cached=True)
        talk.end(key="k", place=place)
        over(talk)
        entry = talk.archive.cached("k")
        assert entry is not None
        assert entry.value.inline == ("2" if place == "instead" else "0")


def test_stages_that_are_served_at_once_are_written_down_as_if_each_had_run(hold: Hold) -> None:
    first = handed_over(hold())
    first.say("metric", stage="s", key="loss", value=0.5, time=1.0)
    first.value(LARGE, cached=True)
    first.end(key="k")
    over(first)
    talk = handed_over(hold())
    stages = []
    for stage in ("a", "b"):
        talk.say("lookup", questions=[{"stage": stage, "keys": ["k"]}], beside=False)
        talk.worker.receive()
        stages.append({"stage": stage, "name": "k", "cached_from": first.spec.job_id, "persisted": stage == "b"})
    talk.say("take", hits=stages)
    assert talk.worker.receive() == {"whole": [True, True]}
    talk.say("served", stages=stages, seconds=0.1, time=2.0)
    talk.say("load", stage="b")
    (size,) = talk.worker.receive()["sizes"]
    assert bytes(talk.worker.buffer(size)) == LARGE
    over(talk)
    events = [event for event in talk.archive.events(talk.spec.job_id) if event.get("stage") == "b"]
    assert [event["event"] for event in events] == ["stage started", "metrics", "stage ended"]
    assert (events[1]["values"], events[1]["replayed"]) == ([0.5], True)
    assert (events[2]["status"], events[2]["seconds"], events[2]["cached_from"]) == ("cached", 0.1, first.spec.job_id)
    assert talk.archive.blobs.get(talk.persisted().buffers[0].chunks[0]) == LARGE


def test_a_persisted_result_is_copied_before_its_served_stage_is_written_down(hold: Hold, store: Unreliable) -> None:
    first = handed_over(hold(cache=True))
    first.value(LARGE, cached=True)
    first.end(key="k")
    over(first)
    talk = handed_over(hold(cache=True))
    talk.found("k")
    one = {"stage": "s", "name": "k", "cached_from": first.spec.job_id, "persisted": True}
    store.gate.clear()
    talk.say("take", hits=[one])
    assert talk.worker.receive() == {"whole": [True]}
    talk.say("served", stages=[one], seconds=0.1, time=2.0)
    assert talk.found("none") == []  # it has heard all that was said
    assert list(talk.journal.ledger.record("Running").stages) == []
    store.gate.set()
    over(talk)
    assert talk.archive.blobs.get(talk.persisted().buffers[0].chunks[0]) == LARGE


def test_a_result_that_is_damaged_is_found_out_where_it_is_loaded(hold: Hold, jobs: Jobs) -> None:
    first = handed_over(hold())
    first.value(LARGE, cached=True)
    first.end(key="k")
    over(first)
    entry = first.archive.cached("k")
    assert entry
    digest = entry.value.buffers[0].chunks[0]
    Path(jobs.location, "blobs", digest[:2], digest).write_bytes(b"FB1\x00not this")
    for persisted in (True, False):
        talk = handed_over(hold())
        (found,) = talk.found("k")
        talk.say("take", hits=[{"stage": "s", "name": found["name"], "persisted": persisted}])
        # what the job keeps is read, of the rest it is asked whether it is there
        assert talk.worker.receive() == {"whole": [not persisted]}
        if not persisted:
            talk.say("load", stage="s")
            assert talk.worker.receive()["hit"] is False


DOCUMENTS = [b'{"stage": 1}', b'{"code": 1}', b'{"environment": 1}']
NAMES = [hashlib.sha256(one).hexdigest() for one in DOCUMENTS]


def explained(talk: Talk, key: str | None = "k") -> None:
    talk.say("explain", tuple(DOCUMENTS), names=NAMES)
    talk.value(LARGE, cached=True)
    talk.end(key=key, explanation=NAMES)


def stage_of(talk: Talk) -> StageRecord:
    ended = [event for event in talk.archive.events(talk.spec.job_id) if event["event"] == "stage ended"]
    return StageRecord.of({**ended[-1], "id": "s", "value": None})


@pytest.mark.parametrize("apart", [False, True])
def test_an_explanation_is_named_by_record_and_entry_and_lies_beside_both(hold: Hold, apart: bool) -> None:
    talk = handed_over(hold(cache=apart))
    explained(talk)
    over(talk)
    assert stage_of(talk).explanation == tuple(NAMES)
    entry = talk.archive.cached("k")
    assert entry
    assert entry.explanation == tuple(NAMES)
    for blobs in (talk.archive.blobs, talk.archive.cache_blobs):
        assert [blobs.get(name) for name in NAMES] == DOCUMENTS


@pytest.mark.parametrize("apart", [False, True])
def test_a_stage_that_is_served_names_the_explanation_of_its_entry(hold: Hold, store: Unreliable, apart: bool) -> None:
    first = handed_over(hold(cache=apart))
    explained(first)
    over(first)
    if apart:
        for name in NAMES:
            store.delete(layout.blob(name))
    second = handed_over(hold(cache=apart))
    assert second.look_up("k") == LARGE
    second.end(status="cached", cached_from="first")
    over(second)
    assert stage_of(second).explanation == tuple(NAMES)
    assert [second.archive.blobs.get(name) for name in NAMES] == DOCUMENTS


@pytest.mark.parametrize("damaged", [False, True])
def test_an_entry_whose_explanation_is_gone_serves_all_the_same(hold: Hold, damaged: bool) -> None:
    first = handed_over(hold(cache=True))
    explained(first)
    over(first)
    blob = layout.blob(NAMES[1])
    if damaged:
        first.archive.cache_store.put(blob, b"damaged")
    else:
        first.archive.cache_store.delete(blob)
    second = handed_over(hold(cache=True))
    assert second.look_up("k") == LARGE
    second.end(status="cached", cached_from="first")
    assert over(second).broken is None
    assert (stage_of(second).status, stage_of(second).explanation) == ("cached", ())


def test_documents_come_once_and_are_named_by_many(hold: Hold) -> None:
    talk = handed_over(hold())
    talk.say("explain", tuple(DOCUMENTS), names=NAMES)
    for key in ("one", "two"):
        talk.value(LARGE, cached=True)
        talk.end(key=key, explanation=NAMES)
    over(talk)
    entries = [talk.archive.cached(key) for key in ("one", "two")]
    assert [entry and entry.explanation for entry in entries] == [tuple(NAMES)] * 2


def test_a_stage_whose_explanation_never_came_ends_without_one(talk: Talk) -> None:
    talk.value(LARGE, cached=True)
    talk.end(key="k", explanation=NAMES)
    assert over(talk).broken is None
    entry = talk.archive.cached("k")
    assert entry
    assert (entry.explanation, stage_of(talk).explanation) == ((), ())


def test_a_stage_that_failed_and_one_that_is_not_kept_are_explained_too(hold: Hold) -> None:
    talk = handed_over(hold(cache=True))
    talk.say("explain", tuple(DOCUMENTS), names=NAMES)
    talk.end(status="failed", error="Traceback", explanation=NAMES)
    over(talk)
    assert (stage_of(talk).status, stage_of(talk).explanation) == ("failed", tuple(NAMES))
    assert [talk.archive.blobs.get(name) for name in NAMES] == DOCUMENTS


def test_an_archive_that_is_away_is_no_missing_explanation(hold: Hold, store: Unreliable) -> None:
    talk = handed_over(hold())
    store.away = layout.blob(NAMES[0])
    with suppress(BrokenPipeError):  # it may hang up before all is said
        explained(talk)
    assert isinstance(over(talk).broken, ArchiveUnreachable)
