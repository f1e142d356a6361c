import os
import sys
import sysconfig
from pathlib import Path

import pytest

from foundations.keys.places import Places, absolute, is_of_the_system


def test_names_are_relative_to_the_project_and_whole_elsewhere(tmp_path: Path) -> None:
    places = Places(tmp_path)
    assert places.name(f"{tmp_path}/a/b") == "a/b"
    assert places.name(str(tmp_path)) == "."
    assert places.name(f"{tmp_path}2/a") == f"{tmp_path}2/a"


def test_a_project_reached_by_a_link_is_the_same(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    places = Places(tmp_path / "link")
    assert places.name(f"{tmp_path}/link/a") == places.name(f"{tmp_path}/real/a") == "a"


def test_what_is_pythons_own(tmp_path: Path) -> None:
    places = Places(tmp_path)
    for path in (os.__file__, f"{sysconfig.get_path('purelib')}/x/data.csv", "/usr/share/zoneinfo/UTC", sys.executable):
        assert places.is_library(path), path
    for path in (f"{tmp_path}/a", "/etc/passwd", "/usr/share/dict/words", f"{sys.prefix}/share/nltk_data/x"):
        assert not places.is_library(path), path


def test_a_project_within_a_folder_of_python_is_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("site.getsitepackages", lambda: [str(tmp_path)])
    assert Places(tmp_path / "elsewhere").is_library(f"{tmp_path}/a") is False
    assert Places(tmp_path.parent / "other").is_library(f"{tmp_path}/a")


def test_which_code_is_the_users(tmp_path: Path) -> None:
    places = Places(tmp_path)
    assert places.owns(f"{tmp_path}/models/a.py")
    assert places.owns("driver.py")
    for file in ("", "<string>", os.__file__, "/elsewhere/a.py"):
        assert not places.owns(file)


def test_folders_above(tmp_path: Path) -> None:
    places = Places(tmp_path / "model")
    assert places.is_above(str(tmp_path))
    assert places.is_above("/")
    assert places.is_above(f"{tmp_path}/model")
    assert not places.is_above(f"{tmp_path}/model/sub")
    assert not places.is_above(f"{tmp_path}/mod")


@pytest.mark.parametrize(
    ("path", "is_made_up"),
    [
        ("/proc", True),
        ("/proc/1/x", True),
        ("/dev/null", True),
        ("/devel/x", False),
        ("/dev/shm/x", False),
        ("/sy", False),
    ],
)
def test_what_the_system_makes_up(path: str, is_made_up: bool) -> None:
    assert is_of_the_system(path) is is_made_up


def test_absolute_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    here = str(tmp_path)
    assert absolute("a") == absolute(b"a") == absolute(Path("a")) == f"{here}/a"
    assert absolute("sub/../a") == absolute("./a/") == absolute("a//") == f"{here}/a"
    assert absolute(None) == here
    assert absolute("a", "/other") == "/other/a"
    assert absolute(1.5) is None
    assert absolute(10**6) is None
    descriptor = os.open("sub", os.O_RDONLY)
    try:
        assert absolute(descriptor) == f"{here}/sub"
    finally:
        os.close(descriptor)


def test_where_the_directory_is_gone_nothing_is_relative_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert absolute("a") is None
    assert absolute("/a") == "/a"
