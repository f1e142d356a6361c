import gzip
import hashlib
import mmap
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import traceback
import warnings
import zipfile
from pathlib import Path

import numpy
import pandas
import pytest

from foundations import current
from foundations.keys import file_digests
from foundations.keys.observed import still_holds
from foundations.keys.observer import Observer

from .conftest import See


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def old(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let files count as old at once: their digests are made when the stage ends."""
    monkeypatch.setattr(file_digests, "YOUNG_SECONDS", -1e9)


@pytest.fixture(params=["young", "old"])
def any_age(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "old":
        monkeypatch.setattr(file_digests, "YOUNG_SECONDS", -1e9)


def read_with_os_open(path: str) -> None:
    os.close(os.open(path, os.O_RDONLY))


def read_mapped(path: str) -> None:
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
        bytes(whole)


READERS = {
    "open": lambda path: open(path).close(),
    "bytes": lambda path: open(os.fsencode(path), "rb").close(),
    "os.open": read_with_os_open,
    "Path": lambda path: Path(path).read_bytes(),
    "str subclass": lambda path: open(numpy.str_(path)).close(),
    "mmap": read_mapped,
    "memmap": lambda path: numpy.memmap(path, dtype="u1", mode="r"),
    "fromfile": lambda path: numpy.fromfile(path, dtype="u1"),
    "read_csv": lambda path: pandas.read_csv(path),
    "update": lambda path: open(path, "r+").close(),
    "append and read": lambda path: open(path, "a+").close(),
    "copy": lambda path: shutil.copyfile(path, "copied"),
    "fdopen": lambda path: os.fdopen(os.open(path, os.O_RDONLY)).close(),
}


@pytest.mark.parametrize("reader", READERS)
def test_a_file_that_is_read_counts_by_content(root: Path, see: See, reader: str, any_age: None) -> None:
    (root / "data.csv").write_bytes(b"a,b\n1,2\n")
    observed = see(READERS[reader], "data.csv")
    assert {**observed.files, "copied": None} == {"data.csv": sha(b"a,b\n1,2\n"), "copied": None}
    assert not observed.spoiled
    assert still_holds(observed, root=root) is None
    (root / "data.csv").write_bytes(b"a,b\n1,3\n")
    assert still_holds(observed, root=root) == "file data.csv changed"
    (root / "data.csv").unlink()
    assert still_holds(observed, root=root) == "file data.csv is gone"


def test_archives_count_by_their_own_bytes(root: Path, see: See) -> None:
    with gzip.open("a.gz", "wb") as packed:
        packed.write(b"x")
    with zipfile.ZipFile("a.npz", "w") as archive:
        archive.writestr("x", "y")
    with tarfile.open("a.tar", "w") as tar:
        tar.add("a.gz")
    numpy.save("a.npy", numpy.arange(3))

    def stage() -> None:
        with gzip.open("a.gz") as packed:
            packed.read()
        zipfile.ZipFile("a.npz").close()
        tarfile.open("a.tar").close()
        numpy.load("a.npy")

    observed = see(stage)
    assert observed.files == {name: sha(Path(name).read_bytes()) for name in ("a.gz", "a.npy", "a.npz", "a.tar")}


def test_a_database_counts(root: Path, see: See) -> None:
    with sqlite3.connect("data.db") as base:
        base.execute("create table t (x)")
    base.close()
    observed = see(lambda: sqlite3.connect("file:data.db?mode=ro", uri=True).close())
    assert observed.files == {"data.db": sha(Path("data.db").read_bytes()), "data.db-wal": None}
    assert not see(lambda: sqlite3.connect(":memory:").close()).files


@pytest.mark.parametrize(
    "name", ["with space", "ünï", "line\nbreak", "quote'\"", "-dash", "#", "\udcff\udc80", "*?[", "a" * 255, "\u202e"]
)
def test_odd_names(root: Path, see: See, name: str) -> None:
    Path(name).write_text("x")
    observed = see(lambda: open(name).close())
    assert observed.files == {name: sha(b"x")}
    assert still_holds(observed, root=root) is None
    Path(name).write_text("y")
    assert still_holds(observed, root=root) is not None


def test_what_is_no_path_is_left_to_whoever_opens_it(see: See) -> None:
    def stage() -> None:
        for odd in ("a\0b", "", "x" * 5000):
            with pytest.raises((ValueError, OSError)):
                open(odd)
        with pytest.raises(TypeError):
            open(None)  # type: ignore[call-overload]

    assert not see(stage).spoiled


def test_the_same_file_has_one_name(root: Path, see: See) -> None:
    (root / "sub").mkdir()
    (root / "a").write_text("x")

    def stage() -> None:
        for name in ("a", "./a", "sub/../a", str(root / "a"), f"{root}//a", f"{root}/sub/../a"):
            open(name).close()
        os.chdir("sub")
        open("../a").close()
        os.chdir("..")

    assert see(stage).files == {"a": sha(b"x")}


def test_files_elsewhere_keep_their_whole_name(tmp_path: Path, see: See) -> None:
    (tmp_path / "there").write_text("x")
    assert see(lambda: open("../there").close()).files == {str(tmp_path / "there"): sha(b"x")}


def test_a_record_holds_in_another_folder(tmp_path: Path, root: Path, see: See) -> None:
    (root / "a").write_text("x")
    observed = see(lambda: open("a").close())
    shutil.copytree(root, tmp_path / "other")
    (root / "a").unlink()
    assert still_holds(observed, root=tmp_path / "other") is None


def test_paths_relative_to_an_open_directory(root: Path, see: See) -> None:
    (root / "sub").mkdir()
    (root / "sub" / "a").write_text("x")

    def stage() -> None:
        folder = os.open("sub", os.O_RDONLY)
        try:
            os.close(os.open("a", os.O_RDONLY, dir_fd=folder))
            os.listdir(folder)
            os.stat("a", dir_fd=folder)
        finally:
            os.close(folder)

    observed = see(stage)
    assert observed.files["sub/a"] == sha(b"x")
    assert (observed.files["sub"] or "").startswith("names ")
    assert "a" not in observed.files


def test_a_link_counts_by_what_it_leads_to(root: Path, see: See) -> None:
    (root / "real").write_text("x")
    (root / "link").symlink_to("real")
    observed = see(lambda: open("link").close())
    assert observed.files == {"link": sha(b"x")}
    (root / "other").write_text("y")
    (root / "link").unlink()
    (root / "link").symlink_to("other")
    assert still_holds(observed, root=root) == "file link changed"


def test_a_file_that_is_missed_counts(root: Path, see: See) -> None:
    def stage() -> None:
        with pytest.raises(FileNotFoundError):
            open("override.json")

    observed = see(stage)
    assert observed.files == {"override.json": None}
    assert still_holds(observed, root=root) is None
    (root / "override.json").write_text("{}")
    assert still_holds(observed, root=root) == "file override.json has appeared"


def test_what_the_stage_has_written_itself_is_no_input(root: Path, see: See) -> None:
    (root / "there").write_text("before")

    def stage() -> None:
        for name in ("new", "there"):
            Path(name).write_text("mine")
            Path(name).read_text()
        with open("both", "w+") as file:
            file.read()
        with open("exclusive", "x+") as file:
            file.read()
        os.rename("new", "renamed")
        Path("renamed").read_text()
        os.symlink("renamed", "link")
        Path("link").read_text()

    observed = see(stage)
    assert observed.files == {}
    assert observed.wrote == ("both", "exclusive", "new", "there")


def test_what_is_in_a_directory_of_its_own_is_no_input(see: See) -> None:
    def stage() -> None:
        with tempfile.TemporaryDirectory() as folder:
            # as a library in C would write it
            subprocess.run([sys.executable, "-c", f"open({folder + '/x'!r}, 'w').write('x')"], check=True)
            Path(folder, "x").read_text()
            os.listdir(folder)
            Path(folder, "sub").mkdir()
            list(Path(folder).rglob("*"))
        with tempfile.TemporaryFile() as file:
            file.read()
        with tempfile.NamedTemporaryFile() as file:
            Path(file.name).read_text()

    observed = see(stage)
    assert not observed.files
    assert not observed.spoiled


def test_a_file_read_and_written_again_spoils(root: Path, see: See, any_age: None) -> None:
    (root / "state").write_text("1")

    def stage() -> None:
        Path("state").write_text(str(int(Path("state").read_text()) + 10))

    assert see(stage).spoiled == ("file state changed while the stage ran",)


def test_a_file_that_changes_meanwhile_spoils(root: Path, see: See, any_age: None) -> None:
    (root / "a").write_text("1")

    def stage() -> None:
        Path("a").read_text()
        os.system("echo 2 > a")

    assert see(stage).spoiled == ("file a changed while the stage ran",)


def test_a_change_in_the_same_tick_of_the_clock_is_seen(root: Path, see: See) -> None:
    (root / "a").write_text("1")
    status = os.stat("a")

    def stage() -> None:
        Path("a").read_text()
        with open("a", "r+") as file:
            file.write("2")
        os.utime("a", ns=(status.st_atime_ns, status.st_mtime_ns))

    assert see(stage).spoiled == ("file a changed while the stage ran",)


def test_a_file_that_is_removed_meanwhile_spoils(root: Path, see: See, any_age: None) -> None:
    (root / "a").write_text("1")

    def stage() -> None:
        Path("a").read_text()
        os.remove("a")

    assert see(stage).spoiled == ("file a was removed while the stage ran",)


def test_a_file_that_is_moved_and_read_counts_under_its_first_name(root: Path, see: See) -> None:
    (root / "inbox").write_text("1")
    (root / "kept").write_text("old")

    def stage() -> None:
        os.replace("inbox", "kept")
        Path("kept").read_text()

    observed = see(stage)
    assert observed.files == {"inbox": sha(b"1")}
    assert still_holds(observed, root=root) == "file inbox is gone"


def test_a_link_that_the_stage_makes_leads_to_the_input(root: Path, see: See) -> None:
    (root / "data").mkdir()
    (root / "data" / "a").write_text("1")
    (root / "b").write_text("2")

    def stage() -> None:
        os.symlink("data", "short")
        Path("short/a").read_text()
        os.link("b", "hard")
        Path("hard").read_text()

    assert see(stage).files == {"data/a": sha(b"1"), "b": sha(b"2")}


def test_names_in_a_directory_count(root: Path, see: See) -> None:
    (root / "data").mkdir()
    (root / "data" / "a.csv").write_text("1")
    for listing in (
        lambda: os.listdir("data"),
        lambda: list(os.scandir("data")),
        lambda: list(Path("data").iterdir()),
        lambda: list(Path("data").glob("*")),
        lambda: list(os.walk("data")),
        lambda: os.listdir(b"data"),
    ):
        observed = see(listing)
        assert list(observed.files) == ["data"]
        assert still_holds(observed, root=root) is None
        (root / "data" / "b.csv").write_text("1")
        assert still_holds(observed, root=root) == "directory data has other names in it"
        (root / "data" / "b.csv").unlink()
    (root / "data" / "__pycache__").mkdir()
    assert still_holds(observed, root=root) is None
    shutil.rmtree(root / "data")
    assert still_holds(observed, root=root) == "directory data is gone"


def test_a_directory_that_is_not_there_counts(root: Path, see: See) -> None:
    def stage() -> None:
        with pytest.raises(FileNotFoundError):
            os.listdir("plugins")

    observed = see(stage)
    (root / "plugins").mkdir()
    assert still_holds(observed, root=root) == "directory plugins has appeared"


def test_what_a_stage_adds_to_a_directory_does_not_count_against_it(root: Path, see: See) -> None:
    (root / "a.csv").write_text("1")

    def stage() -> None:
        os.listdir()
        Path("result.csv").write_text("2")

    observed = see(stage)
    assert still_holds(observed, root=root) is None
    (root / "result.csv").unlink()
    assert still_holds(observed, root=root) is None
    (root / "b.csv").write_text("3")
    assert still_holds(observed, root=root) == "directory . has other names in it"


def test_code_is_no_input_when_it_is_imported(root: Path, see: See, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "observed_lazily.py").write_text("value = 1")
    monkeypatch.syspath_prepend(str(root))

    def stage() -> None:
        import observed_lazily  # type: ignore[import-not-found]

        assert observed_lazily.value == 1

    try:
        assert see(stage).files == {}
    finally:
        sys.modules.pop("observed_lazily", None)


def test_code_is_no_input_when_a_line_of_it_is_shown(root: Path, see: See) -> None:
    (root / "shown.py").write_text("def warn(w):\n    w.warn('x')\n\n\ndef fail():\n    raise ValueError\n")
    scope: dict[str, object] = {}
    exec(compile((root / "shown.py").read_text(), str(root / "shown.py"), "exec"), scope)

    def stage() -> None:
        assert "w.warn('x')" in warnings.formatwarning("x", UserWarning, str(root / "shown.py"), 2)
        try:
            scope["fail"]()  # type: ignore[operator]
        except ValueError:
            assert "raise ValueError" in traceback.format_exc()

    assert see(stage).files == {}


def test_code_that_is_read_as_data_is_an_input(root: Path, see: See) -> None:
    (root / "corpus.py").write_text("x = 1\n")
    assert see(lambda: Path("corpus.py").read_text()).files == {"corpus.py": sha(b"x = 1\n")}


def test_source_that_a_stage_asks_for_is_an_input(root: Path, see: See) -> None:
    import inspect
    import linecache

    linecache.clearcache()
    (root / "asked.py").write_text("def f(): return 1\n")
    scope: dict[str, object] = {"__name__": "asked"}
    exec(compile((root / "asked.py").read_text(), str(root / "asked.py"), "exec"), scope)
    observed = see(lambda: inspect.getsource(scope["f"]))  # type: ignore[arg-type]
    assert observed.files.get("asked.py") == sha(b"def f(): return 1\n")


def test_what_is_made_of_code_is_no_input(root: Path, see: See) -> None:
    (root / "__pycache__").mkdir()
    (root / "__pycache__" / "index.nbi").write_text("1")
    assert see(lambda: Path("__pycache__/index.nbi").read_text()).files == {}


def test_what_belongs_to_python_is_no_input(see: See) -> None:
    def stage() -> None:
        open(os.__file__).close()
        open(pandas.__file__).close()
        open(os.path.join(os.path.dirname(numpy.__file__), "py.typed")).close()
        os.listdir(os.path.dirname(os.__file__))
        "x".encode("cp875")
        __import__("zoneinfo").ZoneInfo.no_cache("Europe/Berlin")

    assert see(stage).files == {}


def test_a_fifo_spoils_and_nobody_waits_for_it(root: Path, see: See) -> None:
    os.mkfifo("pipe")

    def stage() -> None:
        os.close(os.open("pipe", os.O_RDONLY | os.O_NONBLOCK))

    observed = see(stage)
    assert observed.spoiled == (f"{root}/pipe is no regular file (other): what comes from it can't be looked at again",)
    assert observed.files == {}


def test_a_fifo_in_the_place_of_a_file_is_a_change(root: Path, see: See) -> None:
    (root / "a").write_text("1")
    observed = see(lambda: open("a").close())
    (root / "a").unlink()
    os.mkfifo("a")
    assert still_holds(observed, root=root) == "file a changed"


@pytest.mark.skipif(sys.platform != "linux", reason="the system's files are Linux's")
def test_files_of_the_system(see: See) -> None:
    def stage() -> None:
        for name in ("/dev/null", "/dev/zero", "/proc/self/status", "/dev/urandom"):
            with open(name, "rb") as file:
                file.read(1)
        os.listdir("/proc")

    observed = see(stage)
    assert observed.files == {}
    assert observed.spoiled == ()
    assert observed.devices == ()  # who asked is no code of the project
    assert "/dev/urandom" in observed.random
    stage.__code__ = stage.__code__.replace(co_filename="driver.py")
    assert see(stage).devices == ("/proc", "/proc/self/status")


def test_what_can_not_be_read_stays_so(root: Path, see: See) -> None:
    (root / "folder").mkdir()

    def stage() -> None:
        with pytest.raises(IsADirectoryError):
            open("folder")

    observed = see(stage)
    assert observed.files == {"folder": "directory"}
    (root / "folder").rmdir()
    assert still_holds(observed, root=root) == "directory folder is gone"


def test_a_library_loaded_by_its_path_is_an_input(root: Path, see: See) -> None:
    import ctypes

    (root / "lib.so").write_bytes(b"no library")

    def stage() -> None:
        with pytest.raises(OSError, match=r"lib\.so"):
            ctypes.CDLL("./lib.so")

    assert see(stage).files == {"lib.so": sha(b"no library")}


def test_sockets_in_the_file_system_are_no_files(root: Path, see: See) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        observed = see(lambda: os.path.exists("socket"))
    assert observed.files == {"socket": "other"}


def test_a_large_file_is_hashed_in_pieces(root: Path, see: See, any_age: None) -> None:
    content = os.urandom(3_500_001)
    (root / "large").write_bytes(content)
    assert see(lambda: open("large", "rb").close()).files == {"large": sha(content)}


def test_a_large_file_that_changes_while_it_is_hashed_spoils(root: Path, see: See, old: None) -> None:
    (root / "large").write_bytes(bytes(60_000_000))

    def stage() -> None:
        for number in range(20):
            with open("large", "rb+") as file:
                file.write(b"%d" % number)

    assert see(stage).spoiled == ("file large changed while the stage ran",)


def test_a_large_file_read_by_forked_processes(root: Path, see: See, old: None) -> None:
    content = os.urandom(3_000_000)
    (root / "large").write_bytes(content)

    def stage() -> None:
        open("large").close()
        for _ in range(3):
            process = os.fork()
            if process == 0:
                try:
                    open("large").close()
                finally:
                    os._exit(0)
            os.waitpid(process, 0)

    assert see(stage).files == {"large": sha(content)}


def test_who_makes_a_digest_reads_for_nobody(root: Path, observer: Observer, old: None) -> None:
    (root / "large").write_bytes(os.urandom(30_000_000))
    one, other = observer.watching("one"), observer.watching("other")
    with other, current.running("one"), one:
        open("large").close()
    assert list(one.observed.files) == ["large"]
    assert list(other.observed.files) == []


def test_a_directory_that_the_stage_has_made_is_not_among_the_names(root: Path, see: See) -> None:
    def stage() -> None:
        os.mkdir("out")
        os.listdir(".")

    observed = see(stage)
    assert still_holds(observed, root=root) is None
    (root / "out").rmdir()
    assert still_holds(observed, root=root) is None
