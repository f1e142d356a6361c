import shutil
import subprocess
from pathlib import Path

import pytest

from foundations.ignore_files import never_packed, read_ignore_file
from foundations.walk import find_files


def lay(root: Path, *files: str, **ignore_files: str) -> None:
    for path in files:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("x")
    for name, text in ignore_files.items():
        folder = root if name in {"git", "foundations"} else root / name
        file = folder / (".foundationsignore" if name == "foundations" else ".gitignore")
        file.write_text(text)


def kept(root: Path) -> list[str]:
    return [file.path for file in find_files(root) if not file.path.endswith("ignore")]


@pytest.mark.parametrize(
    "path",
    [
        ".git/config", ".git", ".hg/x", ".svn/x", ".venv/x", "venv/lib/x.py", "a/__pycache__/m.pyc", "m.pyc",
        ".mypy_cache/x", ".pytest_cache/x", ".ruff_cache/x", ".ipynb_checkpoints/x.ipynb", "node_modules/x/y.js",
        ".tox/x", ".nox/x", ".eggs/x", "pkg.egg-info/PKG-INFO", "a/.DS_Store", "my env/pyvenv.cfg",
    ],
)  # fmt: skip
def test_what_no_job_needs_is_left_out(tmp_path: Path, path: str) -> None:
    lay(tmp_path, path, "keep.py")
    assert kept(tmp_path) == ["keep.py"]


def test_what_no_job_needs_can_not_be_taken_back(tmp_path: Path) -> None:
    # the usual way to keep only code must not bring version control and environments in
    lay(tmp_path, ".git/hook.py", ".venv/x.py", "a/m.py", "a/data", git="*\n!*/\n!*.py\n", foundations="!*\n!.git/\n")
    assert kept(tmp_path) == ["a/data", "a/m.py"]
    assert never_packed(".git")


def test_a_root_that_is_a_virtual_environment_is_still_packed(tmp_path: Path) -> None:
    lay(tmp_path, "pyvenv.cfg", "m.py")
    assert kept(tmp_path) == ["m.py", "pyvenv.cfg"]


def test_the_nearest_gitignore_has_the_last_word(tmp_path: Path) -> None:
    lay(tmp_path, "a.log", "sub/a.log", "sub/b.log", "other/a.log")
    lay(tmp_path, git="*.log\n", sub="!a.log\n")
    assert kept(tmp_path) == ["sub/a.log"]


def test_a_pattern_with_a_slash_is_about_the_folder_of_its_file(tmp_path: Path) -> None:
    lay(tmp_path, "data/x", "sub/data/x", "sub/deep/data/x", sub="/data\n")
    assert kept(tmp_path) == ["data/x", "sub/deep/data/x"]


def test_nothing_in_an_ignored_folder_can_be_taken_back(tmp_path: Path) -> None:
    lay(tmp_path, "data/keep.csv", "data/x", git="data/\n!data/keep.csv\n")
    assert kept(tmp_path) == []


def test_foundationsignore_takes_back_what_gitignore_names(tmp_path: Path) -> None:
    lay(tmp_path, "data/keep.csv", "data/sub/x", "model.bin", "notes.md")
    lay(tmp_path, git="data/\n*.bin\n", foundations="!/data/\n/data/sub/\nnotes.md\n")
    assert kept(tmp_path) == ["data/keep.csv"]


def test_foundationsignore_counts_in_the_root_only(tmp_path: Path) -> None:
    lay(tmp_path, "sub/x", "sub/.foundationsignore")
    (tmp_path / "sub/.foundationsignore").write_text("x\n")
    assert kept(tmp_path) == ["sub/x"]


def test_a_pattern_for_folders_names_no_link(tmp_path: Path) -> None:
    lay(tmp_path, "real/x", git="data/\n")
    (tmp_path / "data").symlink_to("real")
    assert kept(tmp_path) == ["data", "real/x"]


@pytest.mark.parametrize("text", ["!\n", "a\\\n", "//\n", "/\n", "[\n", "\n", "# x\n", "   \n", "\0\n"])
def test_a_line_that_can_not_be_right_names_nothing(tmp_path: Path, text: str) -> None:
    lay(tmp_path, "x", "a", git=text)
    assert kept(tmp_path) == ["a", "x"]


def test_line_ends_and_byte_order_marks_of_other_systems_are_understood(tmp_path: Path) -> None:
    lay(tmp_path, "x", "y", "z", "ü")
    (tmp_path / ".gitignore").write_bytes("\ufeffx\r\ny\r\nü".encode())
    assert kept(tmp_path) == ["z"]


def test_an_ignore_file_need_not_be_utf8(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_bytes(b"\xff\nx\n")
    lay(tmp_path, "x", "y")
    assert kept(tmp_path) == ["y"]


def test_a_gitignore_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    lay(tmp_path, "x", "patterns")
    (tmp_path / "patterns").write_text("x\n")
    (tmp_path / ".gitignore").symlink_to("patterns")
    assert kept(tmp_path) == ["patterns", "x"]


def test_a_file_that_is_not_there_is_an_error_of_the_caller(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_ignore_file(tmp_path / "gone", "")


@pytest.mark.skipif(shutil.which("git") is None, reason="git is the judge")
@pytest.mark.parametrize(
    "text",
    [
        "*", "*\n!*/\n!*.py", "*\n!a/\n!a/**", "/*\n!/a", "a/*\n!a/b", "a/*\n!a/b/", "a/**", "**/b", "a/**/b", "*/b",
        "*/*", "a/b", "b/", "/b", "!b\nb", "b\n!b", "[ab]", "[!a]*", "[^b]", "?", "*.py\n!a/*.py", "\\!x", "\\#h", "#h",
        "x\\ y", "x y  ", "x y\\ ", " b", "**", "**/", "a//b", "a.*", "foo**", "a/\n!a/", "*/\n!*/", "/**/b/", "[a-",
    ],
)  # fmt: skip
def test_git_ignores_the_same_files(tmp_path: Path, text: str) -> None:
    lay(
        tmp_path, "a/a", "a/b/a", "a/b/b/c.py", "a/c.py", "b/a/b", "b/b.txt", "c/b", "c.py", "!x", "#h", "x y", "x y ",
        "foobar/a", " b", "d/a/b/x", "[a-", git=text,
    )  # fmt: skip
    lay(tmp_path, d="!b\n/a/b/y\n")
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    listing = ["git", "-C", str(tmp_path), "ls-files", "-z", "--others", "--exclude-standard"]
    listed = subprocess.run(listing, check=True, capture_output=True, text=True).stdout
    assert [file.path for file in find_files(tmp_path)] == sorted(listed.split("\0")[:-1])
