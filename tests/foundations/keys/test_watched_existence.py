import inspect
import os
import pickle
import shutil
from pathlib import Path

import pytest

from foundations.keys.observed import still_holds
from foundations.keys.observer import Observer
from foundations.keys.watched_existence import unwrapped

from .conftest import See

LOOKS = {
    "os.path.exists": os.path.exists,
    "os.path.isfile": os.path.isfile,
    "os.path.isdir": os.path.isdir,
    "Path.exists": lambda path: Path(path).exists(),
    "Path.is_file": lambda path: Path(path).is_file(),
    "Path.is_dir": lambda path: Path(path).is_dir(),
    "os.access": lambda path: os.access(path, os.R_OK),
}
STATUSES = {
    "os.stat": lambda path: os.stat(path),
    "Path.stat": lambda path: Path(path).stat(),
    "os.path.getsize": os.path.getsize,
}


@pytest.mark.parametrize("look", LOOKS)
def test_what_is_absent_counts(root: Path, see: See, look: str) -> None:
    observed = see(LOOKS[look], "flag")
    assert observed.files == {"flag": None}
    assert still_holds(observed, root=root) is None
    (root / "flag").touch()
    assert still_holds(observed, root=root) == "file flag has appeared"


@pytest.mark.parametrize("look", LOOKS)
def test_that_something_is_there_counts_and_not_what_is_in_it(root: Path, see: See, look: str) -> None:
    (root / "flag").write_text("1")
    observed = see(LOOKS[look], "flag")
    assert observed.files == {"flag": "file"}
    (root / "flag").write_text("22")
    assert still_holds(observed, root=root) is None
    (root / "flag").unlink()
    assert still_holds(observed, root=root) == "file flag is gone"
    (root / "flag").mkdir()
    assert still_holds(observed, root=root) == "flag was a file and is directory"


@pytest.mark.parametrize("look", STATUSES)
def test_whoever_asks_for_the_status_may_look_at_the_size(root: Path, see: See, look: str) -> None:
    (root / "data").write_text("1")

    def stage() -> None:
        os.path.exists("data")
        STATUSES[look]("data")

    observed = see(stage)
    assert observed.files == {"data": "file of 1 bytes"}
    (root / "data").write_text("2")
    assert still_holds(observed, root=root) is None
    (root / "data").write_text("22")
    assert still_holds(observed, root=root) == "file data has another size"


def test_content_says_more_than_being_there(root: Path, see: See) -> None:
    (root / "a").write_text("1")

    def stage() -> None:
        os.path.exists("a")
        os.stat("a")
        open("a").close()
        os.path.exists("a")

    observed = see(stage)
    (root / "a").write_text("2")
    assert still_holds(observed, root=root) == "file a changed"


def test_a_directory_that_the_stage_makes_where_there_is_none(root: Path, see: See) -> None:
    def stage() -> None:
        if not os.path.exists("out"):
            os.makedirs("out")
        os.makedirs("out/deep/er", exist_ok=True)
        Path("other").mkdir(exist_ok=True)
        Path("out/result").write_text("1")

    observed = see(stage)
    assert observed.files["out"] is None
    assert still_holds(observed, root=root) is None
    shutil.rmtree("out")
    assert still_holds(observed, root=root) is None
    (root / "out").write_text("a file")
    assert still_holds(observed, root=root) == "file out has appeared"


def test_a_file_that_the_stage_makes_where_there_is_none(root: Path, see: See) -> None:
    """A hand-made cache: it holds with what the stage left there, and not with anything else."""

    def stage() -> None:
        if not Path("cache.json").exists():
            Path("cache.json").write_text("[1]")

    observed = see(stage)
    assert still_holds(observed, root=root) is None
    (root / "cache.json").write_text("[2]")
    assert still_holds(observed, root=root) == "file cache.json has appeared"


def test_a_file_that_others_make_meanwhile_is_not_the_stages(root: Path, see: See) -> None:
    def stage() -> None:
        if not Path("made").exists():
            os.system("echo 1 > made")
        Path("made").read_text()

    observed = see(stage)
    assert observed.files == {"made": None}
    assert still_holds(observed, root=root) == "file made has appeared"


def test_folders_above_the_project_are_not_asked_about(root: Path, see: See) -> None:
    def stage() -> None:
        os.path.isdir("..")
        os.path.isdir(root)
        os.path.isdir("/")
        Path("a").resolve()
        os.path.exists("/proc/self")

    assert see(stage).files == {}


def test_the_same_name_in_another_directory_is_another_file(root: Path, see: See) -> None:
    (root / "sub").mkdir()
    (root / "a").touch()

    def stage() -> None:
        for _ in range(2):
            os.path.exists("a")
            os.stat("a")
            open("a").close()
        os.chdir("sub")
        os.path.exists("a")
        with pytest.raises(FileNotFoundError):
            os.stat("a")
        with pytest.raises(FileNotFoundError):
            open("a")
        os.chdir("..")

    observed = see(stage)
    assert observed.files["sub/a"] is None
    assert observed.files["a"]


def test_odd_arguments_are_left_to_the_system(see: See) -> None:
    def stage() -> None:
        with pytest.raises(TypeError):
            os.stat(None)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="null"):
            os.stat("a\0b")
        with pytest.raises(OSError, match="name too long"):
            os.stat("a" * 5000)
        assert not os.path.exists("a\0b")
        assert os.stat(0)
        assert not os.access("absent", os.F_OK, follow_symlinks=False)

    observed = see(stage)
    assert observed.files == {"absent": None}
    assert not observed.spoiled


def test_a_directory_descriptor(root: Path, see: See) -> None:
    (root / "sub").mkdir()
    folder = os.open("sub", os.O_RDONLY)

    def stage() -> None:
        with pytest.raises(FileNotFoundError):
            os.stat("a", dir_fd=folder)
        os.access("b", os.R_OK, dir_fd=folder)

    try:
        assert see(stage).files == {"sub/a": None, "sub/b": None}
    finally:
        os.close(folder)


def test_the_wrappers_pass_for_what_they_wrap(observer: Observer) -> None:
    for name in ("stat", "access", "open"):
        function = getattr(os, name)
        assert pickle.loads(pickle.dumps(function)) is function
        assert function.__name__ == name
        assert function.__doc__
        assert "dir_fd" in inspect.signature(function).parameters
        assert function in os.supports_dir_fd
        assert unwrapped(function) is not function
        assert unwrapped(function).__name__ == name
    assert unwrapped(print) is print
    assert os.stat in os.supports_follow_symlinks
    assert os.access in os.supports_effective_ids


def test_tools_that_look_for_what_is_supported_still_work(root: Path, see: See) -> None:
    def stage() -> None:
        Path("tree/sub").mkdir(parents=True)
        Path("tree/sub/a").write_text("1")
        shutil.copytree("tree", "copy")
        shutil.copystat("tree", "copy")
        list(os.fwalk("copy"))
        shutil.rmtree("tree")
        shutil.rmtree("copy")

    observed = see(stage)
    assert not observed.spoiled
    assert still_holds(observed, root=root) is None


def test_taken_away_nothing_is_left(root: Path) -> None:
    before = os.stat, os.access, os.open
    observer = Observer(root)
    observer.install()
    assert os.stat is not before[0]
    observer.uninstall()
    assert (os.stat, os.access, os.open) == before


def test_somebody_elses_wrapper_is_left_alone(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    observer = Observer(root)
    observer.install()
    theirs = lambda *args, **more: None  # noqa: E731
    with monkeypatch.context() as patch:
        patch.setattr(os, "access", theirs)
        observer.uninstall()
        assert os.access is theirs
    observer.install()
    observer.uninstall()
