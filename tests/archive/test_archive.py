"""Jobs and cache entries: what they are follows from which objects are there."""

import hashlib
import json
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from foundations_archive import ArchiveDamaged, DirectoryStore, Entry, NotArchived, S3Store, Store, layout
from foundations_archive.archive import Archive, new_attempt, open_archive
from foundations_archive.damage import ArchiveWarning
from foundations_archive.envelope import canonical, seal, unseal
from foundations_archive.errors import ArchiveError, JobTaken, NewerFormat
from foundations_archive.records import (
    Buffer,
    CacheEntry,
    JobRecord,
    JobSpec,
    StageRecord,
    StageSpec,
    Value,
    plain,
)
from foundations_archive.series import Series

DESCRIPTOR = "foundations.json"


@pytest.fixture(scope="module")
def moto_store(request: pytest.FixtureRequest) -> Store:
    return S3Store(request.getfixturevalue("moto_bucket"), uuid.uuid4().hex, request.getfixturevalue("moto_settings"))


@pytest.fixture(params=["directory", "moto"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Archive:
    """An empty archive on each kind of store."""
    if request.param == "directory":
        return Archive(DirectoryStore(tmp_path / "archive"))
    store: Store = request.getfixturevalue("moto_store")
    for entry in list(store.list("")):
        store.delete(entry.key)
    return Archive(store)


@pytest.fixture
def directory(tmp_path: Path) -> Archive:
    return Archive(DirectoryStore(tmp_path / "archive"))


def a_spec(job_id: str = "job", *, project: str = "demo", created: float = 1.0) -> JobSpec:
    return JobSpec(
        job_id=job_id,
        project=project,
        user="me",
        created=created,
        target="2",
        stages=(StageSpec("1", "load", "m:load"), StageSpec("2", "train", "m:train", ("1",))),
        graph=Value("pickle5"),
        bundle="",
        paths=(),
        directory=".",
        python="3.11",
        environment="local",
    )


def a_record(job_id: str = "job", state: Any = "Completed") -> JobRecord:
    return JobRecord(job_id, state, 1.0, 2.0, stages=(StageRecord("1", "succeeded"), StageRecord("2", "succeeded")))


def event(number: int, kind: str, **fields: Any) -> dict[str, Any]:
    return {"n": number, "time": float(number), "event": kind, **fields}


def keys(archive: Archive) -> list[str]:
    return [entry.key for entry in archive.store.list("")]


def age(archive: Archive, key: str, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(Path(archive.location) / key, (then, then))


def states(archive: Archive, project: str | None = None) -> dict[str, str]:
    """The state of every job, as each way of asking tells it."""
    rows = [(row["job_id"], row["status"]) for row in archive.rows(project)]
    jobs = [(spec.job_id, record.state) for spec, record in archive.jobs(project)]
    assert rows == jobs
    assert set(archive.job_ids(project)) >= dict(rows).keys()
    assert len(dict(rows)) == len(rows)
    return dict(rows)


def test_the_life_of_a_job(archive: Archive) -> None:
    spec, attempt = a_spec(), new_attempt()
    assert states(archive) == {}
    archive.submit(spec)
    assert archive.spec("job") == spec
    assert states(archive) == {"job": "Queued"}
    archive.start("job", attempt, {"image": None})
    assert states(archive) == {"job": "Running"}
    archive.append("job", attempt, 0, [event(0, "job started"), event(1, "stage started", stage="1")])
    archive.append("job", attempt, 1, [event(2, "metrics", stage="1", key="loss", values=[0.5], times=[0.0])])
    live = archive.record(spec)
    assert (live.started, [series.values for series in live.metrics], live.ended) == (0.0, [(0.5,)], None)
    assert archive.rows()[0]["metrics"] == [("loss", [0.5])]
    assert archive.sealed("job") is None
    archive.finish(spec, a_record(), attempt=attempt)
    assert archive.record(spec) == archive.sealed("job") == a_record()
    assert states(archive) == {"job": "Completed"}
    assert [one["n"] for one in archive.events("job")] == [0, 1, 2]
    assert not [key for key in keys(archive) if key.startswith("live/")]


@pytest.mark.parametrize("state", ["Completed", "Failed", "Cancelled"])
@pytest.mark.parametrize("watcher", [False, True])
def test_a_sealed_job_is_what_its_seal_says(directory: Archive, state: str, watcher: bool) -> None:
    spec = a_spec()
    directory.submit(spec)
    directory.finish(spec, a_record(state=state), attempt=new_attempt(), watcher=watcher)
    assert states(directory) == {"job": state}


class Killed(Exception):
    pass


class Dying:
    """A store whose user is killed before its n-th write."""

    def __init__(self, store: Store, writes: int) -> None:
        self._store, self._left = store, writes

    def __getattr__(self, name: str) -> Any:
        verb = getattr(self._store, name)
        if name not in ("put", "create", "delete"):
            return verb

        def limited(*arguments: Any) -> Any:
            if self._left == 0:
                raise Killed
            self._left -= 1
            return verb(*arguments)

        return limited


def killed_after(archive: Archive, writes: int) -> Archive:
    return Archive(Dying(archive.store, writes))  # type: ignore[arg-type]


@pytest.mark.parametrize("watcher", [False, True])
def test_a_crash_while_a_job_is_sealed_shows_it_once_and_rightly(archive: Archive, watcher: bool) -> None:
    expected = {}
    for writes, state in enumerate(["Running", "Completed", "Completed", "Completed"]):
        job_id, attempt = f"job-{writes}", new_attempt()
        spec = a_spec(job_id)
        archive.submit(spec)
        archive.start(job_id, attempt, {})
        with suppress(Killed):
            killed_after(archive, writes).finish(spec, a_record(job_id), attempt=attempt, watcher=watcher)
        expected[job_id] = state
    assert states(archive) == states(archive, "demo") == expected
    archive.finish(a_spec("job-0"), a_record("job-0"), attempt="again", watcher=watcher)
    assert states(archive) == dict.fromkeys(expected, "Completed")
    assert archive.projects() == ["demo"]


def test_a_crash_while_a_job_is_submitted_leaves_a_job_or_none(archive: Archive) -> None:
    for writes in range(3):
        with suppress(Killed):
            killed_after(archive, writes).submit(a_spec(f"job-{writes}"))
    assert states(archive) == {"job-2": "Queued"}
    archive.submit(a_spec("job-1"))
    assert states(archive) == {"job-1": "Queued", "job-2": "Queued"}


def test_a_job_that_ended_long_ago_and_left_its_marker_has_ended(directory: Archive) -> None:
    spec = a_spec()
    directory.submit(spec)
    directory.finish(spec, a_record(state="Failed"), attempt=new_attempt())
    directory.heartbeat("demo", "job")
    age(directory, "live/demo/job", 1e6)
    assert states(directory) == {"job": "Failed"}


@pytest.mark.parametrize(("seconds", "state"), [(0, "Running"), (50, "Running"), (70, "Lost"), (1e6, "Lost")])
def test_a_job_that_runs_is_lost_when_its_marker_grows_old(directory: Archive, seconds: float, state: str) -> None:
    spec, attempt = a_spec(), new_attempt()
    directory.submit(spec)
    directory.start("job", attempt, {})
    directory.append("job", attempt, 0, [event(0, "job started"), event(1, "stage started", stage="1")])
    directory.append("job", attempt, 1, [event(2, "log", stream="stdout", text="last words")])
    age(directory, "live/demo/job", seconds)
    assert states(directory) == {"job": state}
    record = directory.record(spec)
    assert record.ended is None
    assert (record.error or "").startswith("its courier stopped reporting" if state == "Lost" else "")
    assert [one["text"] for one in directory.events("job") if one["event"] == "log"] == ["last words"]


@pytest.mark.parametrize(("seconds", "state"), [(70, "Queued"), (3500, "Queued"), (3700, "Lost")])
def test_a_job_may_be_queued_for_longer(directory: Archive, seconds: float, state: str) -> None:
    directory.submit(a_spec())
    age(directory, "live/demo/job", seconds)
    assert states(directory) == {"job": state}


def test_a_heartbeat_brings_a_job_back(directory: Archive) -> None:
    directory.submit(a_spec())
    directory.start("job", new_attempt(), {})
    age(directory, "live/demo/job", 1000)
    directory.heartbeat("demo", "job")
    assert states(directory) == {"job": "Running"}


def test_a_job_without_a_marker_or_a_seal_is_lost(directory: Archive) -> None:
    spec = a_spec()
    directory.submit(spec)
    directory.store.delete("live/demo/job")
    assert directory.record(spec).state == "Lost"


def test_a_couriers_own_word_counts_for_more_than_that_of_who_took_it_for_dead(directory: Archive) -> None:
    spec = a_spec()
    directory.submit(spec)
    directory.finish(spec, a_record(state="Failed"), attempt="1", watcher=True)
    assert directory.record(spec).state == "Failed"
    directory.finish(spec, a_record(state="Completed"), attempt="2")
    assert states(directory) == {"job": "Completed"}


def test_a_late_word_of_a_watcher_takes_no_row_from_the_courier(directory: Archive) -> None:
    spec = a_spec()
    directory.submit(spec)
    directory.finish(spec, a_record(state="Completed"), attempt="2")
    before = directory.store.get(layout.row(spec.project, "job"))
    directory.finish(spec, a_record(state="Lost"), attempt="1", watcher=True)
    assert states(directory) == {"job": "Completed"}
    assert directory.store.get(layout.row(spec.project, "job")) == before


def test_a_row_names_the_record_that_it_was_made_from(directory: Archive) -> None:
    spec = a_spec()
    directory.submit(spec)
    directory.finish(spec, a_record(), attempt="2")
    assert [row["sealed"] for row in directory.rows()] == [layout.done("job", "2")]


def test_each_segment_names_the_digest_of_the_one_before(directory: Archive) -> None:
    first = directory.append("job", "1", 0, [event(0, "log")])
    second = directory.append("job", "1", 1, [event(1, "log")] * 500, previous=first)
    keys = [layout.segment("job", "1", number) for number in (0, 1)]
    bodies = [unseal("events", directory.store.get(key), key) for key in keys]
    assert [body["previous"] for body in bodies] == [None, first]
    assert second == hashlib.sha256(canonical({**bodies[1], "$key": keys[1]})).hexdigest()


def test_what_the_watcher_saw_and_the_courier_did_not_write_is_in_the_events(directory: Archive) -> None:
    spec = a_spec()
    directory.submit(spec)
    directory.append("job", "1", 0, [event(0, "log", stream="stdout", text="one")])
    tail = (event(1, "log", stream="stdout", text="two"),)
    record = JobRecord("job", "Failed", tail=tail)
    directory.finish(spec, record, attempt="2", watcher=True)
    assert [one["text"] for one in directory.events("job")] == ["one", "two"]


def test_events_come_in_the_order_of_their_segments(directory: Archive) -> None:
    for number in (2, 0, 10, 1, *range(3, 10)):
        directory.append("job", "1", number, [event(number, "log")])
    assert [one["n"] for one in directory.events("job")] == list(range(11))


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_events_that_are_missing_are_named_and_not_passed_over(directory: Archive, lost: int) -> None:
    directory.submit(a_spec())
    for number in range(3):
        directory.append("job", "1", number, [event(number, "log")])
    directory.store.delete(layout.segment("job", "1", lost))
    if lost < 2:
        for ask in (lambda: directory.record(a_spec()), lambda: list(directory.events("job"))):
            with pytest.raises(ArchiveDamaged, match=f"jobs/job/a/1/ev/0000000{lost} are not there"):
                ask()
    directory.finish(a_spec(), replace(a_record(), segments=3), attempt="1")
    with pytest.raises(ArchiveDamaged, match=f"jobs/job/a/1/ev/0000000{lost} are not there"):
        list(directory.events("job"))


def test_a_segment_that_a_listing_lacks_is_read_all_the_same(
    directory: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        directory.append("job", "1", number, [event(number, "log")])
    listed = directory.store.list
    late = layout.segment("job", "1", 1)
    monkeypatch.setattr(
        directory.store, "list", lambda prefix: (entry for entry in listed(prefix) if entry.key != late)
    )
    seen: set[str] = set()
    assert [one["n"] for one in directory.events("job", seen=seen)] == [0, 1, 2]
    assert not list(directory.events("job", seen=seen))


def test_a_name_that_is_taken_is_refused_and_the_job_that_has_it_untouched(archive: Archive) -> None:
    archive.submit(a_spec())
    archive.finish(a_spec(), a_record(), attempt="1")
    before = keys(archive)
    for project in ("demo", "another"):
        with pytest.raises(JobTaken) as raised:
            archive.submit(a_spec(project=project, created=5.0))
        assert str(raised.value) == (
            f"a job named 'job' is in the archive at {archive.location} already; give another job_name, or none"
        )
    assert keys(archive) == before
    assert archive.spec("job").created == 1.0


class LateTwin:
    """A store where another driver submits the same job between our look and our write."""

    def __init__(self, store: Store, twin: JobSpec) -> None:
        self._store, self._twin = store, twin

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def head(self, key: str) -> Any:
        found = self._store.head(key)
        if found is None and key.startswith("jobs/"):
            Archive(self._store).submit(self._twin)
        return found


@pytest.mark.parametrize("project", ["demo", "another"])
def test_of_two_who_submit_the_same_name_at_once_one_is_refused_and_leaves_nothing(
    archive: Archive, project: str
) -> None:
    late = Archive(LateTwin(archive.store, a_spec()))  # type: ignore[arg-type]
    with pytest.raises(JobTaken):
        late.submit(a_spec(project=project, created=5.0))
    assert states(archive) == states(archive, "demo") == {"job": "Queued"}
    assert states(archive, "another") == {}
    archive.finish(a_spec(), a_record(), attempt="1")
    assert states(archive) == states(archive, "demo") == {"job": "Completed"}
    assert states(archive, "another") == {}


def test_jobs_come_oldest_first_and_by_name_where_they_are_as_old(archive: Archive) -> None:
    for job_id, created in (("c", 2.0), ("b", 1.0), ("a", 2.0), ("d", 0.5)):
        archive.submit(a_spec(job_id, created=created))
    archive.finish(a_spec("c", created=2.0), a_record("c"), attempt="1")
    archive.finish(a_spec("d", created=0.5), a_record("d"), attempt="1")
    assert [row["job_id"] for row in archive.rows()] == ["d", "b", "a", "c"]
    assert [spec.job_id for spec, _ in archive.jobs()] == ["d", "b", "a", "c"]


@pytest.mark.parametrize("names", [("demo", "other"), ("Demo Project", "demo project"), ("a/b", "a"), ("", " ")])
def test_projects_are_kept_apart(directory: Archive, names: tuple[str, str]) -> None:
    for number, project in enumerate(names):
        directory.submit(a_spec(f"live-{number}", project=project))
        directory.submit(a_spec(f"ended-{number}", project=project))
        directory.finish(a_spec(f"ended-{number}", project=project), a_record(f"ended-{number}"), attempt="1")
    assert directory.projects() == sorted(names)
    for number, project in enumerate(names):
        assert states(directory, project) == {f"ended-{number}": "Completed", f"live-{number}": "Queued"}
    assert len(states(directory)) == 4
    assert states(directory, "a project without jobs") == {}


@pytest.mark.parametrize("job_id", ["nope", "", "a b", "../../live/demo/job", "ü", "x" * 2000, "..", "a//b", "\0"])
def test_a_job_that_is_not_there_is_not_archived_whatever_its_name(directory: Archive, job_id: str) -> None:
    directory.submit(a_spec())
    with pytest.raises(NotArchived):
        directory.spec(job_id)


@pytest.mark.parametrize("damage", [b"", b"{}", b"\xff", seal("job", {}), seal("spec", {})])
def test_a_damaged_record_names_its_key(directory: Archive, damage: bytes) -> None:
    spec = a_spec()
    directory.submit(spec)
    directory.finish(spec, a_record(), attempt="1")
    directory.store.put("jobs/job/a/1/done.json", damage)
    directory.store.put("jobs/job/spec.json", damage)
    for ask in (lambda: directory.record(spec), lambda: directory.spec("job")):
        with pytest.raises(ArchiveDamaged, match=r"jobs/job/(spec\.json|a/1/done\.json)"):
            ask()
    with pytest.warns(ArchiveWarning, match=r"left out: .*jobs/job/spec\.json"):
        assert directory.jobs() == []


def test_a_damaged_job_is_left_out_of_all_jobs_with_a_warning(directory: Archive) -> None:
    for job_id in ("damaged", "gone", "whole"):
        directory.submit(a_spec(job_id))
        directory.finish(a_spec(job_id), a_record(job_id), attempt="1")
    directory.store.put("jobs/damaged/a/1/done.json", b"")
    directory.store.delete("jobs/gone/spec.json")
    with pytest.warns(ArchiveWarning, match="is left out: ") as warned:
        assert [spec.job_id for spec, _ in directory.jobs()] == ["whole"]
    assert all(any(key in str(one.message) for one in warned) for key in ("damaged/a/1/done.json", "gone/spec.json"))


def test_a_job_whose_spec_is_lost_is_left_out_with_a_warning_and_one_that_never_had_any_without(
    directory: Archive,
) -> None:
    directory.submit(a_spec("lost"))
    directory.start("lost", "1", {})
    directory.store.delete(layout.spec("lost"))
    directory.heartbeat("demo", "never")
    for read in (directory.rows, directory.jobs, directory.queued):
        with pytest.warns(ArchiveWarning, match="is left out: jobs/lost/spec.json is not there"):
            assert read() == []


def test_an_ended_job_whose_seal_is_lost_is_damaged_and_not_lost(directory: Archive) -> None:
    for job_id, watcher in (("own", False), ("watched", True)):
        directory.submit(a_spec(job_id))
        directory.start(job_id, "1", {})
        directory.finish(a_spec(job_id), a_record(job_id), attempt="1", watcher=watcher)
        directory.store.delete((layout.post if watcher else layout.done)(job_id, "1"))
        for ask in (directory.state, directory.record):
            with pytest.raises(ArchiveDamaged, match=f"jobs/{job_id}/a/1/.*json is not there, and the row"):
                ask(a_spec(job_id))


def test_a_damaged_row_is_made_anew_from_the_jobs_own_records(directory: Archive) -> None:
    for job_id in ("a", "b"):
        directory.submit(a_spec(job_id))
        directory.finish(a_spec(job_id), a_record(job_id), attempt="1")
    before = directory.rows()
    directory.store.put(layout.row("demo", "a"), b"damaged")
    with pytest.warns(ArchiveWarning, match="idx/demo/t/a in .* is damaged; 1 of its jobs were read"):
        assert directory.rows() == before
    directory.store.delete("jobs/a/spec.json")
    with pytest.warns(ArchiveWarning, match="idx/demo/t/a in .* is damaged; .* missing here"):
        assert [row["job_id"] for row in directory.rows()] == ["b"]


def test_checking_an_empty_archive_describes_it_once(archive: Archive) -> None:
    archive.check()
    described = archive.store.get(DESCRIPTOR)
    assert json.loads(described)["format"] == json.loads(described)["min_reader"] == 1
    archive.check()
    assert archive.store.get(DESCRIPTOR) == described
    assert keys(archive) == [DESCRIPTOR]


def test_a_look_tells_whether_the_archive_is_there_and_does_not_make_it(archive: Archive) -> None:
    assert archive.look() is False
    assert keys(archive) == []
    archive.check()
    assert archive.look() is True
    assert keys(archive) == [DESCRIPTOR]


def test_a_cache_of_its_own_is_checked_too(tmp_path: Path) -> None:
    archive = open_archive(str(tmp_path / "archive"), cache=str(tmp_path / "cache"))
    archive.check()
    assert (tmp_path / "archive" / DESCRIPTOR).exists()
    assert (tmp_path / "cache" / DESCRIPTOR).exists()


def test_an_archive_of_a_newer_format_is_refused(directory: Archive) -> None:
    directory.store.put(DESCRIPTOR, b'{"format": 3, "min_reader": 2}')
    for verb in (directory.check, directory.look):
        with pytest.raises(NewerFormat) as raised:
            verb()
        assert str(raised.value) == (
            f"the archive at {directory.location} has format 2, this version reads up to 1; upgrade foundations"
        )


def test_an_archive_of_a_newer_format_that_we_still_can_read_is_read(directory: Archive) -> None:
    directory.store.put(DESCRIPTOR, b'{"format": 2, "min_reader": 1, "more": []}')
    directory.check()


@pytest.mark.parametrize(
    "damage",
    [b"", b"{", b"[]", b"{}", b"null", b"\xff", b'{"min_reader": "2"}', b'{"min_reader": null}', b"[" * 100_000],
    ids=lambda damage: ascii(damage[:20]),
)
def test_a_damaged_descriptor_is_neither_read_nor_replaced(directory: Archive, damage: bytes) -> None:
    directory.store.put(DESCRIPTOR, damage)
    for verb in (directory.check, directory.look):
        with pytest.raises(ArchiveDamaged) as raised:
            verb()
        assert raised.value.key == DESCRIPTOR
        assert directory.location in str(raised.value)
    assert directory.store.get(DESCRIPTOR) == damage


def an_entry(job_id: str = "job", value: Value | None = None) -> CacheEntry:
    metrics = (Series("1", "loss", ({"$float": "nan"},), (1.0,)),)
    return CacheEntry(value or Value("pickle5", (Buffer(1, ("d",)),)), job_id, "1", 0.5, metrics)


KEY = "ab" + "0" * 62


def test_a_cache_entry_comes_back(archive: Archive) -> None:
    assert archive.cached(KEY) is None
    archive.keep(KEY, an_entry())
    assert archive.cached(KEY) == an_entry()
    assert archive.cached("ab" + "1" * 62) is None


def test_the_first_cache_entry_of_a_key_stays(archive: Archive) -> None:
    archive.keep(KEY, an_entry("first"))
    archive.keep(KEY, an_entry("second"))
    assert archive.cached(KEY) == an_entry("first")


@pytest.mark.parametrize("damage", [b"", b"{}", b"\xff", b"FZ1", seal("job", {}), seal("cache", {}), seal("cache", [])])
def test_a_damaged_cache_entry_is_a_miss_and_is_replaced(directory: Archive, damage: bytes) -> None:
    directory.store.put(f"cache/ab/{KEY}.json", damage)
    assert directory.cached(KEY) is None
    directory.keep(KEY, an_entry())
    assert directory.cached(KEY) == an_entry()


def test_a_cache_that_can_not_be_reached_is_not_a_miss(directory: Archive) -> None:
    class Away:
        location = "elsewhere"

        def get(self, key: str) -> bytes:
            raise ArchiveError("no answer", key=key)

    with pytest.raises(ArchiveError, match="no answer"):
        Archive(directory.store, cache=Away()).cached(KEY)  # type: ignore[arg-type]


def test_a_cache_of_its_own_holds_entries_and_nothing_else(tmp_path: Path) -> None:
    archive = open_archive(str(tmp_path / "archive"), cache=str(tmp_path / "cache"))
    archive.submit(a_spec())
    archive.keep(KEY, an_entry())
    archive.cache_blobs.put(b"cached")
    archive.blobs.put(b"kept")
    assert {key.split("/")[0] for key in keys(archive)} == {"blobs", "jobs", "live"}
    assert {entry.key.split("/")[0] for entry in archive.cache_store.list("")} == {"blobs", "cache"}
    assert archive.cached(KEY) == an_entry()


def test_attempts_sort_by_the_time_at_which_they_began(monkeypatch: pytest.MonkeyPatch) -> None:
    attempts = []
    for now in (0.001, 9.0, 1_700_000_000.0, 1_700_000_000.001, 9_999_999_999.0):
        monkeypatch.setattr(time, "time", lambda now=now: now)
        attempts += [new_attempt()]
    assert attempts == sorted(attempts)
    assert new_attempt() != new_attempt()


def test_opening_an_archive_writes_nothing(tmp_path: Path) -> None:
    archive = open_archive(str(tmp_path / "archive"))
    assert archive.rows() == []
    assert archive.location == str(tmp_path / "archive")
    assert not (tmp_path / "archive").exists()


class _LateListings(DirectoryStore):
    """A directory whose listings lack what is named in `unlisted`, as those of a store with several servers may."""

    unlisted: tuple[str, ...] = ()

    def list(self, prefix: str) -> Iterator[Entry]:
        return (entry for entry in super().list(prefix) if not entry.key.endswith(self.unlisted))


@pytest.mark.parametrize("watcher", [False, True])
@pytest.mark.parametrize("unlisted", [("/done.json", "/post.json"), ("/start.json", "/done.json", "/post.json")])
def test_a_job_that_has_ended_is_never_lost_in_a_late_listing(
    tmp_path: Path, *, watcher: bool, unlisted: tuple[str, ...]
) -> None:
    store = _LateListings(tmp_path)
    archive, spec = Archive(store), a_spec()
    archive.submit(spec)
    archive.start("job", "1", {})
    state = "Failed" if watcher else "Completed"
    archive.finish(spec, a_record(state=state), attempt=layout.WATCHER if watcher else "1", watcher=watcher)
    store.unlisted = unlisted
    assert archive.state(spec) == archive.record(spec).state == state
    sealed = archive.sealed("job")
    assert sealed is not None
    assert sealed.state == state


def test_a_record_without_a_row_is_found_in_a_late_listing(tmp_path: Path) -> None:
    store = _LateListings(tmp_path)
    archive, spec = Archive(store), a_spec()
    archive.submit(spec)
    archive.start("job", "1", {})
    archive.finish(spec, a_record(), attempt="1")
    store.delete(layout.row("demo", "job"))
    store.unlisted = ("/done.json",)
    assert archive.state(spec) == "Completed"


def test_a_late_listing_that_shows_the_watchers_word_alone_does_not_beat_the_couriers(tmp_path: Path) -> None:
    store = _LateListings(tmp_path)
    archive, spec = Archive(store), a_spec()
    archive.submit(spec)
    archive.start("job", "1", {})
    archive.finish(spec, a_record(state="Failed"), attempt=layout.WATCHER, watcher=True)
    archive.finish(spec, a_record(), attempt="1")
    store.unlisted = ("/done.json",)
    assert archive.state(spec) == "Completed"


def test_of_two_watchers_the_first_ones_word_counts(directory: Archive) -> None:
    spec = a_spec()
    directory.submit(spec)
    first = directory.finish(spec, a_record(state="Cancelled"), attempt=layout.WATCHER, watcher=True)
    second = directory.finish(spec, a_record(state="Failed"), attempt=layout.WATCHER, watcher=True)
    assert first.state == second.state == directory.state(spec) == "Cancelled"
    assert [row["status"] for row in directory.rows()] == ["Cancelled"]


def test_a_marker_left_in_another_project_shows_no_job_there(directory: Archive) -> None:
    spec = a_spec()
    directory.submit(spec)
    directory.heartbeat("other", "job")  # whose driver lost the race for the name, and died
    assert [row["job_id"] for row in directory.rows()] == ["job"]
    assert directory.rows("other") == directory.jobs("other") == []
    assert len(directory.jobs()) == len(directory.rows("demo")) == 1


def test_events_that_a_watcher_kept_and_that_arrived_after_all_are_told_once(directory: Archive) -> None:
    spec = a_spec()
    directory.submit(spec)
    directory.start("job", "1", {})
    events = [event(0, "log", text="one"), event(1, "log", text="two"), event(2, "log", text="three")]
    directory.append("job", "1", 0, events[:1])
    record = JobRecord("job", "Failed", tail=tuple(events[1:]))
    directory.finish(spec, record, attempt=layout.WATCHER, watcher=True)
    directory.append("job", "1", 1, events[1:2])  # was under way when its courier was killed
    assert list(directory.events("job")) == [events[0], events[1], events[2]]


def test_a_job_that_is_submitted_while_it_is_listed_is_no_damage(
    directory: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = a_spec()
    directory.heartbeat("demo", "job")  # its driver is held up before the spec
    get = directory.store.get

    def held_up(key: str) -> bytes:
        if key == layout.spec("job"):
            monkeypatch.setattr(directory.store, "get", get)
            directory.submit(spec)
            directory.start("job", "1", {})
            raise NotArchived("not there a moment ago", key=key)
        return get(key)

    monkeypatch.setattr(directory.store, "get", held_up)
    assert directory.rows() == []
    assert [row["job_id"] for row in directory.rows()] == ["job"]


def test_who_loses_the_race_for_a_name_leaves_a_job_that_has_ended_in_the_listings(directory: Archive) -> None:
    spec = a_spec()
    directory.submit(spec)
    directory.start("job", "1", {})
    key = layout.done("job", "1")
    # its courier was killed before it wrote the row
    directory.store.put(key, directory.seal("job", plain(a_record()), key=key))
    with pytest.raises(JobTaken):
        directory.submit(spec, looked=True)
    assert list(directory.store.list(layout.LIVE)) == []
    assert [(row["job_id"], row["status"]) for row in directory.rows()] == [("job", "Completed")]
