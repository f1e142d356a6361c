"""Packing: nothing is lost or doubled, whoever packs at once and whoever is killed when."""

import itertools
import os
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from foundations_archive import ArchiveForbidden, DirectoryStore, Store, layout
from foundations_archive import packing as packing_module
from foundations_archive.archive import Archive
from foundations_archive.groups import grouped, merged
from foundations_archive.packing import LARGE_ROW, PACK_ROWS, PackingReport, compact, is_turn, pack_after_job
from foundations_archive.packs import Pack, unpacked
from tests.archive.counted import CountedStore
from tests.archive.index_rows import a_record, a_row, a_spec, end_jobs

TURN = next(job_id for number in itertools.count() if is_turn(job_id := f"turn-{number}"))


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(DirectoryStore(tmp_path / "archive"))


def index_of(archive: Archive) -> tuple[list[str], list[str]]:
    """The rows and the packs that are there."""
    keys = [entry.key for entry in archive.store.list("idx/")]
    return [key for key in keys if layout.is_row(key)], [key for key in keys if layout.is_pack(key)]


def pass_time(archive: Archive, seconds: float = 700) -> None:
    """Let all that is there grow older."""
    for entry in archive.store.list(""):
        path = Path(archive.location) / entry.key
        then = time.time() - entry.age - seconds
        os.utime(path, (then, then))


def jobs_of(archive: Archive) -> list[str]:
    rows = [row["job_id"] for row in archive.rows()]
    assert len(rows) == len(set(rows))
    return rows


def test_rows_become_a_pack_and_are_deleted_ten_minutes_later(archive: Archive) -> None:
    jobs, rows = end_jobs(archive, 20), archive.rows()
    assert compact(archive) == PackingReport(rows=20, packs=1)
    assert (len(index_of(archive)[0]), len(index_of(archive)[1])) == (20, 1)
    pass_time(archive, 500)
    assert compact(archive) == PackingReport()
    assert archive.rows() == rows
    pass_time(archive, 101)
    assert compact(archive) == PackingReport(deleted=20)
    assert (len(index_of(archive)[0]), len(index_of(archive)[1])) == (0, 1)
    assert archive.rows() == rows
    assert compact(archive) == PackingReport()
    assert jobs_of(archive) == jobs


def test_small_packs_are_merged_and_deleted_ten_minutes_later(archive: Archive) -> None:
    for start in range(0, 40, 10):
        end_jobs(archive, 10, start=start)
        compact(archive)
        pass_time(archive)
    rows = archive.rows()
    compact(archive)
    pass_time(archive)
    compact(archive)
    loose, packs = index_of(archive)
    assert (loose, [layout.rows_in(key) for key in packs]) == ([], [40])
    assert archive.rows() == rows


def test_one_row_alone_stays_one(archive: Archive) -> None:
    end_jobs(archive, 1)
    assert compact(archive) == PackingReport()
    assert compact(archive, "nothing was run under this name") == PackingReport()


def test_projects_are_packed_apart_and_one_alone_where_it_is_named(archive: Archive) -> None:
    names = ["demo", "Ünusual/../name", "x-other"]
    for number, name in enumerate(names):
        end_jobs(archive, 10, project=name, start=10 * number)
    assert compact(archive, names[1]) == PackingReport(rows=10, packs=1)
    assert compact(archive) == PackingReport(rows=20, packs=2)
    pass_time(archive)
    compact(archive)
    assert index_of(archive)[0] == []
    for number, name in enumerate(names):
        assert [row["job_id"] for row in archive.rows(name)] == [f"job-{10 * number + n:05d}" for n in range(10)]


def test_large_and_damaged_rows_stay_where_they_are(archive: Archive) -> None:
    jobs = end_jobs(archive, 9)
    noise = random.Random(0)
    spec = a_spec("large", created=99.0)
    archive.submit(spec)
    archive.finish(spec, a_record("large", {"loss": [noise.random() for _ in range(40_000)]}), attempt="1")
    large, damaged = layout.row("demo", "large"), layout.row("demo", jobs[4])
    assert next(entry.size for entry in archive.store.list(large)) > LARGE_ROW
    archive.store.put(damaged, b"no row")
    report = compact(archive)
    assert (report.rows, report.packs, report.damaged) == (8, 1, (damaged,))
    pass_time(archive)
    compact(archive)
    assert set(index_of(archive)[0]) == {large, damaged}
    with pytest.warns(UserWarning, match="is damaged; 1 of its jobs"):
        assert jobs_of(archive) == [*jobs, "large"]


def test_a_damaged_pack_is_written_anew_while_its_rows_are_there(archive: Archive) -> None:
    end_jobs(archive, 12)
    rows = archive.rows()
    compact(archive)
    (key,) = index_of(archive)[1]
    whole = archive.store.get(key)
    archive.store.put(key, whole[:-4])
    pass_time(archive)
    assert compact(archive) == PackingReport(rows=12, packs=1, damaged=(key,))
    assert archive.store.get(key) == whole
    pass_time(archive)
    assert compact(archive).deleted == 12
    assert archive.rows() == rows


def test_a_damaged_pack_is_neither_merged_nor_deleted(archive: Archive) -> None:
    jobs = end_jobs(archive, 12)
    compact(archive)
    pass_time(archive)
    compact(archive)
    (key,) = index_of(archive)[1]
    archive.store.put(key, archive.store.get(key)[:-4])
    jobs += end_jobs(archive, 9, start=12)
    for _ in range(3):
        pass_time(archive)
        assert key in compact(archive).damaged
        with pytest.warns(UserWarning, match="12 of its jobs were read from their own records"):
            assert jobs_of(archive) == jobs
    assert key in index_of(archive)[1]
    assert index_of(archive)[0] == []


def test_a_late_courier_counts_after_packing_too(archive: Archive) -> None:
    jobs = end_jobs(archive, 9, watcher=True)
    compact(archive)
    archive.finish(a_spec(jobs[0], created=0.0), a_record(jobs[0], {}), attempt="2")
    end_jobs(archive, 9, start=9)
    for _ in range(3):
        assert [row["status"] for row in archive.rows()][:2] == ["Completed", "Lost"]
        pass_time(archive)
        compact(archive)
    assert index_of(archive)[0] == []


def test_a_full_pack_is_left_alone(archive: Archive) -> None:
    rows = [a_row(f"old-{number:05d}", loss=0.5) for number in range(PACK_ROWS - 5)]
    pack = Pack.of(merged(grouped(rows)[0]), frozenset())
    full = layout.pack("idx/demo/t/job", pack.name)
    archive.store.put(full, pack.packed())
    end_jobs(archive, 10)
    pass_time(archive)
    assert compact(archive) == PackingReport(rows=10, packs=1)
    assert sorted(map(layout.rows_in, index_of(archive)[1])) == [10, PACK_ROWS - 5]


def test_more_rows_than_a_pack_may_have_become_several(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing_module, "PACK_ROWS", 16)
    monkeypatch.setattr(packing_module, "_THOROUGH", packing_module._Bounds(16, 1e9, 1000, thorough=True))
    jobs = end_jobs(archive, 50)
    assert compact(archive).rows == 50
    assert max(map(layout.rows_in, index_of(archive)[1])) <= 16
    assert jobs_of(archive) == jobs
    pass_time(archive)
    compact(archive)
    assert index_of(archive)[0] == []
    assert jobs_of(archive) == jobs


def test_couriers_that_pack_leave_a_logarithm_of_packs_and_a_short_tail(archive: Archive) -> None:
    """Three hundred jobs that end one after the other, ten seconds apart on the store's clock."""
    for number in range(300):
        row = a_row(f"{number:04d}", created=float(number), loss=0.5)
        spec = a_spec(row["job_id"], created=float(number))
        record = a_record(row["job_id"], {"loss": [0.5]})
        archive.settle(spec, record, sealed=layout.done(spec.job_id, "1"))
        if is_turn(spec.job_id):
            pass_time(archive, 80)
            pack_after_job(archive, spec)
    loose, packs = index_of(archive)
    there = [unpacked(archive.store.get(key), key) for key in packs]
    replaced = {key for pack in there for key in pack.replaces}
    assert len([key for key in packs if key not in replaced]) <= 9
    assert len([key for key in loose if key not in replaced]) <= 40
    assert len(loose) + len(packs) < 200  # what was replaced is swept as they go
    assert [row["job_id"] for row in archive.rows()] == [f"{number:04d}" for number in range(300)]


def test_one_job_in_eight_packs() -> None:
    turns = sum(is_turn(f"job-{number}") for number in range(8000))
    assert 900 < turns < 1100
    assert is_turn("ü\ud800") in (False, True)


def test_packing_after_a_job_is_bounded_and_changes_nothing_where_it_fails(archive: Archive) -> None:
    end_jobs(archive, 30)
    store = CountedStore(archive.store)
    refused = Archive(store)

    def refuse(verb: str, key: str) -> None:
        if verb in ("put", "create", "delete"):
            raise ArchiveForbidden(f"may not {verb} {key}")

    store.before = refuse
    pass_time(archive)
    pack_after_job(refused, a_spec(TURN))
    assert store.requests["get"] == 30
    assert index_of(archive)[1] == []
    store.before = lambda verb, key: os.close(-1)  # any other error
    pack_after_job(refused, a_spec(TURN))
    store.before = lambda verb, key: None
    pack_after_job(refused, a_spec(TURN))
    assert len(index_of(archive)[1]) == 1
    before = sum(store.requests.values())
    pack_after_job(refused, a_spec(TURN))  # somebody has packed this very moment: one listing
    assert sum(store.requests.values()) == before + 1
    not_its_turn = next(job_id for number in itertools.count() if not is_turn(job_id := f"other-{number}"))
    pack_after_job(refused, a_spec(not_its_turn))
    assert sum(store.requests.values()) == before + 1


class Killed(BaseException):
    """A process dies here."""


def killing(store: Store, after: int) -> CountedStore:
    """A store whose user dies before one of its operations."""
    left = itertools.count(after, -1)

    def before(verb: str, key: str) -> None:
        if next(left) <= 0:
            raise Killed

    return CountedStore(store, before=before)


@pytest.mark.parametrize("old", [False, True])
def test_a_packer_may_be_killed_between_any_two_operations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: bool
) -> None:
    monkeypatch.setattr(packing_module, "THREADS", 1)
    for after in itertools.count():
        archive = Archive(DirectoryStore(tmp_path / f"{old}-{after}"))
        jobs = end_jobs(archive, 3)
        compact(archive)
        if old:
            pass_time(archive)
        jobs += end_jobs(archive, 3, start=3)
        rows = archive.rows()
        try:
            compact(Archive(killing(archive.store, after)))
            died = False
        except Killed:
            died = True
        assert archive.rows() == rows
        for _ in range(2):
            pass_time(archive)
            compact(archive)
            assert archive.rows() == rows
        loose, packs = index_of(archive)
        assert (loose, [layout.rows_in(key) for key in packs]) == ([], [6])
        if not died:
            break
    assert after > 8


class Gate:
    """Lets the operations of several packers happen one at a time, in an order drawn from a seed."""

    def __init__(self, seed: int, players: int) -> None:
        self._random, self._condition = random.Random(seed), threading.Condition()
        self._waiting: dict[int, bool] = {}
        self._playing = set(range(players))

    def run(self, number: int, do: Callable[[], object]) -> None:
        try:
            do()
        finally:
            with self._condition:
                self._playing.discard(number)
                self._choose()

    def pass_through(self, number: int) -> None:
        with self._condition:
            self._waiting[number] = False
            self._choose()
            self._condition.wait_for(lambda: self._waiting[number], timeout=60)
            del self._waiting[number]

    def _choose(self) -> None:
        # only when everybody stands at the gate does one go on
        if self._playing and self._waiting.keys() >= self._playing and not any(self._waiting.values()):
            self._waiting[self._random.choice(sorted(self._waiting))] = True
            self._condition.notify_all()


@pytest.mark.parametrize("seed", range(10))
def test_packers_at_once_lose_and_double_nothing_at_any_moment(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(packing_module, "THREADS", 1)
    end_jobs(archive, 5)
    compact(archive)
    pass_time(archive)
    end_jobs(archive, 4, start=5, watcher=True)
    compact(archive)
    pass_time(archive)
    end_jobs(archive, 3, start=9)
    rows = archive.rows()
    gate = Gate(seed, 2)
    moments: list[bool] = []

    def packer(number: int) -> Archive:
        def before(verb: str, key: str) -> None:
            gate.pass_through(number)
            moments.append(archive.rows() == rows)

        return Archive(CountedStore(archive.store, before=before))

    with ThreadPoolExecutor(2) as pool:
        packings = [pool.submit(gate.run, number, partial(compact, packer(number))) for number in range(2)]
        for packing in packings:
            packing.result()
    assert len(moments) > 15
    assert all(moments)
    for _ in range(3):
        pass_time(archive)
        compact(archive)
        assert archive.rows() == rows
    loose, packs = index_of(archive)
    assert (loose, [layout.rows_in(key) for key in packs]) == ([], [12])
