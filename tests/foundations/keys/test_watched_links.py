"""Where links lead counts, and what may be run, beside what is in a file."""

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from foundations.keys.observed import still_holds

from .conftest import See

ASKS: dict[str, Callable[[], Any]] = {
    "os.readlink": lambda: os.readlink("current"),
    "Path.readlink": lambda: Path("current").readlink(),
    "os.path.realpath": lambda: os.path.realpath("current"),
    "Path.resolve": lambda: Path("current").resolve(),
    "os.lstat": lambda: os.lstat("current"),
    "Path.lstat": lambda: Path("current").lstat(),
    "os.stat": lambda: os.stat("current", follow_symlinks=False),
    "os.path.samefile": lambda: os.path.samefile("current", "one"),
    "Path.samefile": lambda: Path("current").samefile("one"),
    "os.path.islink": lambda: os.path.islink("current"),
}


class Code:
    """A closure whose code is that of a function, as far as it matters here."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.codes = frozenset({function.__code__})

    def covers(self, code: object) -> bool:
        return True


@pytest.fixture
def linked(root: Path) -> Path:
    for name in ("one", "two"):
        (root / name).write_text("the same")
    (root / "current").symlink_to("one")
    return root


@pytest.mark.parametrize("ask", ASKS)
def test_where_a_link_leads_counts(ask: str, linked: Path, see: See) -> None:
    observed = see(ASKS[ask])
    assert still_holds(observed, root=linked) is None
    (linked / "current").unlink()
    (linked / "current").symlink_to("two")
    assert still_holds(observed, root=linked) == "current was a link to one and is a link to two"
    (linked / "current").unlink()
    (linked / "current").write_text("the same")
    assert still_holds(observed, root=linked) == "current was a link to one and is no link"


def test_what_is_read_through_a_link_counts_too(linked: Path, see: See) -> None:
    observed = see(lambda: (os.readlink("current"), Path("current").read_text()))
    assert still_holds(observed, root=linked) is None
    (linked / "one").write_text("not the same")
    assert still_holds(observed, root=linked) == "file current changed"


def test_that_there_is_no_link_counts(linked: Path, see: See) -> None:
    observed = see(lambda: os.path.islink("one"))
    (linked / "one").write_text("changed, and no link")
    assert still_holds(observed, root=linked) is None
    (linked / "one").unlink()
    (linked / "one").symlink_to("two")
    assert still_holds(observed, root=linked) == "one was no link and is a link to two"


def test_a_link_that_leads_nowhere_is_something(root: Path, see: See) -> None:
    observed = see(lambda: os.path.lexists("current"))
    assert still_holds(observed, root=root) is None
    (root / "current").symlink_to("nowhere")
    assert still_holds(observed, root=root) == "current was no link and is a link to nowhere"


def test_a_link_that_the_stage_makes_is_its_own(root: Path, see: See) -> None:
    def stage() -> None:
        os.symlink("one", "made")
        os.readlink("made")
        os.lstat("made")

    (root / "one").write_text("1")
    assert still_holds(see(stage), root=root) is None


def test_folders_above_are_not_looked_at(root: Path, see: See) -> None:
    (root / "a" / "b").mkdir(parents=True)
    assert see(lambda: Path("a/b").resolve()).files == {}


MODES: dict[str, Callable[[], Any]] = {
    "os.access": lambda: os.access("tool", os.X_OK),
    "shutil.which": lambda: shutil.which("tool", path="."),
    "os.stat": lambda: os.stat("tool").st_mode & stat.S_IXUSR,
}


@pytest.mark.parametrize("ask", MODES)
def test_whether_a_file_may_be_run_counts(ask: str, root: Path, see: See) -> None:
    (root / "tool").write_text("tool")
    (root / "tool").chmod(0o644)
    observed = see(MODES[ask], closure=Code(MODES[ask]))
    assert still_holds(observed, root=root) is None
    (root / "tool").chmod(0o755)
    assert still_holds(observed, root=root) == "tool may be run now"


def test_whether_it_may_be_run_does_not_count_for_who_only_reads_it(root: Path, see: See) -> None:
    (root / "tool").write_text("tool")
    observed = see(lambda: (os.path.exists("tool"), os.access("tool", os.R_OK), Path("tool").read_text()))
    (root / "tool").chmod(0o755)
    assert still_holds(observed, root=root) is None


def test_kinds_of_entries_count_and_sizes_where_code_asks_for_them(root: Path, see: See) -> None:
    def kinds() -> list[bool]:
        return [entry.is_dir() for entry in os.scandir("rows")]

    def sizes() -> list[int]:
        return [entry.stat().st_size for entry in os.scandir("rows")]

    (root / "rows").mkdir()
    (root / "rows" / "a").write_text("1")
    of_kinds, of_sizes = see(kinds, closure=Code(kinds)), see(sizes, closure=Code(sizes))
    assert still_holds(of_kinds, root=root) is still_holds(of_sizes, root=root) is None
    (root / "rows" / "a").write_text("12")
    assert still_holds(of_kinds, root=root) is None
    assert still_holds(of_sizes, root=root) == "directory rows has other names in it"
    (root / "rows" / "a").unlink()
    (root / "rows" / "a").mkdir()
    assert still_holds(of_kinds, root=root) == "directory rows has other names in it"
