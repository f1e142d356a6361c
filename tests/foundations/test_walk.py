import os
import socket
from pathlib import Path

import pytest

from foundations import walk
from foundations.errors import BundleError
from foundations.walk import find_files, opened


def paths(root: Path, *excluded: Path) -> list[str]:
    return [file.path for file in find_files(root, excluded)]


def refusal(root: Path, *excluded: Path) -> BundleError:
    with pytest.raises(BundleError) as caught:
        find_files(root, excluded)
    return caught.value


def test_files_come_sorted_with_size_mode_and_target(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b/run.sh").write_text("echo")
    (tmp_path / "b/run.sh").chmod(0o755)
    (tmp_path / "b-a").write_text("")
    (tmp_path / "a").symlink_to("b")
    found = find_files(tmp_path)
    assert [(file.path, file.size, file.executable, file.link) for file in found] == [
        ("a", 0, False, "b"),
        ("b-a", 0, False, None),
        ("b/run.sh", 4, True, None),
    ]


def test_an_empty_root_has_no_files(tmp_path: Path) -> None:
    (tmp_path / "empty/folder").mkdir(parents=True)
    assert paths(tmp_path) == []


def test_a_tree_deeper_than_recursion_is_walked(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["d"] * 300)
    deep.mkdir(parents=True)
    (deep / "f").touch()
    assert paths(tmp_path) == ["d/" * 300 + "f"]


@pytest.mark.parametrize("name", ["ü.py", "a b", "日本", "-rf", "~", "$HOME", "'\"", "12:30.csv", "..x", "*"])
def test_odd_names_travel(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    assert paths(tmp_path) == [name]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (b"a\nb", "control character"),
        (b"\x1b[31m", "control character"),
        (b"a\\b", "backslash"),
        (b"C:x", "not relative"),
        (b"\xff.py", "not valid UTF-8"),
    ],
)
@pytest.mark.parametrize("kind", ["file", "folder"])
def test_names_that_not_every_system_can_hold_are_refused(tmp_path: Path, name: bytes, reason: str, kind: str) -> None:
    path = os.path.join(os.fsencode(tmp_path), name)  # noqa: PTH118
    try:
        os.mkdir(path) if kind == "folder" else os.close(os.open(path, os.O_CREAT | os.O_WRONLY))  # noqa: PTH102
    except OSError:
        pytest.skip("this file system does not hold it either")
    error = refusal(tmp_path)
    assert error.paths == (os.fsdecode(name),)
    assert reason in str(error)
    # whatever the name is, the message can be shown
    assert str(error).encode()
    assert "\x1b" not in str(error)


@pytest.mark.parametrize(
    ("target", "kept"),
    [("data", "data"), ("./data", "data"), ("data/", "data"), ("data/sub/..", "data"), (".", "."), ("gone", "gone")],
)
def test_a_link_inside_is_kept_as_a_link(tmp_path: Path, target: str, kept: str) -> None:
    (tmp_path / "data/sub").mkdir(parents=True)
    (tmp_path / "data/f").touch()
    (tmp_path / "link").symlink_to(target)
    assert [(file.path, file.link) for file in find_files(tmp_path)] == [("data/f", None), ("link", kept)]


def test_links_that_go_in_circles_are_kept(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "self").symlink_to("self")
    (tmp_path / "d/up").symlink_to("..")
    assert [(file.path, file.link) for file in find_files(tmp_path)] == [("d/up", ".."), ("self", "self")]


@pytest.mark.parametrize("target", ["..", "../secret", "d/../../secret", "/etc/passwd", "../gone"])
def test_a_link_that_leads_outside_is_refused_by_name(tmp_path: Path, target: str) -> None:
    root = tmp_path / "root"
    (root / "d").mkdir(parents=True)
    (tmp_path / "secret").touch()
    (root / "link").symlink_to(target)
    error = refusal(root)
    assert error.paths == ("link",)
    assert "'link' is a link" in str(error)


def test_an_absolute_link_is_refused_even_if_it_leads_inside(tmp_path: Path) -> None:
    (tmp_path / "f").touch()
    (tmp_path / "link").symlink_to(tmp_path / "f")
    assert refusal(tmp_path).paths == ("link",)


def test_a_link_that_climbs_out_of_another_links_target_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/f").touch()
    (tmp_path / "to_b").symlink_to("a/b")
    (tmp_path / "link").symlink_to("to_b/../f")
    assert refusal(tmp_path).paths == ("link",)


def test_what_is_no_file_is_refused_by_name_and_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.chdir(tmp_path)  # the address of a socket has to be short
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("sock")
        error = refusal(tmp_path)
    assert error.paths == ("pipe", "sock")
    assert str(error) == (
        "these can't travel with a job; rename or remove them, or name them in .foundationsignore:\n"
        "  'pipe' is a fifo\n"
        "  'sock' is a socket"
    )


def test_many_refused_files_are_counted(tmp_path: Path) -> None:
    for number in range(12):
        os.mkfifo(tmp_path / f"pipe{number:02}")
    error = refusal(tmp_path)
    assert len(error.paths) == 12
    assert str(error).endswith("'pipe09' is a fifo\n  and 2 more")


def test_what_is_ignored_is_not_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / ".venv").symlink_to("/somewhere/else")
    (tmp_path / ".foundationsignore").write_text("pipe\n")
    assert paths(tmp_path) == [".foundationsignore"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_can_not_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "private").mkdir(mode=0o000)
    assert "'private' can't be read: Permission denied" in str(refusal(tmp_path))


def test_a_root_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert "'.' can't be read: No such file or directory" in str(refusal(tmp_path / "gone"))


def test_an_ignore_file_that_can_not_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / ".foundationsignore").mkdir()
    assert "'.foundationsignore' can't be read: Is a directory" in str(refusal(tmp_path))


def test_excluded_folders_are_left_out_however_they_are_written(tmp_path: Path) -> None:
    root = tmp_path / "root"
    for path in ("archive/jobs/x", "real/y", "m.py"):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()
    (root / "elsewhere").symlink_to(tmp_path)
    (tmp_path / "root_link").symlink_to("root")
    everywhere = (root / "archive", root / "elsewhere", tmp_path / "root_link/real", tmp_path, tmp_path / "other")
    assert paths(root, *everywhere) == ["m.py"]


def test_an_archive_that_is_the_root_itself_is_refused(tmp_path: Path) -> None:
    assert "give the archive a folder of its own" in str(refusal(tmp_path, tmp_path))


def test_too_many_files_name_the_fullest_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "MAX_FILES", 3)
    for path in ("a/1", "a/2", "a/3", "b/1", "m.py"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).touch()
    error = refusal(tmp_path)
    assert str(error).startswith("the bundle would have more than 3 files; most are in a (3)")
    assert error.paths[0] == "a"


def test_a_file_that_became_a_link_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "f").symlink_to("/etc/passwd")
    with pytest.raises(BundleError, match="'f' can't be read"), opened(tmp_path, "f"):
        pass
