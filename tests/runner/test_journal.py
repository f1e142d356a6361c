"""What a journal takes in is archived soon, in order and once, whatever the archive and the driver do meanwhile."""

import io
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from foundations_archive import layout
from foundations_archive.archive import Archive
from foundations_archive.envelope import digest_of
from foundations_archive.errors import ArchiveUnreachable
from foundations_archive.local import DirectoryStore
from foundations_archive.records import JobSpec
from foundations_runner import journal as journal_module
from foundations_runner.journal import FLUSH_BYTES, FLUSH_SECONDS, TAIL_BYTES, Journal
from tests.runner.conftest import Jobs, until

Make = Callable[..., Journal]


class Failing(DirectoryStore):
    """A directory that is out of reach for as many writes of segments as one likes."""

    failures = 0

    def put(self, key: str, data: bytes | bytearray | memoryview) -> None:
        if self.failures and "/ev/" in key:
            self.failures -= 1
            raise ArchiveUnreachable("the archive is away", key=key)
        super().put(key, data)


@pytest.fixture
def store(jobs: Jobs) -> Failing:
    return Failing(Path(jobs.location))


@pytest.fixture
def spec(jobs: Jobs) -> JobSpec:
    return jobs.submit("")


@pytest.fixture
def make(store: Failing, spec: JobSpec) -> Make:
    def made(echo: Any = None, *, tail_bytes: int = 0) -> Journal:
        journal = Journal(Archive(store), spec, attempt="1", echo=echo or io.BytesIO(), tail_bytes=tail_bytes)
        journal.open()
        return journal

    return made


def archived(jobs: Jobs, spec: JobSpec) -> list[dict[str, Any]]:
    return [dict(event) for event in jobs.archive.events(spec.job_id)]


def texts(jobs: Jobs, spec: JobSpec) -> list[str]:
    return [event["text"] for event in archived(jobs, spec)]


def test_events_are_numbered_timed_and_archived(jobs: Jobs, spec: JobSpec, make: Make) -> None:
    before = time.time()
    journal = make()
    journal.add("log", stream="stdout", text="hello")
    journal.add("metrics", stage="s", key="loss", values=[1], times=[before], time=before)
    journal.close()
    log, metric = archived(jobs, spec)
    assert (log["n"], log["event"], log["text"]) == (0, "log", "hello")
    assert before <= log["time"] <= time.time()
    assert (metric["n"], metric["key"], metric["values"]) == (1, "loss", [1])


def test_an_event_is_archived_within_two_seconds(jobs: Jobs, spec: JobSpec, make: Make) -> None:
    journal = make()
    journal.add("log", stream="stdout", text="hello")
    began = time.monotonic()
    until(lambda: texts(jobs, spec) == ["hello"], seconds=10)
    assert time.monotonic() - began < FLUSH_SECONDS + 1
    journal.close()


def test_many_events_are_archived_at_once(
    jobs: Jobs, spec: JobSpec, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "FLUSH_SECONDS", 3600)
    journal = make()
    for _ in range(300):
        journal.add("log", stream="stdout", text="x" * 1024)
    until(lambda: archived(jobs, spec), what="a segment before its time")
    journal.close()
    assert len(texts(jobs, spec)) == 300


def test_an_archive_that_is_away_for_a_while_loses_nothing_and_keeps_the_order(
    jobs: Jobs, spec: JobSpec, store: Failing, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "FLUSH_SECONDS", 0.01)
    store.failures = 5
    journal = make()
    for n in range(200):
        journal.add("log", stream="stdout", text=str(n))
        if n % 20 == 0:
            left = store.failures
            until(lambda left=left: store.failures < left or not store.failures, what="a flush")  # type: ignore[misc]
    journal.close()
    assert texts(jobs, spec) == [str(n) for n in range(200)]
    assert [event["n"] for event in archived(jobs, spec)] == list(range(200))


def test_a_segment_that_got_no_answer_is_sent_again_as_it_was(
    jobs: Jobs, spec: JobSpec, store: Failing, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the first request may yet arrive, and would take away what had been added to the second
    sent: list[tuple[str, str]] = []
    put = store.put

    def recorded(key: str, data: bytes | bytearray | memoryview) -> None:
        if "/ev/" in key:
            sent.append((key, digest_of(bytes(data))))
        put(key, data)

    monkeypatch.setattr(store, "put", recorded)
    monkeypatch.setattr(journal_module, "FLUSH_SECONDS", 0.01)
    store.failures = 3
    journal = make()
    journal.add("log", stream="stdout", text="one")
    until(lambda: len(sent) >= 2, what="a second try")
    journal.add("log", stream="stdout", text="two")
    journal.close()
    assert len({digest for key, digest in sent if key.endswith("00000000")}) == 1
    assert texts(jobs, spec) == ["one", "two"]


def test_what_comes_while_a_segment_is_written_waits_for_the_next_turn(
    jobs: Jobs, spec: JobSpec, store: Failing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "FLUSH_SECONDS", 3600.0)
    journal = Journal(Archive(store), spec, attempt="1", echo=io.BytesIO(), tail_bytes=0)
    idle, written = threading.Event(), []

    class Wake(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            if written:
                idle.set()
            return super().wait(timeout)

    def put(key: str, data: bytes | bytearray | memoryview) -> None:
        DirectoryStore.put(store, key, data)
        if "/ev/" in key:
            written.append(key)
            if len(written) == 1:
                journal.add("log", stream="stdout", text=f"came during {len(written)}")

    monkeypatch.setattr(store, "put", put)
    journal._wake = Wake()
    journal.open()
    journal.add("log", stream="stdout", text="x" * FLUSH_BYTES)
    assert idle.wait(30)
    assert len(written) == 1
    journal.close()
    assert [event["n"] for event in archived(jobs, spec)] == [0, 1]
    assert len(written) == 2


def test_closing_tries_again_until_the_archive_is_back(
    jobs: Jobs, spec: JobSpec, store: Failing, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "_LAST_TRIES", (0.01, 0.01, 0.01))
    journal = make()
    store.failures = 3
    journal.add("log", stream="stdout", text="last words")
    journal.close()
    assert texts(jobs, spec) == ["last words"]


def test_closing_raises_where_the_archive_stays_away(
    store: Failing, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "_LAST_TRIES", (0.01, 0.01, 0.01))
    journal = make()
    store.failures = 1000
    journal.add("log", stream="stdout", text="last words")
    with pytest.raises(ArchiveUnreachable, match="away"):
        journal.close()


def test_events_of_many_threads_are_archived_once_each(jobs: Jobs, spec: JobSpec, make: Make) -> None:
    journal = make()

    def write(name: int) -> None:
        for n in range(500):
            journal.add("log", stream="stdout", text=f"{name}-{n}")

    threads = [threading.Thread(target=write, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    journal.close()
    assert [event["n"] for event in archived(jobs, spec)] == list(range(2000))
    for name in range(4):
        assert [text for text in texts(jobs, spec) if text.startswith(f"{name}-")] == [
            f"{name}-{n}" for n in range(500)
        ]


def test_all_but_metrics_is_echoed_line_by_line(make: Make) -> None:
    echo = io.BytesIO()
    journal = make(echo)
    journal.add("stage started", stage="s")
    journal.add("metrics", stage="s", key="loss", values=[1], times=[0.0])
    journal.add("log", stream="stdout", text="two\nlines")
    journal.close()
    echoed = [json.loads(line) for line in echo.getvalue().splitlines()]
    assert [(event["n"], event["event"]) for event in echoed] == [(0, "stage started"), (2, "log")]


def test_a_driver_that_has_gone_does_no_harm(jobs: Jobs, spec: JobSpec, make: Make) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb", buffering=0) as echo:
        journal = make(echo)
        for n in range(3):
            journal.add("log", stream="stdout", text=str(n))
        journal.close()
    assert texts(jobs, spec) == ["0", "1", "2"]


@pytest.fixture
def stuck() -> Iterator[tuple[Any, Callable[[], None]]]:
    """A pipe that nobody reads until the second of the pair is called."""
    read, write = os.pipe()
    with os.fdopen(read, "rb") as reader:
        thread = threading.Thread(target=reader.read)
        with os.fdopen(write, "wb", buffering=0) as echo:
            yield echo, thread.start
        if not thread.ident:
            thread.start()
        thread.join()


def test_a_driver_that_does_not_read_keeps_nothing_out_of_the_archive(
    jobs: Jobs, spec: JobSpec, make: Make, stuck: tuple[Any, Callable[[], None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "FLUSH_SECONDS", 0.01)
    monkeypatch.setattr(journal_module, "HEARTBEAT_SECONDS", 0.01)
    echo, release = stuck
    journal = make(echo)
    writer = threading.Thread(
        target=lambda: [journal.add("log", stream="stdout", text="x" * 10_000) for _ in range(20)], daemon=True
    )
    writer.start()
    marker = Path(jobs.location, layout.live(spec.project, spec.job_id))
    until(lambda: texts(jobs, spec), seconds=5, what="a segment")
    seen = marker.stat().st_mtime_ns
    until(lambda: marker.stat().st_mtime_ns > seen, what="a heartbeat")
    assert writer.is_alive()
    release()
    writer.join(20)
    journal.close()
    assert len(texts(jobs, spec)) == 20


def test_a_live_job_has_a_heartbeat(jobs: Jobs, spec: JobSpec, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "FLUSH_SECONDS", 0.01)
    monkeypatch.setattr(journal_module, "HEARTBEAT_SECONDS", 0.01)
    marker = Path(jobs.location, layout.live(spec.project, spec.job_id))
    first = marker.stat().st_mtime_ns
    journal = make()
    until(lambda: marker.stat().st_mtime_ns > first, what="a heartbeat")
    journal.close()


def test_a_metric_that_is_no_json_is_refused(make: Make) -> None:
    journal = make()
    with pytest.raises(ValueError, match="not JSON compliant"):
        journal.add("metrics", stage="s", key="loss", values=[float("nan")], times=[0.0])
    journal.close()


def test_the_last_events_are_for_the_sealing_record_where_they_are_few(jobs: Jobs, spec: JobSpec, make: Make) -> None:
    journal = make(tail_bytes=TAIL_BYTES)
    journal.add("log", stream="stdout", text="a line")
    tail = journal.close()
    assert [event["text"] for event in tail] == ["a line"]
    assert archived(jobs, spec) == []
    assert journal.segments == 0
    record = journal.ledger.record("Completed", ended=time.time(), tail=tail)
    jobs.archive.finish(spec, replace(record, segments=0), attempt="1")
    assert texts(jobs, spec) == ["a line"]


def test_many_last_events_are_a_segment(jobs: Jobs, spec: JobSpec, make: Make) -> None:
    journal = make(tail_bytes=TAIL_BYTES)
    journal.add("log", stream="stdout", text="x" * TAIL_BYTES)
    assert journal.close() == ()
    assert [len(text) for text in texts(jobs, spec)] == [TAIL_BYTES]


def test_what_got_no_answer_stays_a_segment_and_what_came_after_it_too(
    jobs: Jobs, spec: JobSpec, store: Failing, make: Make
) -> None:
    store.failures = 1
    journal = make(tail_bytes=TAIL_BYTES)
    journal.add("log", stream="stdout", text="first")
    until(lambda: not store.failures, what="a write that fails")
    journal.add("log", stream="stdout", text="second")
    tail = journal.close()
    assert [*texts(jobs, spec), *(event["text"] for event in tail)] == ["first", "second"]
    assert texts(jobs, spec)[:1] == ["first"]


def test_what_comes_after_the_end_is_told_and_no_part_of_the_job(jobs: Jobs, spec: JobSpec, make: Make) -> None:
    echo = io.BytesIO()
    journal = make(echo)
    journal.add("log", stream="stdout", text="in time")
    journal.close()
    journal.add("log", stream="stderr", text="too late")
    assert texts(jobs, spec) == ["in time"]
    assert journal.ledger.record("Completed").events == 1
    assert b"too late" in echo.getvalue()


def test_the_last_events_do_not_wait_for_a_large_record(jobs: Jobs, spec: JobSpec, make: Make) -> None:
    journal = make(tail_bytes=TAIL_BYTES)
    numbers = [0.5] * 300_000
    journal.add("metrics", stage="s", key="loss", values=numbers, times=numbers)
    until(lambda: journal.segments == 1, what="the segment of the metrics")
    journal.add("log", stream="stdout", text="a last word")
    assert journal.close() == ()
    assert archived(jobs, spec)[-1]["text"] == "a last word"
