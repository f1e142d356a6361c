import cProfile
import sys
import sysconfig
from pathlib import Path
from types import ModuleType

import pytest

from foundations.project import driver_directory, find_root, import_paths


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with the tests' folders in it, so that no file above them counts."""
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def folder(path: Path, *files: str) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    for file in files:
        (path / file).parent.mkdir(parents=True, exist_ok=True)
        (path / file).touch()
    return path


@pytest.mark.parametrize("marker", ["config/docker.config.yaml", "pyproject.toml", "requirements.txt"])
def test_the_nearest_folder_that_looks_like_a_project_is_the_root(tmp_path: Path, marker: str) -> None:
    folder(tmp_path / "outer", "pyproject.toml")
    project = folder(tmp_path / "outer/project", marker)
    assert find_root(folder(project / "a/b")) == project
    assert find_root(project) == project


def test_a_driver_outside_of_any_project_has_its_own_folder_as_root(tmp_path: Path) -> None:
    driver = folder(tmp_path / "a/b")
    assert find_root(driver) == driver


def test_a_file_named_config_makes_no_project(tmp_path: Path) -> None:
    driver = folder(tmp_path / "a/b")
    folder(tmp_path / "a", "config")
    assert find_root(driver) == driver


def test_the_home_is_a_root_only_for_a_driver_that_lies_there(home: Path) -> None:
    folder(home, "requirements.txt", "pyproject.toml")
    driver = folder(home / "work")
    assert find_root(driver) == driver
    assert find_root(home) == home


def test_nothing_above_the_home_is_a_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder(tmp_path, "requirements.txt")
    monkeypatch.setenv("HOME", str(folder(tmp_path / "me")))
    assert find_root(tmp_path / "me") == tmp_path / "me"
    assert find_root(folder(tmp_path / "me/work")) == tmp_path / "me/work"


def test_the_root_of_the_file_system_is_a_root_only_for_itself() -> None:
    assert find_root(Path("/")) == Path("/")


def test_a_driver_that_is_a_file_is_in_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder(tmp_path / "real", "driver.py")
    (tmp_path / "link.py").symlink_to("real/driver.py")
    main = ModuleType("__main__")
    main.__file__ = str(tmp_path / "link.py")
    monkeypatch.setitem(sys.modules, "__main__", main)
    # Python itself puts the folder of the real file on the path
    assert driver_directory() == tmp_path / "real"


@pytest.mark.parametrize("file", [None, "<stdin>", "gone.py"])
def test_a_prompt_or_a_notebook_is_in_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str | None
) -> None:
    main = ModuleType("__main__")
    if file is not None:
        main.__file__ = file
    monkeypatch.setitem(sys.modules, "__main__", main)
    monkeypatch.chdir(tmp_path)
    assert driver_directory() == tmp_path


@pytest.mark.parametrize(
    ("file", "package", "expected"),
    [
        ("app/driver.py", None, "app"),
        ("app/driver.py", "", "app"),
        ("app/driver.py", "app", "."),
        ("src/app/jobs/driver.py", "app.jobs", "src"),
        ("app/__main__.py", "app", "."),
    ],
)
def test_a_driver_in_a_package_starts_from_what_holds_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, package: str | None, expected: str
) -> None:
    folder(tmp_path, file)
    main = ModuleType("__main__")
    main.__file__, main.__package__ = str(tmp_path / file), package
    monkeypatch.setitem(sys.modules, "__main__", main)
    assert driver_directory() == tmp_path / expected


@pytest.mark.parametrize("file", [pytest.__file__, cProfile.__file__, sysconfig.get_path("scripts") + "/pytest"])
def test_a_driver_that_a_tool_runs_starts_from_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    assert Path(file).is_file()
    main = ModuleType("__main__")
    main.__file__, main.__package__ = file, "pytest"
    monkeypatch.setitem(sys.modules, "__main__", main)
    monkeypatch.chdir(tmp_path)
    assert driver_directory() == tmp_path


def test_import_paths_keep_their_order_after_the_drivers_folder(tmp_path: Path) -> None:
    root = folder(tmp_path / "root", "src/x.py", "lib/y.py", "jobs/driver.py")
    entries = [str(root / "src"), "/usr/lib", str(root / "lib"), str(root / "src"), str(tmp_path)]
    assert import_paths(root, entries, driver_dir=root / "jobs") == ("jobs", "src", "lib", ".")


def test_a_root_that_is_on_the_path_stays_where_it_is(tmp_path: Path) -> None:
    folder(tmp_path / "src")
    entries = [str(tmp_path), str(tmp_path / "src")]
    assert import_paths(tmp_path, entries, driver_dir=tmp_path) == (".", "src")


def test_an_empty_entry_means_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder(tmp_path / "here"))
    folder(tmp_path / "here/sub")
    assert import_paths(tmp_path, ["", "sub"], driver_dir=tmp_path) == (".", "here", "here/sub")


def test_an_entry_is_seen_through_links(tmp_path: Path) -> None:
    root = folder(tmp_path / "real", "src/x.py")
    (tmp_path / "link").symlink_to("real")
    assert import_paths(tmp_path / "link", [str(tmp_path / "link/src")], driver_dir=root) == (".", "src")


def test_installed_packages_and_what_is_not_there_are_left_out(tmp_path: Path) -> None:
    folder(tmp_path, "env/pyvenv.cfg", "env/lib/x.py", "lib/site-packages/x.py", "dist-packages/y/z.py")
    entries = ["env", "env/lib", "lib/site-packages", "dist-packages/y", "gone"]
    assert import_paths(tmp_path, [str(tmp_path / e) for e in entries], driver_dir=tmp_path) == (".",)


def test_a_project_inside_a_virtual_environment_keeps_its_paths(tmp_path: Path) -> None:
    root = folder(tmp_path / "env/project", "src/x.py")
    folder(tmp_path / "env", "pyvenv.cfg")
    assert import_paths(root, [str(root / "src")], driver_dir=root) == (".", "src")


def test_the_driver_is_found_where_none_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))
    monkeypatch.chdir(folder(tmp_path / "jobs"))
    assert import_paths(tmp_path, []) == ("jobs", ".")
