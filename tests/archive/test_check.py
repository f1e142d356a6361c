"""Checking and mending an archive: all that is wrong is found, and what can't be made anew is left alone."""

import os
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from foundations_archive import ArchiveError, DirectoryStore, Store, layout
from foundations_archive.archive import Archive, new_attempt, open_archive
from foundations_archive.cancellation import request_cancellation
from foundations_archive.envelope import seal, unseal
from foundations_archive.errors import ArchiveUnreachable, NewerFormat
from foundations_archive.expected_entries import write_expected
from foundations_archive.groups import grouped
from foundations_archive.hiding import hide
from foundations_archive.leases import Leases
from foundations_archive.manifest import BundleFile, Manifest
from foundations_archive.packing import compact
from foundations_archive.packs import Pack, unpacked
from foundations_archive.records import Artifact, Buffer, CacheEntry, Value
from foundations_archive.signing import SigningKey
from foundations_archive.upkeep.check import check
from foundations_archive.upkeep.repair import repair
from tests.archive.archives import CACHE_KEY, age, blob_of, cached, ended, found, key, keys, started, submitted

DAY = 86400.0


@pytest.fixture
def archive(store: Store) -> Archive:
    """An empty archive on each kind of store."""
    return Archive(store)


@pytest.fixture
def directory(tmp_path: Path) -> Archive:
    return open_archive(str(tmp_path / "archive"))


def mended(archive: Archive, *, deep: bool = False) -> dict[str, str]:
    """What is left after a repair."""
    assert [one.fault for one in repair(archive, check(archive, deep=deep).findings) if one.fault] == []
    return found(check(archive, deep=True))


def objects(archive: Archive, *kinds: str) -> dict[str, bytes]:
    return {key: archive.store.get(key) for kind in kinds for key in keys(archive.store, kind)}


def flipped(data: bytes) -> bytes:
    place = len(data) // 2
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def life(archive: Archive) -> None:
    """Leave one of every kind of object: jobs in every state, a cache entry, a hidden job, a collection's record."""
    ended(archive)
    ended(archive, "odd", project="Grüße / ..")
    spec, _, record = started(archive, "watched")
    archive.finish(spec, record, attempt=new_attempt(), watcher=True)
    started(archive, "running")
    request_cancellation(archive, submitted(archive, "cancelled"))
    submitted(archive, "queued")
    cached(archive)
    hide(archive, archive.spec("odd"))
    write_expected(archive, "ab" * 32, archive.spec("queued"), {"1": CACHE_KEY})
    archive.store.put(layout.cycle("0001-ab"), seal("cycle", {"blobs": []}))
    Leases(archive.store, "cache").take(CACHE_KEY, {"job": "job"})
    compact(archive)


@pytest.mark.parametrize("deep", [False, True])
def test_an_archive_of_jobs_in_every_state_is_well(archive: Archive, deep: bool) -> None:
    life(archive)
    report = check(archive, deep=deep)
    assert (found(report), report.status, report.orphans) == ({}, 0, (0, 0))
    kinds = {kind for kind, count in report.counts.items() if count}
    assert kinds == set(layout.KINDS)


def test_an_entry_whose_explanation_is_gone_is_kept_and_told_of(tmp_path: Path) -> None:
    archive = open_archive(str(tmp_path / "archive"), cache=str(tmp_path / "cache"))
    gone, damaged, _ = map(layout.blob, cached(archive).explanation)
    archive.cache_store.delete(gone)
    archive.cache_store.put(damaged, archive.cache_store.get(damaged)[:-1])
    report = check(archive, deep=True)
    assert found(report) == {gone: "warning", damaged: "warning"}
    assert all("a part of why a stage was computed" in one.what for one in report.findings)
    assert mended(archive, deep=True) == {gone: "warning", damaged: "warning"}
    assert archive.cached(CACHE_KEY)


def test_an_archive_with_a_cache_of_its_own_is_well(tmp_path: Path) -> None:
    archive = open_archive(str(tmp_path / "archive"), cache=str(tmp_path / "cache"))
    ended(archive)
    entry = cached(archive)
    assert found(check(archive, deep=True)) == {}
    blob = blob_of(entry.value)
    archive.cache_store.delete(blob)
    report = check(archive)
    assert found(report) == {layout.cached(CACHE_KEY): "warning"}
    repair(archive, report.findings)
    assert archive.cached(CACHE_KEY) is None
    assert found(check(archive, deep=True)) == {}


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "flipped": flipped,
    "truncated": lambda data: data[: len(data) // 2],
    "empty": lambda _: b"",
    "longer": lambda data: data + b"x",
    "bomb": lambda _: b"FZ1" + zlib.compress(b"0" * 100_000),
    "deep": lambda _: b"[" * 100_000,
    "other json": lambda _: b'{"format": 1, "kind": [], "nonce": 1, "sha256": {}, "body": null}',
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_to_any_object_is_found_and_never_stops_a_check(directory: Archive, damage: str) -> None:
    life(directory)
    for entry in list(directory.store.list("")):
        if (layout.kind_of(entry.key), damage) == ("descriptor", "flipped"):
            continue  # plain JSON for people, without a digest: another id is as good as this one
        whole = directory.store.get(entry.key)
        directory.store.put(entry.key, DAMAGES[damage](whole))
        report = check(directory, deep=True)
        assert report.status or layout.kind_of(entry.key) in ("marker", "lease"), entry.key
        assert entry.key in str(report.findings), entry.key
        directory.store.put(entry.key, whole)
    assert found(check(directory, deep=True)) == {}


# what is rightly not there: the request, markers (they make a job Lost), what is made anew or is there twice, hiding,
# leases, guesses
DELETABLE = {"cancel", "marker", "cache", "lease", "cycle", "hidden", "pack", "expected"}


def test_the_loss_of_any_object_is_found(directory: Archive) -> None:
    life(directory)
    pack = key(directory.store, "pack")
    twice = unpacked(directory.store.get(pack), pack).replaces
    for entry in list(directory.store.list("")):
        if entry.key == layout.spec("queued") or (entry.key.startswith("jobs/running/") and "/ev/" in entry.key):
            continue  # a driver that died before it wrote it, a courier that had no time for its last segment
        whole = directory.store.get(entry.key)
        directory.store.delete(entry.key)
        report = check(directory, deep=True)
        assert report.status or entry.key in twice or layout.kind_of(entry.key) in DELETABLE, entry.key
        directory.store.put(entry.key, whole)
    assert found(check(directory)) == {}


@pytest.mark.parametrize("kind", ["spec", "start", "segment", "done", "blob"])
def test_what_can_not_be_made_anew_is_damage_that_a_repair_leaves_alone(archive: Archive, kind: str) -> None:
    ended(archive)
    lost = key(archive.store, kind)
    archive.store.delete(lost)
    before = objects(archive, "spec", "start", "segment", "done", "blob")
    report = check(archive)
    assert report.status == 2
    assert lost in str(report.findings)
    repair(archive, report.findings)
    assert objects(archive, "spec", "start", "segment", "done", "blob") == before
    assert check(archive).status == 2


def test_a_blob_that_two_jobs_share_is_told_once(archive: Archive) -> None:
    for job_id in ("one", "two"):
        spec = submitted(archive, "same") if job_id == "one" else archive.spec("same")
    lost = blob_of(spec.graph)
    archive.store.delete(lost)
    assert [finding.key for finding in check(archive).findings] == [lost]


def test_a_blob_of_another_size_is_found_without_reading_it(archive: Archive) -> None:
    spec = ended(archive)
    lost = blob_of(spec.graph)
    archive.store.put(lost, archive.store.get(lost)[:-1])
    assert found(check(archive)) == {lost: "damage"}


def test_the_index_can_be_deleted_and_made_anew(archive: Archive) -> None:
    life(archive)
    rows, before = objects(archive, "row"), archive.rows()
    for lost in (*rows, *keys(archive.store, "pack")):
        archive.store.delete(lost)
    assert set(found(check(archive)).values()) == {"warning"}
    assert mended(archive) == {}
    assert archive.rows() == before
    assert {row: unseal("row", data, row) for row, data in objects(archive, "row").items()} == {
        row: unseal("row", data, row) for row, data in rows.items()
    }


def test_a_row_that_says_other_than_the_job_is_written_anew(archive: Archive) -> None:
    ended(archive)
    row = key(archive.store, "row")
    body = unseal("row", archive.store.get(row), row)
    archive.store.put(row, seal("row", {**body, "status": "Failed"}))
    assert found(check(archive)) == {row: "warning"}
    assert mended(archive) == {}
    assert [one["status"] for one in archive.rows()] == ["Completed"]


def packed(archive: Archive) -> str:
    """Three jobs whose rows are in a pack alone."""
    for job_id in ("one", "two", "three"):
        ended(archive, job_id)
    compact(archive)
    for row in keys(archive.store, "row"):
        archive.store.delete(row)
    (pack,) = keys(archive.store, "pack")
    return pack


def test_rows_that_are_in_a_pack_alone_are_well(archive: Archive) -> None:
    packed(archive)
    assert found(check(archive, deep=True)) == {}


@pytest.mark.parametrize("damage", [flipped, lambda data: b"", lambda data: data[:-5]])
def test_a_damaged_pack_is_replaced_by_its_rows(archive: Archive, damage: Callable[[bytes], bytes]) -> None:
    pack = packed(archive)
    before = archive.rows()
    archive.store.put(pack, damage(archive.store.get(pack)))
    assert set(found(check(archive)).values()) == {"warning"}
    assert pack in found(check(archive))
    assert mended(archive) == {}
    assert archive.rows() == before
    assert keys(archive.store, "pack") == []


def test_a_row_in_a_pack_that_says_other_than_its_job_costs_the_pack(archive: Archive) -> None:
    pack = packed(archive)
    before = archive.rows()
    whole = unpacked(archive.store.get(pack), pack)
    rows = [{**row, "status": "Failed"} for group in whole.groups for row in group.rows()]
    wrong = Pack.of(grouped(rows)[0], whole.replaces)
    archive.store.delete(pack)
    pack = layout.pack(pack, wrong.name)
    archive.store.put(pack, wrong.packed())
    assert found(check(archive)) == {pack: "warning"}
    assert mended(archive) == {}
    assert archive.rows() == before


def test_rows_that_are_packed_while_they_are_looked_at_are_well(archive: Archive) -> None:
    def pack() -> None:
        compact(archive)
        for row in keys(archive.store, "row"):
            archive.store.delete(row)

    for job_id in ("one", "two"):
        ended(archive, job_id)
    assert found(check(Archive(Meanwhile(archive.store, pack)), deep=True)) == {}


def test_the_row_of_a_job_that_is_gone_stays_and_is_damage(archive: Archive) -> None:
    ended(archive)
    for lost in objects(archive, "spec", "start", "segment", "done"):
        archive.store.delete(lost)
    assert found(check(archive)) == {layout.spec("job"): "damage"}
    assert mended(archive) == {layout.spec("job"): "damage"}
    assert keys(archive.store, "row")


def test_the_row_of_a_courier_is_missed_where_only_that_of_a_watcher_is_there(archive: Archive) -> None:
    spec, attempt, record = started(archive)
    archive.finish(spec, record, attempt=new_attempt(), watcher=True)
    archive.finish(spec, record, attempt=attempt)
    archive.store.delete(layout.row("demo", "job"))
    assert found(check(archive)) == {layout.row("demo", "job"): "warning"}
    assert mended(archive) == {}


def test_the_marker_of_a_job_that_has_ended_is_deleted(archive: Archive) -> None:
    spec = ended(archive)
    archive.heartbeat(spec.project, spec.job_id)
    assert found(check(archive)) == {layout.live("demo", "job"): "warning"}
    assert mended(archive) == {}
    assert keys(archive.store, "marker") == []


def test_a_marker_without_a_spec_is_deleted_after_an_hour(directory: Archive) -> None:
    directory.check()
    directory.heartbeat("demo", "job")
    assert mended(directory) == {}
    assert keys(directory.store, "marker")
    age(directory, 3700)
    assert found(check(directory)) == {layout.live("demo", "job"): "warning"}
    assert mended(directory) == {}
    assert keys(directory.store, "marker") == []


def test_a_job_that_is_lost_is_sealed_after_a_day_and_a_late_success_still_counts(directory: Archive) -> None:
    spec, attempt, record = started(directory)
    age(directory, 3700)
    assert found(check(directory)) == {layout.spec("job"): "note"}
    assert mended(directory) == {layout.spec("job"): "note"}
    age(directory, DAY + 60)
    assert found(check(directory)) == {layout.spec("job"): "warning"}
    assert mended(directory) == {}
    assert directory.state(spec) == "Lost"
    assert [row["status"] for row in directory.rows()] == ["Lost"]
    assert keys(directory.store, "post")
    assert directory.record(spec).stages[0].value == record.stages[0].value
    directory.finish(spec, record, attempt=attempt)
    assert [row["status"] for row in directory.rows()] == ["Completed"]
    assert found(check(directory, deep=True)) == {}


def test_a_job_that_has_come_back_since_it_was_found_lost_is_not_sealed(directory: Archive) -> None:
    spec, _, _ = started(directory)
    age(directory, DAY + 60)
    report = check(directory)
    directory.heartbeat(spec.project, spec.job_id)
    repair(directory, report.findings)
    assert directory.state(spec) == "Running"


@pytest.mark.parametrize("lost", ["value", "entry"])
def test_a_cache_entry_that_can_not_be_used_is_deleted(archive: Archive, lost: str) -> None:
    entry = cached(archive)
    if lost == "value":
        archive.store.delete(blob_of(entry.value))
    else:
        archive.store.put(layout.cached(CACHE_KEY), b"{}")
    assert found(check(archive)) == {layout.cached(CACHE_KEY): "warning"}
    assert mended(archive) == {}
    assert archive.cached(CACHE_KEY) is None


@pytest.mark.parametrize("kind", ["value", "artifact"])
def test_all_entries_that_name_a_damaged_blob_are_mended_at_once(archive: Archive, kind: str) -> None:
    blob = archive.cache_blobs.put(b"shared")
    tree = Manifest((BundleFile("a", blob, 6, 0o644),), ())
    manifest = archive.cache_blobs.put(tree.to_bytes())
    value = Value("pickle5", (Buffer(6, (blob,)),)) if kind == "value" else Value("json", inline="1")
    artifacts = () if kind == "value" else (Artifact("a", manifest, 6, 1, folder=False, time=1.0),)
    others = [digit * 64 for digit in "abc"]
    archive.check()
    for number, one in enumerate(others):
        archive.keep(one, CacheEntry(value, f"job-{number}", "1", 1.0, artifacts=artifacts))
    assert found(check(archive, deep=True)) == {}
    archive.cache_store.put(layout.blob(blob), archive.cache_store.get(layout.blob(blob))[:-1])
    assert found(check(archive, deep=True)) == dict.fromkeys(map(layout.cached, others), "warning")
    repair(archive, check(archive, deep=True).findings)
    left = check(archive, deep=True).findings
    assert [(one.key, one.mend) for one in left] == [(layout.blob(blob), None)]  # which gc deletes
    assert not any(map(archive.cached, others))


def test_segments_that_were_exchanged_are_found(archive: Archive) -> None:
    ended(archive)
    ended(archive, "other")
    mine, others = key(archive.store, "segment", 1), key(archive.store, "segment", 3)
    data = archive.store.get(mine)
    archive.store.put(mine, archive.store.get(others))
    assert found(check(archive)) == {}
    assert found(check(archive, deep=True))[mine] == "damage"
    archive.store.put(mine, data)
    first = key(archive.store, "segment", 0)
    body = unseal("events", archive.store.get(first), first)
    other = [{**event, "time": 9.0} for event in body["events"]]
    archive.store.put(first, seal("events", {**body, "events": other}))
    assert found(check(archive, deep=True)) == {mine: "damage"}


def test_a_last_segment_that_is_missing_is_found(archive: Archive) -> None:
    ended(archive)
    archive.store.delete(key(archive.store, "segment", 1))
    assert found(check(archive)) == {key(archive.store, "done"): "damage"}


def test_orphans_are_counted_and_are_no_fault(archive: Archive) -> None:
    archive.check()
    archive.blobs.put(b"nobody's")
    report = check(archive, deep=True)
    assert (report.status, report.orphans) == (0, (1, 8))
    orphan = key(archive.store, "blob")
    archive.store.put(orphan, b"FB1\0somebody")
    assert found(check(archive, deep=True)) == {orphan: "warning"}


def test_what_is_none_of_ours_is_named_and_left_alone(archive: Archive) -> None:
    ended(archive)
    strange = ["README", "blobs/ab/readme", "jobs/job/note.txt", "new/thing"]
    for name in strange:
        archive.store.put(name, b"x")
    report = check(archive, deep=True)
    assert (found(report), report.status) == (dict.fromkeys(strange, "note"), 0)
    assert mended(archive) == dict.fromkeys(strange, "note")


def test_the_files_of_writers_that_were_killed_are_told_of(directory: Archive) -> None:
    ended(directory)
    left = Path(directory.location, ".tmp", "0" * 32)
    left.write_bytes(b"half")
    assert found(check(directory)) == {}
    os.utime(left, (1, 1))
    assert found(check(directory)) == {".tmp": "note"}


def test_a_descriptor_that_is_gone_is_written_anew(archive: Archive) -> None:
    ended(archive)
    archive.store.delete(layout.DESCRIPTOR)
    assert found(check(archive)) == {layout.DESCRIPTOR: "warning"}
    assert mended(archive) == {}


def test_an_archive_of_a_later_format_is_refused(archive: Archive) -> None:
    archive.store.put(layout.DESCRIPTOR, b'{"format": 9, "min_reader": 9, "archive_id": "x"}')
    with pytest.raises(NewerFormat, match="upgrade foundations"):
        check(archive)


def test_a_check_writes_nothing(directory: Archive) -> None:
    life(directory)
    directory.store.delete(key(directory.store, "row"))
    before = {entry.key: directory.store.get(entry.key) for entry in directory.store.list("")}
    check(directory, deep=True)
    assert {entry.key: directory.store.get(entry.key) for entry in directory.store.list("")} == before


class Meanwhile:
    """A store in which something happens right after it was listed."""

    def __init__(self, store: Store, happen: Callable[[], Any]) -> None:
        self._store, self._happen = store, happen

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def list(self, prefix: str) -> Any:
        found = list(self._store.list(prefix))
        happen, self._happen = self._happen, lambda: None
        happen()
        return iter(found)


def test_a_job_that_ends_while_it_is_looked_at_is_well(archive: Archive) -> None:
    spec, attempt, record = started(archive)

    def end() -> None:
        archive.finish(spec, record, attempt=attempt)
        started(archive, "next")

    assert found(check(Archive(Meanwhile(archive.store, end)), deep=True)) == {}


class Broken:
    """A store that lists and then is gone, for some keys or all."""

    def __init__(self, store: Store, part: str) -> None:
        self._store, self._part = store, part
        self.location = store.location

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def get(self, key: str) -> bytes:
        if self._part in key and key != layout.DESCRIPTOR:
            raise ArchiveUnreachable("input/output error", key=key)
        return self._store.get(key)


def test_a_disk_that_can_not_read_one_object_is_damage_there(directory: Archive) -> None:
    ended(directory)
    ended(directory, "other")
    report = check(Archive(Broken(directory.store, "jobs/other/spec")))
    assert found(report)[layout.spec("other")] == "damage"


def test_a_store_that_is_gone_is_an_error_and_not_a_thousand_findings(directory: Archive) -> None:
    for number in range(30):
        submitted(directory, f"job-{number}")
    with pytest.raises(ArchiveError, match="input/output error"):
        check(Archive(Broken(directory.store, "")))


def test_one_fault_that_can_not_be_mended_stops_none_of_the_others(directory: Archive) -> None:
    for job_id in ("one", "two"):
        directory.heartbeat("demo", ended(directory, job_id).job_id)
    findings = check(directory).findings

    class Refusing:
        def __getattr__(self, name: str) -> Any:
            return getattr(directory.store, name)

        def delete(self, key: str) -> None:
            if key.endswith("one"):
                raise ArchiveUnreachable("no", key=key)
            directory.store.delete(key)

    outcomes = repair(Archive(Refusing()), findings)
    assert [one.fault for one in outcomes] == ["no", None]


def test_many_keys_are_checked_in_one_listing(tmp_path: Path) -> None:
    listings = []

    class Counting(DirectoryStore):
        def list(self, prefix: str) -> Any:
            listings.append(prefix)
            return super().list(prefix)

    archive = Archive(Counting(tmp_path / "archive"))
    ended(archive)
    for number in range(1100):
        archive.store.put(layout.hidden("demo", f"job-{number}"), seal("hidden", {}))
    listings.clear()
    assert check(archive).counts["hidden"] == 1100
    assert listings == [""]


def test_a_marker_stays_while_the_row_can_not_be_written(tmp_path: Path) -> None:
    class Away(DirectoryStore):
        """A directory that can't be written to where rows are."""

        def put(self, key: str, data: bytes | bytearray | memoryview) -> None:
            if key.startswith(layout.ROWS):
                raise ArchiveUnreachable("the archive is away", key=key)
            super().put(key, data)

    archive = Archive(DirectoryStore(tmp_path))
    spec = ended(archive, "job")
    archive.store.delete(layout.row(spec.project, "job"))
    archive.heartbeat(spec.project, "job")
    findings = check(archive).findings
    assert {finding.mend for finding in findings} >= {"row", "marker"}
    outcomes = repair(Archive(Away(tmp_path)), findings)
    assert all(one.fault for one in outcomes if one.finding.mend in ("row", "marker"))
    assert archive.job_ids() == ["job"]
    repair(archive, findings)
    assert archive.job_ids() == ["job"]
    assert list(archive.store.list(layout.LIVE)) == []


def test_a_check_with_a_signing_key_warns_of_what_is_not_signed_with_it(tmp_path: Path) -> None:
    store, ours, theirs = DirectoryStore(tmp_path / "archive"), SigningKey((b"a" * 32,)), SigningKey((b"b" * 32,))
    ended(Archive(store, signing=ours), "signed")
    assert found(check(Archive(store, signing=ours), deep=True)) == {}
    ended(Archive(store), "unsigned")
    ended(Archive(store, signing=theirs), "strange")
    report = check(Archive(store, signing=ours))
    told = {(finding.key.split("/")[1], finding.severity) for finding in report.findings}
    # jobs of before the key will never have a signature, and must not fail every check
    assert (told, report.status) == ({("unsigned", "note"), ("strange", "warning")}, 1)
    assert all("not to be trusted" in finding.what for finding in report.findings)
    assert {key.rpartition("/")[2] for key in found(report)} == {"spec.json", "done.json"}
    assert found(check(Archive(store), deep=True)) == {}  # who has no key leaves signatures alone
