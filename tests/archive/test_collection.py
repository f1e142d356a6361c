"""Collecting what nothing names: it goes late rather than early, and never where something can't be read."""

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from foundations_archive import Store, layout
from foundations_archive.archive import Archive, open_archive
from foundations_archive.blobs import GRACE_SECONDS
from foundations_archive.envelope import seal, unseal
from foundations_archive.errors import ArchiveUnreachable, NewerFormat
from foundations_archive.records import CacheEntry, Value
from foundations_archive.upkeep.check import check
from foundations_archive.upkeep.collection import Collected, collect
from tests.archive.archives import CACHE_KEY, age, blob_of, cached, ended, key, keys, started, submitted

DAY = 86400.0
OLD = GRACE_SECONDS + DAY


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return open_archive(str(tmp_path / "archive"))


def orphan(archive: Archive, text: str = "nobody's") -> str:
    archive.check()
    return layout.blob(archive.blobs.put(text.encode()))


def later(archive: Archive, seconds: float = OLD) -> None:
    """Let time pass: everything is older by that."""
    for entry in list(archive.store.list("")):
        path = Path(archive.location) / entry.key
        then = path.stat().st_mtime - seconds
        os.utime(path, (then, then))


def one(archive: Archive, **options: Any) -> Collected:
    (found,) = collect(archive, **options)
    return found


def test_what_nothing_names_goes_with_the_second_collection_a_day_later(archive: Archive) -> None:
    ended(archive)
    lost = orphan(archive)
    later(archive)
    first = one(archive)
    assert (first.deleted, first.waiting, first.obstacles) == ((0, 0), (1, 12), [])
    assert one(archive).deleted == (0, 0)
    later(archive, DAY + 1)
    second = one(archive)
    assert (second.deleted, second.waiting) == ((1, 12), (0, 0))
    assert lost not in keys(archive.store, "blob")
    assert check(archive, deep=True).findings == []


def test_every_blob_of_jobs_in_every_state_and_of_the_cache_stays(archive: Archive) -> None:
    ended(archive)
    started(archive, "running")
    submitted(archive, "queued")
    cached(archive)
    before = keys(archive.store, "blob")
    for _ in range(3):
        later(archive)
        assert one(archive).deleted == (0, 0)
    assert keys(archive.store, "blob") == before


@pytest.mark.parametrize("kind", ["spec", "segment", "done", "cache"])
def test_what_a_record_named_goes_with_the_record(archive: Archive, kind: str) -> None:
    ended(archive)
    cached(archive)
    for record in keys(archive.store, kind):
        archive.store.delete(record)
    for _ in range(2):
        later(archive)
        found = one(archive)
    # the segments and the record that seals a job name the same, and either is enough
    assert bool(found.deleted[0]) == (kind in ("spec", "cache"))


def test_what_a_later_version_names_in_a_field_of_its_own_stays(archive: Archive) -> None:
    ended(archive)
    lost = orphan(archive)
    spec = layout.spec("job")
    body = unseal("spec", archive.store.get(spec), spec)
    archive.store.put(spec, seal("spec", {**body, "novel": {"things": [{layout.digest_in(lost): 1}]}}))
    strange = orphan(archive, "stranger")
    archive.store.put("jobs/job/novel.bin", b"\0" + layout.digest_in(strange).encode())
    for _ in range(2):
        later(archive)
        assert one(archive).deleted == (0, 0)


def test_a_users_own_word_for_a_manifest_is_none(archive: Archive) -> None:
    spec = submitted(archive)
    body = unseal("spec", archive.store.get(layout.spec("job")), layout.spec("job"))
    odd = {"manifest": "0" * 64, "bundle": "1" * 64}
    archive.store.put(layout.spec("job"), seal("spec", {**body, "tags": odd, "parameters": odd}))
    later(archive)
    assert (one(archive).obstacles, archive.spec("job").graph) == ([], spec.graph)


def test_young_blobs_stay_whatever_was_found_before(archive: Archive) -> None:
    lost = orphan(archive)
    later(archive)
    one(archive)
    later(archive, DAY + 1)
    archive.store.put(lost, archive.store.get(lost))
    found = one(archive)
    assert (found.deleted, found.young) == ((0, 0), (1, 12))


def test_a_blob_that_is_named_between_two_collections_stays(archive: Archive) -> None:
    lost = orphan(archive)
    later(archive)
    one(archive)
    later(archive, DAY + 1)
    archive.keep(CACHE_KEY, CacheEntry(Value("pickle5", (archive.blobs.put_bytes(b"nobody's"),)), "job", "1", 1.0))
    assert one(archive).deleted == (0, 0)
    assert lost in keys(archive.store, "blob")


class Interfering:
    """A store in which something happens before one of its verbs is done to a key that begins so."""

    def __init__(self, store: Store, verb: str, beginning: str, happen: Callable[[], Any]) -> None:
        self._store, self._verb, self._beginning, self._happen = store, verb, beginning, happen
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        done = getattr(self._store, name)
        if name != self._verb:
            return done

        def first(key: str, *rest: Any) -> Any:
            with self._lock:
                happen = self._happen if key.startswith(self._beginning) else None
                if happen:
                    self._happen = lambda: None
            if happen:
                happen()
            return done(key, *rest)

        return first


def doomed(archive: Archive) -> str:
    """A blob that the next collection would delete."""
    ended(archive)
    lost = orphan(archive)
    later(archive)
    one(archive)
    later(archive, DAY + 1)
    return lost


def test_a_blob_that_is_put_again_just_before_it_is_deleted_stays(archive: Archive) -> None:
    lost = doomed(archive)
    store = Interfering(archive.store, "head", lost, lambda: archive.store.put(lost, archive.store.get(lost)))
    assert one(Archive(store)).deleted == (0, 0)
    assert lost in keys(archive.store, "blob")


def test_what_is_named_after_the_candidates_were_listed_stays(archive: Archive) -> None:
    lost = doomed(archive)
    entry = CacheEntry(Value("pickle5", (archive.blobs.put_bytes(b"nobody's"),)), "job", "1", 1.0)
    later(archive, 0)
    # as a courier does that was asleep for a week: it names what it had put long ago
    store = Interfering(archive.store, "list", layout.CACHE, lambda: archive.keep(CACHE_KEY, entry))
    age(archive, OLD, of=lambda key: key == lost)
    assert one(Archive(store)).deleted == (0, 0)
    assert lost in keys(archive.store, "blob")


@pytest.mark.parametrize("verb", ["list", "head"])
def test_a_collection_that_was_held_up_for_long_deletes_nothing(archive: Archive, verb: str) -> None:
    lost = doomed(archive)
    beginning = layout.JOBS if verb == "list" else layout.BLOBS
    store = Interfering(archive.store, verb, beginning, lambda: later(archive, GRACE_SECONDS / 4 + 60))
    found = one(Archive(store))
    assert found.deleted == (0, 0)
    assert "quarter of the grace" in found.obstacles[0]
    assert lost in keys(archive.store, "blob")
    assert one(archive).deleted == (1, 12)


@pytest.mark.parametrize("kind", ["spec", "start", "segment", "done", "cache"])
@pytest.mark.parametrize("damage", [b"", b"{}", b"FZ1\0"])
def test_a_record_that_can_not_be_read_stops_it_and_is_named(archive: Archive, kind: str, damage: bytes) -> None:
    cached(archive)
    lost = doomed(archive)
    damaged = key(archive.store, kind)
    archive.store.put(damaged, damage)
    age(archive, OLD, of=lambda key: key == damaged)
    before = keys(archive.store, "blob"), keys(archive.store, "cycle")
    found = one(archive)
    assert found.deleted == (0, 0)
    assert found.obstacles[0].startswith(f"{damaged}: ")
    assert (keys(archive.store, "blob"), keys(archive.store, "cycle")) == before
    assert lost in before[0]


@pytest.mark.parametrize("gone", [True, False])
def test_a_manifest_that_can_not_be_read_stops_it(archive: Archive, gone: bool) -> None:
    doomed(archive)
    manifest = layout.blob(archive.spec("job").bundle)
    archive.store.delete(manifest) if gone else archive.store.put(manifest, b"FB1\0{}")
    found = one(archive)
    assert found.deleted == (0, 0)
    assert manifest in found.obstacles[0]


def test_a_store_that_fails_stops_it(archive: Archive) -> None:
    lost = doomed(archive)

    def fail() -> None:
        raise ArchiveUnreachable("no answer")

    for verb, beginning in (("get", layout.JOBS), ("head", layout.BLOBS), ("delete", layout.BLOBS)):
        found = one(Archive(Interfering(archive.store, verb, beginning, fail)))
        assert (found.deleted, len(found.obstacles)) == ((0, 0), 1), verb
        assert lost in keys(archive.store, "blob")


def test_a_dry_run_changes_nothing_and_says_what_would_go(archive: Archive) -> None:
    doomed(archive)
    left = Path(archive.location, ".tmp", "0" * 32)
    left.write_bytes(b"half")
    os.utime(left, (1, 1))
    before = {entry.key: archive.store.get(entry.key) for entry in archive.store.list("")}
    found = one(archive, dry_run=True)
    assert (found.deleted, found.temporary) == ((1, 12), (1, 4))
    assert {entry.key: archive.store.get(entry.key) for entry in archive.store.list("")} == before
    assert left.exists()
    found = one(archive)
    assert (found.deleted, found.temporary) == ((1, 12), (1, 4))
    assert not left.exists()


def test_a_file_that_a_writer_is_about_to_name_stays(archive: Archive) -> None:
    doomed(archive)
    now, lock = (Path(archive.location, ".tmp", name) for name in ("0" * 32, "create.lock"))
    for path in (now, lock):
        path.write_bytes(b"")
    os.utime(lock, (1, 1))
    one(archive)
    assert now.exists()
    assert lock.exists()


def test_only_blobs_and_its_own_records_are_ever_deleted(archive: Archive) -> None:
    doomed(archive)
    archive.store.put("notes.txt", b"mine")
    rest = {entry.key for entry in archive.store.list("")} - {*keys(archive.store, "blob")}
    rest -= {*keys(archive.store, "cycle")}
    for _ in range(4):
        later(archive, DAY + 1)
        one(archive)
        assert len(keys(archive.store, "cycle")) <= 2
    assert rest <= {entry.key for entry in archive.store.list("")}


def test_a_damaged_record_of_a_collection_counts_for_nothing(archive: Archive) -> None:
    doomed(archive)
    for cycle in keys(archive.store, "cycle"):
        archive.store.put(cycle, b"{}")
        age(archive, 2 * DAY, of=lambda key, cycle=cycle: key == cycle)  # type: ignore[misc]
    found = one(archive)
    assert (found.deleted, found.waiting, found.obstacles) == ((0, 0), (1, 12), [])


def test_one_that_was_killed_while_it_deleted_is_taken_up_by_the_next(archive: Archive) -> None:
    ended(archive)
    for number in range(30):
        orphan(archive, f"nobody's {number}")
    later(archive)
    one(archive)
    later(archive, DAY + 1)

    def die() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        collect(Archive(Interfering(archive.store, "delete", layout.BLOBS, die)))
    later(archive, DAY + 1)
    one(archive)
    assert check(archive, deep=True).orphans == (0, 0)
    assert check(archive, deep=True).findings == []


def test_jobs_that_are_written_meanwhile_lose_nothing(archive: Archive) -> None:
    for number in range(20):
        orphan(archive, f"nobody's {number}")
    later(archive)
    one(archive)
    later(archive, DAY + 1)
    stop = threading.Event()
    written = []

    def write() -> None:
        while not stop.is_set() or not written:
            written.append(ended(archive, f"job-{len(written)}").job_id)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        found = [one(archive, minimum_interval=0) for _ in range(5)]
    finally:
        stop.set()
        writer.join()
    assert sum(one.deleted[0] for one in found) == 20
    assert check(archive, deep=True).findings == []


def test_a_cache_of_its_own_is_collected_by_its_own_entries(tmp_path: Path) -> None:
    archive = open_archive(str(tmp_path / "archive"), cache=str(tmp_path / "cache"))
    ended(archive)
    entry = cached(archive, "value of job")  # which the job has, too
    alone = Archive(archive.cache_store)
    collect(archive)
    for place in (archive, alone):
        later(place)
    jobs, cache = collect(archive)
    assert (jobs.waiting, cache.waiting, jobs.obstacles, cache.obstacles) == ((0, 0), (0, 0), [], [])
    archive.cache_store.delete(layout.cached(CACHE_KEY))
    for _ in range(2):
        jobs, cache = collect(archive)
        for place in (archive, alone):
            later(place, DAY + 1)
    assert (jobs.deleted, cache.deleted) == ((0, 0), (4, 96))  # with what explains it
    assert archive.store.head(blob_of(entry.value))


def test_it_works_on_every_store(store: Store) -> None:
    archive = Archive(store)
    ended(archive)
    lost = orphan(archive)
    first = one(archive, grace=0, minimum_interval=0)
    assert (first.deleted, first.waiting) == ((0, 0), (1, 12))
    assert one(archive, grace=0, minimum_interval=0).deleted == (1, 12)
    assert lost not in keys(store, "blob")
    assert check(archive, deep=True).findings == []


def test_more_than_a_listing_holds_is_collected(tmp_path: Path) -> None:
    archive = open_archive(str(tmp_path / "archive"))
    ended(archive)
    for number in range(1100):
        orphan(archive, f"nobody's {number}")
    assert one(archive, grace=0, minimum_interval=0).waiting[0] == 1100
    assert one(archive, grace=0, minimum_interval=0).deleted[0] == 1100


def test_what_is_no_archive_is_left_alone(archive: Archive) -> None:
    archive.blobs.put(b"whose?")
    later(archive)
    assert "foundations.json" in one(archive).obstacles[0]
    archive.store.put(layout.DESCRIPTOR, json.dumps({"format": 9, "min_reader": 9}).encode())
    with pytest.raises(NewerFormat):
        collect(archive)
    assert len(keys(archive.store, "blob")) == 1


def test_an_empty_place_has_nothing_to_collect(archive: Archive) -> None:
    found = one(archive)
    assert (found.blobs, found.obstacles) == ((0, 0), [])
    assert list(archive.store.list("")) == []
