"""Which jobs there are, read from rows, packs and markers, whatever is missing, damaged or on the move."""

import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from foundations_archive import ArchiveUnreachable, DirectoryStore, S3Settings, S3Store, layout
from foundations_archive.archive import Archive
from foundations_archive.damage import ArchiveWarning, rebuilt_row
from foundations_archive.envelope import seal
from foundations_archive.groups import grouped, merged
from foundations_archive.hiding import hide
from foundations_archive.packs import Pack
from tests.archive.conftest import MakeBucket
from tests.archive.counted import CountedStore
from tests.archive.index_rows import a_record, a_row, a_spec, end_jobs

PACKED = "idx/demo/s/"


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(CountedStore(DirectoryStore(tmp_path / "archive")))


def counted(archive: Archive) -> CountedStore:
    assert isinstance(archive.store, CountedStore)
    return archive.store


def pack_rows(archive: Archive, jobs: Sequence[str], *, also: Sequence[str] = (), swept: bool = False) -> str:
    """Write the pack of the rows of jobs, which replaces these rows and what else is named."""
    rows = [row for row in archive.rows("demo") if row["job_id"] in jobs]
    keys = [layout.row("demo", row["job_id"], watcher=layout.is_by_watcher(row["sealed"])) for row in rows]
    pack = Pack.of(merged(grouped(rows)[0]), frozenset([*keys, *also]))
    key = layout.pack(keys[0], pack.name)
    archive.store.put(key, pack.packed())
    for one in [*keys, *also] if swept else ():
        archive.store.delete(one)
    counted(archive).requests.clear()
    counted(archive).keys.clear()
    return key


def shown(archive: Archive, project: str | None = "demo") -> dict[str, Any]:
    """What is said of each job, the same whichever way one asks."""
    rows = archive.rows(project)
    ids = [row["job_id"] for row in rows]
    assert len(set(ids)) == len(ids)
    assert rows == sorted(rows, key=lambda row: (row["created"], row["job_id"]))
    assert [spec.job_id for spec, _ in archive.jobs(project)] == ids
    assert sorted(archive.job_ids(project)) == sorted(ids)
    assert sum(len(group.jobs) for group in archive.table(project).all_groups()) == len(ids)
    return {row["job_id"]: row["status"] for row in rows}


@pytest.mark.parametrize("swept", [False, True])
def test_packed_and_unpacked_jobs_are_read_alike(archive: Archive, swept: bool) -> None:
    jobs = end_jobs(archive, 12)
    before = archive.rows()
    pack_rows(archive, jobs[2:], swept=swept)
    assert shown(archive) == dict.fromkeys(jobs, "Completed")
    assert archive.rows() == before
    assert archive.projects() == ["demo"]


def test_what_a_pack_has_is_not_read_beside_it(archive: Archive) -> None:
    jobs = end_jobs(archive, 12)
    first = pack_rows(archive, jobs[:4])
    second = pack_rows(archive, jobs[:10], also=[first])
    assert len(archive.rows("demo")) == 12
    read = [key for verb, key in counted(archive).keys if verb == "get"]
    assert second in read
    assert set(read) <= {first, second, layout.row("demo", jobs[10]), layout.row("demo", jobs[11])}


def test_packs_that_overlap_show_each_job_once(archive: Archive) -> None:
    jobs = end_jobs(archive, 12)
    pack_rows(archive, jobs[:8])
    pack_rows(archive, jobs[4:], swept=True)
    assert shown(archive) == dict.fromkeys(jobs, "Completed")


def test_a_couriers_row_counts_wherever_it_is(archive: Archive) -> None:
    (job_id,) = end_jobs(archive, 1, watcher=True)
    others = end_jobs(archive, 9, start=1)
    assert shown(archive)[job_id] == "Lost"
    pack_rows(archive, [job_id, *others], swept=True)
    assert shown(archive)[job_id] == "Lost"
    archive.finish(a_spec(job_id, created=0.0), a_record(job_id, {}), attempt="2")
    assert shown(archive)[job_id] == "Completed"
    late = Pack.of(merged(grouped([row for row in archive.rows() if row["job_id"] == job_id])[0]), frozenset())
    archive.store.put(layout.pack(layout.row("demo", job_id), late.name), late.packed())
    archive.store.delete(layout.row("demo", job_id))
    assert shown(archive)[job_id] == "Completed"


def test_a_row_counts_before_a_marker_and_hidden_jobs_do_not_show(archive: Archive) -> None:
    jobs = end_jobs(archive, 10)
    pack_rows(archive, jobs[:8], swept=True)
    archive.heartbeat("demo", jobs[0])
    archive.submit(a_spec("waiting", created=99.0))
    archive.heartbeat("demo", "driver-died")
    for job_id in (jobs[1], jobs[9]):
        hide(archive, a_spec(job_id))
    expected = {**dict.fromkeys(jobs, "Completed"), "waiting": "Queued"}
    del expected[jobs[1]], expected[jobs[9]]
    assert {row["job_id"]: row["status"] for row in archive.rows()} == expected
    assert {spec.job_id for spec, _ in archive.jobs()} == expected.keys()
    assert {spec.job_id for spec, _ in archive.jobs(hidden=True)} == {*jobs, "waiting"}
    assert jobs[1] in archive.job_ids("demo", hidden=True)
    assert jobs[1] not in archive.job_ids("demo")


def test_jobs_of_a_project_are_apart_from_those_of_others_of_any_name(archive: Archive) -> None:
    names = ["demo", "x-demo", "Demo/..", "ü" * 500]
    for number, name in enumerate(names):
        end_jobs(archive, 1, project=name, start=number)
    assert archive.projects() == sorted(names)
    for number, name in enumerate(names):
        assert [row["job_id"] for row in archive.rows(name)] == [f"job-{number:05d}"]


def test_what_moved_between_listing_and_reading_is_found_where_it_went(archive: Archive) -> None:
    jobs = end_jobs(archive, 12)
    rows = archive.rows()
    moves = [jobs[:6], jobs[6:]]
    store = counted(archive)

    def move(verb: str, key: str) -> None:
        # just before the first read of a row it and others are packed, and gone
        if verb == "get" and layout.is_row(key) and moves:
            moved = moves.pop()
            pack = Pack.of(merged(grouped([row for row in rows if row["job_id"] in moved])[0]), frozenset())
            store.put(layout.pack(key, pack.name), pack.packed())
            for job_id in moved:
                store.delete(layout.row("demo", job_id))

    store.before = move
    assert archive.rows() == rows
    assert moves == []


def test_a_listing_that_stays_behind_costs_a_warning_and_no_job(archive: Archive) -> None:
    jobs = end_jobs(archive, 5)
    rows = archive.rows()
    listed = list(archive.store.list("idx/"))
    archive.store.delete(layout.row("demo", jobs[2]))
    store = counted(archive)
    real = store.list
    store.list = lambda prefix: iter(listed) if prefix == "idx/demo/" else real(prefix)  # type: ignore[method-assign]
    with pytest.warns(ArchiveWarning, match=r"idx/demo/t/job-00002 .* 1 of its jobs were read from their own records"):
        assert archive.rows("demo") == rows
    assert store.requests["get"] < 100


@pytest.mark.parametrize("damage", ["truncated", "flipped", "emptied", "of another job", "not a row"])
def test_a_damaged_row_is_made_anew(archive: Archive, damage: str) -> None:
    jobs = end_jobs(archive, 3)
    rows = archive.rows()
    key = layout.row("demo", jobs[1])
    data = archive.store.get(key)
    spoiled = {
        "truncated": data[:-9],
        "flipped": data.replace(b"Completed", b"Cancelled"),
        "emptied": b"",
        "of another job": archive.store.get(layout.row("demo", jobs[0])),
        "not a row": seal("row", {"job_id": jobs[1], "metrics": 3}),
    }
    archive.store.put(key, spoiled[damage])
    with pytest.warns(ArchiveWarning, match=r"t/job-00001 .*is damaged; 1 of its jobs .*; run foundations"):
        assert archive.rows() == rows


def test_a_damaged_row_of_a_damaged_job_hides_no_other(archive: Archive) -> None:
    jobs = end_jobs(archive, 3)
    archive.store.put(layout.row("demo", jobs[1]), b"no row")
    archive.store.put(layout.spec(jobs[1]), b"no spec")
    with pytest.warns(ArchiveWarning, match="1 could not be and are missing here"):
        assert [row["job_id"] for row in archive.rows()] == [jobs[0], jobs[2]]
    assert rebuilt_row(archive, jobs[1]) is None


@pytest.mark.parametrize("swept", [False, True])
def test_the_jobs_of_a_damaged_pack_are_read_from_what_there_is(archive: Archive, swept: bool) -> None:
    jobs = end_jobs(archive, 20)
    rows = archive.rows()
    key = pack_rows(archive, jobs[:15], swept=swept)
    archive.store.put(key, archive.store.get(key)[:-5])
    said = "15 of its jobs were read from their own records" if swept else "no job is missing for that"
    with pytest.warns(
        ArchiveWarning, match=rf"{key} in the archive at .* is damaged; {said}; run foundations archive check"
    ):
        assert archive.rows() == rows
    with pytest.warns(ArchiveWarning):
        assert [spec.job_id for spec, _ in archive.jobs()] == jobs


def test_a_pack_that_tells_nothing_any_more_is_named_and_hides_no_other_job(archive: Archive) -> None:
    jobs = end_jobs(archive, 20)
    key = pack_rows(archive, jobs[:15], swept=True)
    archive.store.put(key, b"\0" * 4000)
    with pytest.warns(ArchiveWarning, match=rf"{key} .*which jobs it had can't be told.*check --repair"):
        assert [row["job_id"] for row in archive.rows()] == jobs[15:]


def test_a_damaged_pack_that_another_one_replaces_is_of_no_account(archive: Archive) -> None:
    jobs = end_jobs(archive, 20)
    first = pack_rows(archive, jobs[:15], swept=True)
    pack_rows(archive, jobs, also=[first])
    archive.store.put(first, b"")
    assert shown(archive) == dict.fromkeys(jobs, "Completed")


def test_a_damaged_live_job_hides_no_other(archive: Archive) -> None:
    jobs = end_jobs(archive, 2)
    archive.submit(a_spec("live", created=9.0))
    archive.start("live", "1", {})
    archive.store.put(layout.segment("live", "1", 0), b"no segment")
    with pytest.warns(ArchiveWarning, match="left out: .*live"):
        assert [row["job_id"] for row in archive.rows()] == jobs
    with pytest.warns(ArchiveWarning, match="left out: .*live"):
        assert [spec.job_id for spec, _ in archive.jobs()] == jobs


def test_a_store_that_does_not_answer_is_no_damage(archive: Archive) -> None:
    end_jobs(archive, 2)

    def fail(verb: str, key: str) -> None:
        if verb == "get":
            raise ArchiveUnreachable("gone")

    counted(archive).before = fail
    with pytest.raises(ArchiveUnreachable):
        archive.rows()


def test_rows_of_an_unusual_job_are_what_they_were(archive: Archive) -> None:
    spec = a_spec("job", parameters={"rate": {"$float": "nan"}, "deep": [{"a": [None]}]}, tags={"ü": "\ud800"})
    archive.submit(spec)
    record = a_record("job", {"loss": [1, 1.0, True, None, {"$float": "-inf"}], "large": [2**80], "none": []})
    archive.finish(spec, record, attempt="1")
    end_jobs(archive, 9)
    before = archive.rows()
    pack_rows(archive, archive.job_ids(), swept=True)
    assert archive.rows() == before
    (row,) = (row for row in before if row["job_id"] == "job")
    (again,) = (row for row in archive.rows() if row["job_id"] == "job")
    assert repr(again["metrics"]) == repr(row["metrics"])
    assert rebuilt_row(archive, "job") == row


def many_packs(archive: Archive, *, packs: int, tail: int) -> int:
    """Write an index of packs of halving sizes and a tail, as packing leaves it, without the jobs behind it."""
    start = 0
    for size in [64 * 2**number for number in reversed(range(packs))]:
        rows = [a_row(f"job-{number:06d}", created=float(number), loss=0.5) for number in range(start, start + size)]
        pack = Pack.of(merged(grouped(rows)[0]), frozenset())
        archive.store.put(layout.pack("idx/demo/t/job", pack.name), pack.packed())
        start += size
    for number in range(start, start + tail):
        row = a_row(f"job-{number:06d}", created=float(number), loss=0.5)
        archive.store.put(layout.row("demo", row["job_id"]), seal("row", row))
    return start + tail


def test_a_frame_costs_a_handful_of_requests_and_not_one_a_job(archive: Archive, tmp_path: Path) -> None:
    archive.check()
    jobs = many_packs(archive, packs=7, tail=8)
    assert jobs > 8000
    for reader, most in ((None, 18), (tmp_path, 19), (tmp_path, 4)):
        fresh = Archive(archive.store, reader=reader)
        counted(archive).requests.clear()
        assert sum(len(group.jobs) for group in fresh.table("demo").all_groups()) == jobs
        assert sum(counted(archive).requests.values()) <= most <= 40
        fresh.write_once.close()


def test_ended_jobs_cost_two_requests_each_and_none_once_they_were_read(archive: Archive, tmp_path: Path) -> None:
    archive.check()
    end_jobs(archive, 20)
    for expected in (3 + 20 * 3, 3):
        fresh = Archive(archive.store, reader=tmp_path)
        counted(archive).requests.clear()
        assert len(fresh.jobs()) == 20
        # three listings, and of each job its row, its spec and its record; the descriptor is for the cache
        assert sum(counted(archive).requests.values()) == expected + 1
        assert counted(archive).requests["list"] == 3
        fresh.write_once.close()


@pytest.mark.s3
def test_more_than_a_thousand_rows_and_packs_are_all_listed(s3_settings: S3Settings, make_bucket: MakeBucket) -> None:
    archive = Archive(S3Store(make_bucket(s3_settings), uuid.uuid4().hex, s3_settings))
    rows = [a_row(f"job-{number:05d}", created=float(number), loss=0.5) for number in range(1100)]
    pack = Pack.of(merged(grouped(rows)[0]), frozenset(layout.row("demo", row["job_id"]) for row in rows))
    archive.store.put(layout.pack("idx/demo/t/job", pack.name), pack.packed())
    data = seal("row", rows[0])
    for row in rows[:1001]:
        archive.store.put(layout.row("demo", row["job_id"]), data)  # in the pack: none of them is read
    last = a_row("job-99999", created=9e9)
    archive.store.put(layout.row("demo", "job-99999"), seal("row", last))
    assert [row["job_id"] for row in archive.rows("demo")] == [row["job_id"] for row in [*rows, last]]
