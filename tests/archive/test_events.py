"""A job's events are told once each and none is left out, whoever sealed it and however late a listing comes."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from foundations_archive import ArchiveDamaged, DirectoryStore, Entry, layout
from foundations_archive.archive import Archive
from foundations_archive.ledger import Event, Ledger
from foundations_archive.records import JobSpec
from foundations_archive.segments import segments_seen
from foundations_archive.upkeep.check import check
from tests.archive.archives import found, submitted

ATTEMPT = "1700000000000-00000000"
DONE, POST = layout.done("job", ATTEMPT), layout.post("job", layout.WATCHER)


class Late(DirectoryStore):
    """A directory whose listings lack some keys."""

    hidden: frozenset[str] = frozenset()

    def list(self, prefix: str) -> Iterator[Entry]:
        return (entry for entry in super().list(prefix) if entry.key not in self.hidden)


@pytest.fixture
def store(tmp_path: Path) -> Late:
    return Late(tmp_path / "archive")


@pytest.fixture
def archive(store: Late) -> Archive:
    return Archive(store)


@pytest.fixture
def spec(archive: Archive) -> JobSpec:
    spec = submitted(archive)
    archive.start("job", ATTEMPT, {"image": None, "time": 1.0})
    return spec


def lines(first: int, *texts: str) -> list[Event]:
    return [
        {"n": number, "time": float(number), "event": "log", "stream": "stdout", "text": text}
        for number, text in enumerate(texts, first)
    ]


def sealed_by_courier(archive: Archive, spec: JobSpec, told: list[Event], *, segments: int) -> None:
    """The courier's last word: `told` are all events, of which those behind the segments are its tail."""
    ledger = Ledger(spec)
    ledger.extend(told)
    record = ledger.record("Completed", ended=9.0, tail=told[segments:])
    archive.finish(spec, replace(record, segments=segments), attempt=ATTEMPT)


def sealed_by_watcher(archive: Archive, spec: JobSpec, heard: list[Event]) -> None:
    """What a driver writes that saw a courier die, and had heard these events of it."""
    ledger, seen = Ledger(spec), set[str]()
    read = list(archive.events("job", seen=seen))
    ledger.extend(read)
    tail = [event for event in heard if event["n"] not in {one["n"] for one in read}]
    ledger.extend(tail)
    record = ledger.record("Failed", ended=8.0, tail=tail)
    archive.finish(spec, replace(record, seen=segments_seen(seen)), attempt=layout.WATCHER, watcher=True)


def texts(archive: Archive, **options: Any) -> list[str]:
    return [event["text"] for event in archive.events("job", **options)]


def test_a_watcher_that_has_read_a_couriers_last_word_does_no_harm(archive: Archive, spec: JobSpec) -> None:
    told = lines(0, "one", "two", "three")
    archive.append("job", ATTEMPT, 0, told[:1])
    sealed_by_courier(archive, spec, told, segments=1)
    sealed_by_watcher(archive, spec, told)
    assert texts(archive) == ["one", "two", "three"]
    assert found(check(archive, deep=True)) == {}


@pytest.mark.parametrize("courier_first", [True, False])
def test_a_stream_tells_a_line_once_that_courier_and_watcher_have(
    archive: Archive, spec: JobSpec, courier_first: bool
) -> None:
    told, seen = lines(0, "one", "two", "three"), set[str]()
    archive.append("job", ATTEMPT, 0, told[:1])
    streamed = texts(archive, seen=seen)
    sealings = [
        lambda: sealed_by_courier(archive, spec, told, segments=1),
        lambda: sealed_by_watcher(archive, spec, told),
    ]
    for seal in sealings if courier_first else reversed(sealings):
        seal()
        streamed += texts(archive, seen=seen)
    streamed += texts(archive, seen=seen, last=True)
    assert streamed == ["one", "two", "three"]


def test_a_segment_that_arrives_behind_a_watchers_word_is_told_once(archive: Archive, spec: JobSpec) -> None:
    told, seen = lines(0, "one", "two"), set[str]()
    archive.append("job", ATTEMPT, 0, told[:1])
    sealed_by_watcher(archive, spec, told)
    streamed = texts(archive, seen=seen)
    archive.append("job", ATTEMPT, 1, told[1:])
    streamed += texts(archive, seen=seen, last=True)
    assert streamed == texts(archive) == ["one", "two"]


@pytest.mark.parametrize("hidden", [{DONE}, {DONE, POST}, {layout.start("job", ATTEMPT), DONE}])
def test_a_late_listing_hides_no_last_word(store: Late, archive: Archive, spec: JobSpec, hidden: set[str]) -> None:
    told, seen = lines(0, "one", "two"), set[str]()
    archive.append("job", ATTEMPT, 0, told[:1])
    sealed_by_watcher(archive, spec, told[:1])
    streamed = texts(archive, seen=seen)
    sealed_by_courier(archive, spec, told, segments=1)
    store.hidden = frozenset(hidden)
    assert archive.state(spec) == "Completed"
    assert texts(archive) == ["one", "two"]
    assert streamed + texts(archive, seen=seen, last=True) == ["one", "two"]


def test_what_a_watcher_has_seen_is_read_though_no_listing_shows_it(
    store: Late, archive: Archive, spec: JobSpec
) -> None:
    told = lines(0, "one", "two")
    segments = [archive.append("job", ATTEMPT, number, [event]) for number, event in enumerate(told)]
    assert len(segments) == 2
    sealed_by_watcher(archive, spec, told)
    keys = [layout.segment("job", ATTEMPT, number) for number in range(2)]
    store.hidden = frozenset([*keys, layout.start("job", ATTEMPT)])
    assert texts(archive) == ["one", "two"]
    store.delete(keys[1])
    with pytest.raises(ArchiveDamaged, match="00000001"):
        texts(archive)


def test_a_check_with_a_late_listing_finds_no_damage(store: Late, archive: Archive, spec: JobSpec) -> None:
    told = lines(0, "one", "two", "three")
    for number, event in enumerate(told[:2]):
        archive.append("job", ATTEMPT, number, [event])
    sealed_by_courier(archive, spec, told, segments=2)
    last = layout.segment("job", ATTEMPT, 1)
    store.hidden = frozenset([last])
    assert found(check(archive, deep=True)) == {}
    store.delete(last)
    assert found(check(archive, deep=True)) == {DONE: "damage"}
