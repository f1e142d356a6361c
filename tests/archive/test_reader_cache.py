"""The reader's cache: nothing that it holds, and nothing that befalls it, makes an answer wrong or missing."""

import multiprocessing
import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from foundations_archive import ArchiveDamaged, DirectoryStore, NotArchived
from foundations_archive.archive import Archive
from foundations_archive.packing import compact
from foundations_archive.reader_cache import ReaderCache, WriteOnce
from tests.archive.counted import CountedStore
from tests.archive.index_rows import end_jobs

WORDS = b"what is kept " * 1000


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[ReaderCache]:
    made = ReaderCache(tmp_path / "reader" / "cache.sqlite")
    yield made
    made.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "reader" / "cache.sqlite"


def opened(path: Path, **options: int) -> closing[ReaderCache]:
    return closing(ReaderCache(path, **options))


def test_what_is_kept_is_there_at_once_and_for_the_next_reader(cache: ReaderCache, path: Path) -> None:
    assert cache.get("a") is None
    cache.keep("a", WORDS)
    assert cache.get("a") == WORDS
    cache.flush()
    with opened(path) as other:
        assert (other.get("a"), other.get("b")) == (WORDS, None)
        other.forget("a")
    assert cache.get("a") is None
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_cache_that_was_deleted_is_made_anew(path: Path) -> None:
    with opened(path) as cache:
        cache.keep("a", WORDS)
    path.unlink()
    with opened(path) as cache:
        assert cache.get("a") is None
        cache.keep("a", WORDS)
    with opened(path) as cache:
        assert cache.get("a") == WORDS
        path.unlink()  # while it is open
        cache.keep("b", WORDS)


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + b"\xff" * 5000, b"\0" * 100_000])
def test_a_file_that_is_no_cache_is_replaced_at_the_next_time_at_the_latest(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with opened(path) as cache:
        assert cache.get("a") is None
        cache.keep("a", WORDS)
    with opened(path) as cache:
        cache.keep("a", WORDS)
    with opened(path) as cache:
        assert cache.get("a") == WORDS


def test_a_file_that_is_spoiled_inside_is_replaced(path: Path) -> None:
    with opened(path) as cache:
        for number in range(200):
            cache.keep(str(number), os.urandom(1000))
    data = bytearray(path.read_bytes())
    data[1000:] = b"\xee" * (len(data) - 1000)
    path.write_bytes(data)
    for _ in range(2):
        with opened(path) as cache:
            cache.get("7")
            cache.keep("7", WORDS)
            cache.flush()
    with opened(path) as cache:
        assert cache.get("7") == WORDS


@pytest.mark.parametrize("statement", ["PRAGMA user_version = 99", "DROP TABLE kept"])
def test_a_cache_of_another_version_is_replaced(path: Path, statement: str) -> None:
    with opened(path) as cache:
        cache.keep("a", WORDS)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
        connection.commit()
    with opened(path) as cache:
        assert cache.get("a") is None
    with opened(path) as cache:
        cache.keep("a", WORDS)
    with opened(path) as cache:
        assert cache.get("a") == WORDS


def test_a_locked_cache_is_left_alone(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("foundations_archive.reader_cache._PATIENCE", 0.01)
    with opened(path) as cache:
        cache.keep("a", WORDS)
    with closing(sqlite3.connect(path, isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        with opened(path) as cache:
            assert cache.get("a") is None
            cache.keep("b", WORDS)
        holder.execute("ROLLBACK")
    with opened(path) as cache:
        assert (cache.get("a"), cache.get("b")) == (WORDS, None)


def test_a_cache_that_can_not_be_written_is_read_or_done_without(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_bytes(b"in the way")
    with opened(blocked / "cache.sqlite") as cache:  # no folder can be made there, for root neither
        cache.keep("a", WORDS)
        assert cache.get("a") in (None, WORDS)
    folder = tmp_path / "folder.sqlite"
    folder.mkdir()
    with opened(folder) as cache:
        cache.keep("a", WORDS)
    assert folder.is_dir()


def test_a_full_disk_costs_the_cache_and_nothing_else(path: Path) -> None:
    with opened(path) as cache:
        cache.keep("a", WORDS)
        cache.flush()
        assert cache._connection is not None
        pages = cache._connection.execute("PRAGMA page_count").fetchone()[0]
        cache._connection.execute(f"PRAGMA max_page_count = {pages}")  # SQLITE_FULL, as without room on the disk
        cache.keep("b", os.urandom(1 << 20))
        cache.flush()
        assert cache.get("b") is None
    with opened(path) as cache:
        assert (cache.get("a"), cache.get("b")) == (WORDS, None)


def test_the_size_is_bounded_and_what_was_not_used_goes_first(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hour = 0
    monkeypatch.setattr("foundations_archive.reader_cache._now", lambda: hour)
    data = os.urandom(10_000)
    for hour in range(12):
        with opened(path, limit=100_000) as cache:
            assert cache.get("0") == (data if hour else None)
            cache.keep(str(hour), data)
    with opened(path, limit=100_000) as cache:
        kept = [key for key in map(str, range(12)) if cache.get(key)]
        assert {"0", "10", "11"} <= set(kept)
        assert "1" not in kept
        assert len(kept) <= 10
        cache.keep("too large", bytes(30_000))
        assert cache.get("too large") is None


def keep_many(path: Path, start: int) -> None:
    with opened(path) as cache:
        for number in range(start, start + 200):
            cache.keep(str(number), b"%d " % number * 500)
            if number % 20 == 0:
                cache.flush()
            found = cache.get(str(number // 2))
            assert found in (None, b"%d " % (number // 2) * 500)


def test_processes_at_once_do_no_harm(path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=keep_many, args=(path, start)) for start in (0, 100, 150)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    with opened(path) as cache, closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        there = [key for (key,) in connection.execute("SELECT key FROM kept")]
        assert len(there) >= 200
        assert all(cache.get(key) == b"%d " % int(key) * 500 for key in there)


def test_a_forked_process_has_a_connection_of_its_own(cache: ReaderCache, path: Path) -> None:
    cache.keep("a", WORDS)
    cache.flush()
    pid = os.fork()
    if pid == 0:
        same = cache.get("a") == WORDS
        cache.keep("child", WORDS)
        cache.flush()
        os._exit(0 if same else 1)
    assert os.waitpid(pid, 0)[1] == 0
    assert (cache.get("a"), cache.get("child")) == (WORDS, WORDS)


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    archive = Archive(CountedStore(DirectoryStore(tmp_path / "archive")))
    archive.check()
    end_jobs(archive, 20)
    compact(archive)
    end_jobs(archive, 3, start=20)
    return archive


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "reader"


def readers(archive: Archive, folder: Path | None) -> tuple[list[object], int]:
    """What a new reader sees, and how many objects it gets from the store."""
    assert isinstance(archive.store, CountedStore)
    fresh = Archive(archive.store, reader=folder)
    archive.store.requests.clear()
    seen = [fresh.rows(), fresh.jobs(), fresh.job_ids()]
    fresh.write_once.close()
    return seen, archive.store.requests["get"]


def test_a_second_reader_gets_the_descriptor_and_nothing_else(archive: Archive, folder: Path) -> None:
    without, many = readers(archive, None)
    assert readers(archive, folder)[0] == without
    assert readers(archive, folder) == (without, 1)
    (file,) = folder.iterdir()
    file.unlink()
    again, requests = readers(archive, folder)
    assert again == without
    assert 1 < requests <= many + 1


def test_what_a_cache_was_altered_to_is_not_believed(archive: Archive, folder: Path) -> None:
    without, _ = readers(archive, folder)
    (file,) = folder.iterdir()
    for change in ("replace(data, 'Completed', 'Cancelled')", "zeroblob(100)", "substr(data, 1, 300)", "data || 'x'"):
        with closing(sqlite3.connect(file)) as connection:
            connection.execute(f"UPDATE kept SET data = CAST({change} AS BLOB)")
            connection.commit()
        assert readers(archive, folder)[0] == without
    with closing(sqlite3.connect(file)) as connection:  # whole objects, each under the key of another one
        rows = connection.execute("SELECT key FROM kept ORDER BY key").fetchall()
        connection.execute("UPDATE kept SET key = 'was ' || key")
        for (old,), (new,) in zip(rows, rows[2:] + rows[:2], strict=True):
            connection.execute("UPDATE kept SET key = ? WHERE key = ?", (new, f"was {old}"))
        connection.commit()
    assert readers(archive, folder)[0] == without


def test_an_archive_that_is_deleted_and_made_anew_has_a_cache_of_its_own(tmp_path: Path, folder: Path) -> None:
    import shutil

    for round_ in range(2):
        archive = Archive(CountedStore(DirectoryStore(tmp_path / "archive")))
        archive.check()
        end_jobs(archive, 3, watcher=bool(round_))
        assert {record.state for _, record in readers(archive, folder)[0][1]} == {("Completed", "Lost")[round_]}  # type: ignore[attr-defined]
        shutil.rmtree(tmp_path / "archive")
    assert len(list(folder.iterdir())) == 2


def test_without_a_descriptor_nothing_is_kept(tmp_path: Path, folder: Path) -> None:
    store = DirectoryStore(tmp_path / "archive")
    store.put("key", WORDS)
    write_once = WriteOnce(store, folder)
    assert write_once.read("key", bytes) == WORDS
    write_once.close()
    assert not folder.exists()


def test_what_is_damaged_or_missing_in_the_store_is_said_and_not_kept(archive: Archive, folder: Path) -> None:
    write_once = WriteOnce(archive.store, folder)

    def refused(data: bytes) -> bytes:
        raise ArchiveDamaged("not what was written")

    archive.store.put("key", WORDS)
    with pytest.raises(ArchiveDamaged):
        write_once.read("key", refused)
    with pytest.raises(NotArchived):
        write_once.read("nothing", bytes)
    archive.store.put("key", b"repaired")
    assert write_once.read("key", bytes) == b"repaired"
    write_once.close()
