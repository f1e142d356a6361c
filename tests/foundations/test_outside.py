"""Code beside the project, as cache keys count it."""

from pathlib import Path

import pytest

from foundations import outside
from foundations.outside import outside_code


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "library"
    folder.mkdir()
    (folder / "mylib.py").write_text("def f():\n    return 'old'\n")
    monkeypatch.syspath_prepend(folder)
    return folder


def test_an_edit_of_code_on_the_path_is_seen(tmp_path: Path, library: Path) -> None:
    before = outside_code(tmp_path / "project")
    (library / "mylib.py").write_text("def f():\n    return 'new'\n")
    assert outside_code(tmp_path / "project") != before


def test_the_project_itself_and_what_is_installed_do_not_count(tmp_path: Path, library: Path) -> None:
    with_library = outside_code(tmp_path / "project")
    assert [entry for entry in outside_code(library) if entry.startswith("mylib.py=")] == []
    assert [entry.partition("=")[0] for entry in with_library if "mylib" in entry] == ["mylib.py"]
    assert not any("json/decoder.py" in entry or "pandas" in entry for entry in with_library)


def test_more_code_than_can_be_looked_at_is_refused(
    tmp_path: Path, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outside, "_MOST_FILES", 3)
    for number in range(5):
        (library / f"m{number}.py").touch()
    with pytest.raises(ValueError, match="take the folder off PYTHONPATH"):
        outside_code(tmp_path / "project")
