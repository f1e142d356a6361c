"""What only a directory can do, or fail at."""

import errno
import fcntl
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from foundations_archive import (
    ArchiveDamaged,
    ArchiveForbidden,
    ArchiveFull,
    ArchiveMisconfigured,
    ArchiveUnreachable,
    DirectoryStore,
    NotArchived,
    RequestRejected,
    layout,
)
from foundations_archive.archive import open_archive
from foundations_archive.retrying import Retrying

NOBODY = 65534

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away and mount file systems")


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(tmp_path / "archive")


@pytest.fixture
def nobodys() -> Iterator[Path]:
    """A directory that whoever the tests run as when they aren't root can write to; the tests are nobody meanwhile."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        directory.chmod(0o777)
        user = os.geteuid()
        if user == 0:
            os.seteuid(NOBODY)
        yield directory
        os.seteuid(user)


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    mount = tmp_path / "tiny"
    mount.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", mount], capture_output=True, check=False)
    if made.returncode != 0:
        pytest.skip("no file system can be mounted here")
    yield mount
    subprocess.run(["umount", mount], check=True)


def test_a_write_that_fails_midway_leaves_nothing(store: DirectoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.put("a", b"old")

    def fail(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", fail)
    for write in (store.put, store.create):
        with pytest.raises(ArchiveUnreachable, match=r"could not write a in .*EIO"):
            write("a", b"new")
    assert store.get("a") == b"old"
    assert files(store) == ["a"]


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="there is no /proc here")
def test_a_place_that_takes_no_directory_is_said_at_once() -> None:
    archive = open_archive("/proc/nope")
    with pytest.raises(ArchiveMisconfigured, match=r"^/proc/nope can't be made: .*; use another path$"):
        archive.check()


def test_a_writer_killed_midway_leaves_nothing_visible(store: DirectoryStore) -> None:
    program = """
import os, sys
from pathlib import Path
from foundations_archive import DirectoryStore
os.fsync = lambda descriptor: os._exit(9)
DirectoryStore(Path(sys.argv[1])).put("jobs/a", b"new")
"""
    assert subprocess.run([sys.executable, "-c", program, store.location], check=False).returncode == 9
    assert list(store.list("")) == []
    assert store.head("jobs/a") is None
    store.put("jobs/a", b"next")
    assert [found.key for found in store.list("")] == ["jobs/a"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_from_a_broken_one(
    store: DirectoryStore, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def fail(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(ArchiveFull, match="make room there") as raised:
        store.put("a", b"x")
    assert raised.value.location == store.location


@needs_root
def test_a_full_file_system_keeps_what_it_had(tiny: Path) -> None:
    store = DirectoryStore(tiny / "archive")
    store.put("small", b"x")
    with pytest.raises(ArchiveFull, match="could not write big"):
        store.put("big", b"x" * 2_000_000)
    with pytest.raises(ArchiveFull):
        store.create("big", b"x" * 2_000_000)
    assert files(store) == ["small"]
    store.put("small", b"y")
    assert store.get("small") == b"y"


@needs_root
def test_a_read_only_file_system_is_forbidden_to_write_and_can_be_read(tiny: Path) -> None:
    store = DirectoryStore(tiny)
    store.put("a", b"x")
    subprocess.run(["mount", "-o", "remount,ro", tiny], check=True)
    for write in (lambda: store.put("a", b"y"), store.check, store.look, lambda: store.delete("a")):
        with pytest.raises(ArchiveForbidden, match="EROFS"):
            write()
    assert store.get("a") == b"x"
    assert [(found.key, found.age < 60) for found in store.list("")] == [("a", True)]


def test_a_directory_of_somebody_else_is_forbidden(nobodys: Path) -> None:
    store = DirectoryStore(nobodys / "archive")
    store.put("open/a", b"x")
    (nobodys / "archive" / "open" / "a").chmod(0)
    with pytest.raises(ArchiveForbidden, match=r"may not read open/a") as raised:
        store.get("open/a")
    assert isinstance(raised.value, PermissionError)
    (nobodys / "archive").chmod(0o500)
    (nobodys / "archive" / ".tmp").chmod(0o500)
    for refused in (store.check, store.look, lambda: store.put("b", b"x"), lambda: store.create("b", b"x")):
        with pytest.raises(ArchiveForbidden, match="change its owner or its mode"):
            refused()
    (nobodys / "archive").chmod(0)
    for refused in (lambda: store.get("open/a"), lambda: store.head("b"), lambda: list(store.list(""))):
        with pytest.raises(ArchiveForbidden):
            refused()
    (nobodys / "archive").chmod(0o700)
    (nobodys / "archive" / ".tmp").chmod(0o700)


def test_check_makes_the_directory_and_its_parents(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path / "some" / "where")
    store.check()
    assert Path(store.location).is_dir()
    assert files(store) == []


def test_a_file_is_no_archive(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        for verb in (DirectoryStore(path).check, DirectoryStore(path).look):
            with pytest.raises(ArchiveMisconfigured, match="can't be a directory"):
                verb()


def test_a_look_makes_no_directory_and_no_file(tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir()
    for path in (tmp_path / "archive", tmp_path / "some" / "where"):
        DirectoryStore(path).look()
    assert [path.name for path in tmp_path.rglob("*")] == ["archive"]


def test_a_look_says_that_a_missing_directory_could_not_be_made(nobodys: Path) -> None:
    parent = nobodys / "parent"
    parent.mkdir(mode=0o500)
    with pytest.raises(ArchiveForbidden, match=r"may not write in .*EACCES"):
        DirectoryStore(parent / "archive").look()
    parent.chmod(0o700)


def test_a_key_below_another_is_refused_and_changes_nothing(store: DirectoryStore) -> None:
    store.put("a", b"x")
    store.put("b/c", b"x")
    for key in ("a/b", "b"):
        with pytest.raises(ArchiveDamaged, match="a value and a folder") as raised:
            store.put(key, b"y")
        assert raised.value.key == key
    assert files(store) == ["a", "b/c"]


def test_list_leaves_out_what_vanishes_meanwhile(store: DirectoryStore) -> None:
    for key in ("a/1", "a/2", "b/1", "c/1"):
        store.put(key, b"x")
    listed = store.list("")
    assert next(listed).key == "a/1"
    store.delete("a/2")
    (Path(store.location) / "b" / "1").unlink()
    (Path(store.location) / "b").rmdir()
    assert [found.key for found in listed] == ["c/1"]


def test_reading_makes_no_directory(store: DirectoryStore) -> None:
    assert list(store.list("")) == []
    assert store.head("a") is None
    store.delete("a")
    assert not Path(store.location).exists()


def test_age_is_told_by_the_clock_of_the_file_system(store: DirectoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.put("old", b"x")
    path = Path(store.location) / "old"
    os.utime(path, (path.stat().st_atime, path.stat().st_mtime - 1000))
    monkeypatch.setattr("time.time", lambda: 0.0)
    found = store.head("old")
    assert found is not None
    assert 1000 <= found.age < 1060
    assert [1000 <= entry.age < 1060 for entry in store.list("")] == [True]


@needs_root
def test_what_root_makes_for_a_caller_belongs_to_the_caller(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path / "new" / "archive", owner=(NOBODY, NOBODY))
    store.check()
    store.put("jobs/one/spec", b"x")
    store.put("jobs/one/spec", b"y")
    assert store.create("cache/a", b"x")
    made = [tmp_path / "new", *(tmp_path / "new").rglob("*")]
    assert len(made) == 8
    assert {(path.stat().st_uid, path.stat().st_gid) for path in made} == {(NOBODY, NOBODY)}
    assert tmp_path.stat().st_uid == 0


def test_files_follow_the_umask_of_the_caller(store: DirectoryStore) -> None:
    before = os.umask(0o027)
    try:
        store.put("a/b", b"x")
    finally:
        os.umask(before)
    assert (Path(store.location) / "a").stat().st_mode & 0o777 == 0o750
    assert (Path(store.location) / "a" / "b").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("number", [errno.EPERM, errno.EOPNOTSUPP])
def test_create_keeps_its_promise_without_hard_links(
    store: DirectoryStore, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "link", refuse)
    with ThreadPoolExecutor(16) as threads:
        won = list(threads.map(lambda number: store.create("a/b", b"writer %d" % number), range(16)))
    assert won.count(True) == 1
    assert store.get("a/b") == b"writer %d" % won.index(True)
    assert not store.create("a/b", b"late")
    assert files(store) == ["a/b"]


def test_create_without_hard_links_waits_for_another_that_is_at_it(
    store: DirectoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)
    store.put("other", b"x")
    temporary = Path(store.location) / ".tmp"
    deadline = time.monotonic() + 10
    with ThreadPoolExecutor(1) as threads, (temporary / "create.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        creating = threads.submit(store.create, "a", b"late")
        while len(list(temporary.iterdir())) == 1 and time.monotonic() < deadline:
            pass
        (Path(store.location) / "a").write_bytes(b"first")
        fcntl.flock(lock, fcntl.LOCK_UN)
        assert not creating.result()
    assert store.get("a") == b"first"


def test_a_second_host_that_shares_no_lock_is_found_out(store: DirectoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)
    replace = Path.replace

    def replaced_by_another(temporary: Path, path: Path) -> None:
        replace(temporary, path)
        if path.name == "a":
            path.write_bytes(b"another host's")

    monkeypatch.setattr(Path, "replace", replaced_by_another)
    assert not store.create("a", b"ours")
    assert store.create("b", b"ours")


NO_LINKS = """
import errno, os, sys
from pathlib import Path
from foundations_archive import DirectoryStore
def refuse(*_): raise OSError(errno.EPERM, os.strerror(errno.EPERM))
os.link = refuse
store = DirectoryStore(Path(sys.argv[1]))
"""


def test_of_several_processes_without_hard_links_one_creates(store: DirectoryStore) -> None:
    program = NO_LINKS + "sys.stdin.read(); sys.exit(not store.create('a', sys.argv[2].encode()))"
    started = [
        subprocess.Popen([sys.executable, "-c", program, store.location, str(number)], stdin=subprocess.PIPE)
        for number in range(6)
    ]
    for process in started:
        assert process.stdin is not None
        process.stdin.close()
    won = [number for number, process in enumerate(started) if process.wait() == 0]
    assert [str(number).encode() for number in won] == [store.get("a")]


def test_who_dies_with_the_lock_stops_nobody(store: DirectoryStore) -> None:
    program = NO_LINKS + "Path.replace = lambda *_: os._exit(9)\nstore.create('a', b'x')"
    assert subprocess.run([sys.executable, "-c", program, store.location], check=False).returncode == 9
    program = NO_LINKS + "sys.exit(not store.create('a', b'y'))"
    assert subprocess.run([sys.executable, "-c", program, store.location], check=False).returncode == 0
    assert store.get("a") == b"y"


def test_a_link_whose_answer_was_lost_is_ours(store: DirectoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    link = os.link

    def lossy(source: Path, target: Path) -> None:
        link(source, target)
        link(source, target)  # as a network share's client does it again

    monkeypatch.setattr(os, "link", lossy)
    assert store.create("a", b"ours")
    monkeypatch.setattr(os, "link", link)
    assert not store.create("a", b"late")
    assert store.get("a") == b"ours"


def test_a_probe_tells_of_hard_links_and_leaves_nothing(store: DirectoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    assert store.probe()

    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)
    assert not store.probe()
    assert files(store) == []


def test_names_are_on_the_disk_before_a_write_returns(store: DirectoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    sync = os.fsync

    def noted(descriptor: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        sync(descriptor)

    store.check()
    monkeypatch.setattr(os, "fsync", noted)
    for write in (store.put, store.create):
        synced.clear()
        write(f"{write.__name__}/b/c", b"x")
        root = store.location
        assert synced[1:] == [root, f"{root}/{write.__name__}", f"{root}/{write.__name__}/b"]
        assert synced[0].startswith(f"{root}/.tmp/")


def test_a_file_system_that_syncs_no_directories_will_do(
    store: DirectoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = os.fsync

    def picky(descriptor: int) -> None:
        if Path(f"/proc/self/fd/{descriptor}").is_dir():
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", picky)
    store.put("a/b", b"x")
    assert store.get("a/b") == b"x"


def test_a_sweep_removes_what_dead_writers_left_and_nothing_else(store: DirectoryStore) -> None:
    program = """
import os, sys
from pathlib import Path
from foundations_archive import DirectoryStore
os.fsync = lambda descriptor: os._exit(9)
DirectoryStore(Path(sys.argv[1])).put("jobs/a", b"new")
"""
    store.put("a", b"x")
    (Path(store.location) / ".tmp" / "create.lock").touch()
    for _ in range(2):
        subprocess.run([sys.executable, "-c", program, store.location], check=False)
    left = [path for path in (Path(store.location) / ".tmp").iterdir() if path.name != "create.lock"]
    assert len(left) == 2
    os.utime(left[0], (0, 0))
    os.utime(Path(store.location) / ".tmp" / "create.lock", (0, 0))
    assert store.sweep_temporary(3600) == 1
    assert [path for path in left if path.exists()] == left[1:]
    assert store.sweep_temporary(-1) == 1
    assert files(store) == ["a"]
    assert (Path(store.location) / ".tmp" / "create.lock").exists()


@needs_root
def test_a_job_goes_on_when_a_full_disk_has_room_again(tiny: Path) -> None:
    archive = open_archive(str(tiny / "archive"))
    archive.check()
    digest = archive.blobs.put(b"small")
    filler = tiny / "filler"
    with pytest.raises(OSError, match="No space"):
        filler.write_bytes(b"x" * 2_000_000)
    for write in (
        lambda: archive.blobs.put(bytes(200_000)),
        lambda: archive.append("job", "1", 0, [{"event": "log", "text": "x" * 200_000 + str(os.urandom(99_999))}]),
        lambda: archive.store.create("new", bytes(100_000)),
    ):
        with pytest.raises(ArchiveFull, match="make room there") as raised:
            write()
        assert isinstance(raised.value, OSError)
    assert archive.blobs.get(digest) == b"small"
    assert [entry.key for entry in archive.store.list("")] == sorted(["foundations.json", layout.blob(digest)])
    assert list((tiny / "archive" / ".tmp").iterdir()) == []
    filler.unlink()
    assert archive.blobs.get(archive.blobs.put(bytes(200_000))) == bytes(200_000)


def test_location_is_an_absolute_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert DirectoryStore(Path("archive")).location == str(tmp_path / "archive")


def files(store: DirectoryStore) -> list[str]:
    """Every file there is, but for the lock that stays where hard links are missing."""
    root = Path(store.location)
    found = sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
    return [name for name in found if name != ".tmp/create.lock"]


def circle(store: DirectoryStore, key: str) -> None:
    """Let a key be a link that leads to itself."""
    path = Path(store.location, key)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(path.name)


def test_a_link_that_leads_in_a_circle_is_nothing_and_no_outage(store: DirectoryStore) -> None:
    circle(store, "cache/a")
    store.put("cache/b", b"x")
    asked = Retrying(store)
    for read in (asked.get, lambda key: list(asked.pieces(key))):
        with pytest.raises(NotArchived):
            read("cache/a")
    assert asked.head("cache/a") is None
    assert [found.key for found in asked.list("")] == ["cache/b"]
    asked.put("cache/a", b"new")
    assert asked.get("cache/a") == b"new"
    circle(store, "cache/c")
    asked.delete("cache/c")
    assert not Path(store.location, "cache/c").is_symlink()
    circle(store, "folder")
    assert (asked.head("folder/a"), list(asked.list("folder/"))) == (None, [])
    with pytest.raises(ArchiveDamaged, match="could not write folder/a"):
        asked.put("folder/a", b"x")


def test_an_empty_directory_in_a_values_place_gives_way(store: DirectoryStore) -> None:
    Path(store.location, "cache/a").mkdir(parents=True)
    with pytest.raises(NotArchived):
        store.get("cache/a")
    assert not store.create("cache/a", b"x")
    store.put("cache/a", b"x")
    assert store.get("cache/a") == b"x"


def test_a_name_too_long_for_the_file_system_is_no_outage(tmp_path: Path) -> None:
    # a path may have 4,096 bytes
    deep = tmp_path.joinpath(*["d" * 200] * 17)
    store = Retrying(DirectoryStore(deep))
    key = "/".join(["k" * 200] * 4)
    with pytest.raises(NotArchived):
        store.get(key)
    assert store.head(key) is None
    with pytest.raises(RequestRejected, match=r"ENAMETOOLONG\), and would fail again"):
        store.put(key, b"x")


@needs_root
def test_an_archive_on_two_file_systems_is_no_outage(tiny: Path, store: DirectoryStore) -> None:
    store.check()
    Path(store.location, "cache").symlink_to(tiny)
    with pytest.raises(RequestRejected, match=r"EXDEV\), and would fail again; use a directory on one file system"):
        Retrying(store).put("cache/a", b"x")
