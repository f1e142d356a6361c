"""Copying an archive: all of it arrives, whole, as often as it is interrupted, and never into something else."""

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from foundations_archive import ArchiveMisconfigured, ArchiveUnreachable, DirectoryStore, S3Store, Store, layout
from foundations_archive.archive import Archive, open_archive
from foundations_archive.errors import NewerFormat
from foundations_archive.hiding import hide
from foundations_archive.packing import compact
from foundations_archive.upkeep.check import check
from foundations_archive.upkeep.copying import copy
from tests.archive.archives import age, blob_of, cached, ended, found, key, keys, started, submitted
from tests.archive.conftest import STORES


@pytest.fixture
def source(tmp_path: Path) -> Archive:
    return open_archive(str(tmp_path / "source"))


@pytest.fixture
def target(tmp_path: Path) -> Archive:
    return open_archive(str(tmp_path / "target"))


@pytest.fixture(params=STORES)
def other(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """A second empty store of each kind."""
    if request.param == "directory":
        return DirectoryStore(tmp_path / "other")
    bucket = request.getfixturevalue(f"{request.param}_bucket")
    return S3Store(bucket, uuid.uuid4().hex, request.getfixturevalue(f"{request.param}_settings"))


def contents(store: Store) -> dict[str, bytes]:
    return {entry.key: store.get(entry.key) for entry in store.list("") if layout.kind_of(entry.key) != "descriptor"}


def lived(archive: Archive) -> None:
    ended(archive)
    hide(archive, ended(archive, "odd", project="Grüße / .."))
    cached(archive)
    submitted(archive, "queued")
    ended(archive, "packed")
    compact(archive)


def test_everything_arrives_and_the_way_back_is_the_same(source: Archive, other: Store, tmp_path: Path) -> None:
    lived(source)
    done = copy(source.store, other)
    assert contents(other) == contents(source.store)
    assert done.copied[0] == len(contents(other))
    assert found(check(Archive(other), deep=True)) == {}
    assert Archive(other).rows() == source.rows()
    back = DirectoryStore(tmp_path / "back")
    copy(other, back)
    assert contents(back) == contents(source.store)
    assert back.get(layout.DESCRIPTOR) == other.get(layout.DESCRIPTOR)


def test_a_second_copy_writes_only_markers(source: Archive, target: Archive) -> None:
    lived(source)
    first = copy(source.store, target.store)
    second = copy(source.store, target.store)
    assert second.copied[0] == len(keys(source.store, "marker")) == 1
    assert second.there[0] == first.copied[0] - 1


class Dying:
    """A store whose user is killed before its n-th write."""

    def __init__(self, store: Store, writes: int) -> None:
        self._store, self._left = store, writes
        self.location = store.location

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def put(self, key: str, data: bytes) -> None:
        if self._left == 0:
            raise ArchiveUnreachable("killed", key=key)
        self._left -= 1
        self._store.put(key, data)


def test_a_copy_that_was_interrupted_anywhere_shows_no_half_job_and_is_taken_up(
    source: Archive, tmp_path: Path
) -> None:
    lived(source)
    count = len(contents(source.store))
    for writes in range(count):
        store = DirectoryStore(tmp_path / f"target-{writes}")
        with pytest.raises(ArchiveUnreachable, match="killed"):
            copy(source.store, Dying(store, writes))
        archive = Archive(store)
        for spec, record in archive.jobs():
            assert archive.blobs.holds(spec.bundle)
            assert all(archive.store.head(blob_of(stage.value)) for stage in record.stages if stage.value)
        assert all(one.severity != "damage" for one in check(archive, deep=True).findings)
        copy(source.store, store)
        assert contents(store) == contents(source.store)


def test_a_job_that_runs_is_copied_as_it_stands_and_finished_by_the_next_copy(source: Archive, target: Archive) -> None:
    spec, attempt, record = started(source)
    copy(source.store, target.store)
    assert target.state(spec) == "Running"
    assert list(target.events("job")) == list(source.events("job"))
    source.finish(spec, record, attempt=attempt)
    copy(source.store, target.store)
    assert target.state(spec) == "Completed"
    assert contents(target.store) == contents(source.store)


class Meanwhile:
    """A store in which a job ends, and another begins, right after one of its listings."""

    def __init__(self, archive: Archive, prefix: str) -> None:
        self._archive, self._prefix = archive, prefix
        self._job = started(archive)
        self.location = archive.location

    def __getattr__(self, name: str) -> Any:
        return getattr(self._archive.store, name)

    def list(self, prefix: str) -> Any:
        listed = list(self._archive.store.list(prefix))
        if prefix == self._prefix:
            spec, attempt, record = self._job
            self._archive.finish(spec, record, attempt=attempt)
            ended(self._archive, "next")
        return iter(listed)


@pytest.mark.parametrize("prefix", [layout.LIVE, layout.ROWS, layout.JOBS, layout.CACHE, layout.BLOBS])
def test_what_is_written_meanwhile_leaves_no_reference_to_nothing(
    source: Archive, target: Archive, prefix: str
) -> None:
    store = Meanwhile(source, prefix)
    copy(store, target.store)
    assert all(one.severity != "damage" for one in check(target, deep=True).findings)
    copy(source.store, target.store)
    assert found(check(target, deep=True)) == {}
    assert contents(target.store) == contents(source.store)


@pytest.mark.parametrize("kind", ["blob", "segment", "row", "pack", "cache"])
def test_what_is_damaged_is_left_out_and_named(source: Archive, target: Archive, kind: str) -> None:
    lived(source)
    damaged = key(source.store, kind)
    source.store.put(damaged, source.store.get(damaged)[:-1] + b"?")
    done = copy(source.store, target.store)
    assert done.damaged == [damaged]
    assert contents(target.store).keys() == contents(source.store).keys() - {damaged}


class Noisy:
    """A store whose first answer for each key has a bit that flipped on the way."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._read: set[str] = set()
        self.location = store.location

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def get(self, key: str) -> bytes:
        data = self._store.get(key)
        if key in self._read or layout.kind_of(key) == "descriptor":
            return data
        self._read.add(key)
        return data[:-1] + bytes([data[-1] ^ 1])


def test_a_bit_that_flips_on_the_way_is_noticed_and_read_again(source: Archive, target: Archive) -> None:
    lived(source)
    assert copy(Noisy(source.store), target.store).damaged == []
    assert contents(target.store) == contents(source.store)


def test_what_differs_at_the_target_is_found_where_that_is_asked_for(source: Archive, target: Archive) -> None:
    lived(source)
    copy(source.store, target.store)
    blob = key(target.store, "blob")
    target.store.put(blob, target.store.get(blob)[:-1] + b"?")
    assert copy(source.store, target.store).copied[0] == 1
    assert found(check(target, deep=True)) != {}
    assert copy(source.store, target.store, verify=True).copied[0] == 2
    assert found(check(target, deep=True)) == {}


def test_another_archive_is_not_mixed_with_this_one(source: Archive, target: Archive) -> None:
    lived(source)
    ended(target)
    before = contents(target.store)
    with pytest.raises(ArchiveMisconfigured, match="another archive"):
        copy(source.store, target.store)
    assert contents(target.store) == before


def test_a_place_with_something_else_in_it_is_refused(source: Archive, target: Archive) -> None:
    lived(source)
    target.store.put("thesis.pdf", b"x")
    with pytest.raises(ArchiveMisconfigured, match="not empty"):
        copy(source.store, target.store)
    assert list(contents(target.store)) == ["thesis.pdf"]


def test_what_is_no_archive_is_refused_and_leaves_nothing(source: Archive, target: Archive) -> None:
    with pytest.raises(ArchiveMisconfigured, match="no archive at"):
        copy(source.store, target.store)
    assert not Path(target.location).exists()


@pytest.mark.parametrize("newer", ["source", "target"])
def test_a_newer_format_is_refused(source: Archive, target: Archive, newer: str) -> None:
    lived(source)
    store = source.store if newer == "source" else target.store
    store.put(layout.DESCRIPTOR, json.dumps({"format": 9, "min_reader": 9, "archive_id": "x"}).encode())
    with pytest.raises(NewerFormat):
        copy(source.store, target.store)


def test_what_is_none_of_ours_and_collections_stay_behind(source: Archive, target: Archive) -> None:
    lived(source)
    source.store.put("README", b"x")
    source.store.put(layout.cycle("1"), b"{}")
    copy(source.store, target.store)
    assert {"README", layout.cycle("1")}.isdisjoint(contents(target.store))


def test_progress_tells_of_every_object(source: Archive, target: Archive) -> None:
    lived(source)
    told: list[tuple[int, int, int]] = []
    copy(source.store, target.store, progress=lambda *numbers: told.append(numbers))
    size = sum(map(len, contents(source.store).values()))
    assert told[-1] == (len(told), len(told), size)
    assert [number for number, _, _ in told] == list(range(1, len(told) + 1))


def test_more_than_a_listing_holds_is_copied(tmp_path: Path, other: Store) -> None:
    source = open_archive(str(tmp_path / "source"))
    ended(source)
    for number in range(1100):
        source.heartbeat("demo", f"job-{number}")
    age(source, 60)
    assert copy(source.store, other).copied[0] == len(contents(source.store))
