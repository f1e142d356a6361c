"""A file that a stage misses and that is there where the driver runs: why it stayed behind, and what to do."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from foundations.left_behind import left_behind
from foundations.originals import described, original
from foundations.walk import find_files


def missing(path: object) -> BaseException | None:
    """The cause of a failed job, as the driver gets it."""
    return original(described(FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)))


def project(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.mark.parametrize(
    ("ignored", "file", "line"),
    [
        ("data/", "data/train.csv", "data/"),
        ("data", "data/raw/2024/train.csv", "data/"),
        ("raw/", "data/raw/train.csv", "data/raw/"),
        ("*.csv", "data/train.csv", "data/train.csv"),
        ("/train.csv", "train.csv", "train.csv"),
    ],
)
def test_a_file_that_is_ignored_is_told_of_with_the_line_that_brings_it_along(
    tmp_path: Path, ignored: str, file: str, line: str
) -> None:
    project(tmp_path, {".gitignore": ignored, file: "x", "driver.py": ""})
    hint = left_behind(missing(file), tmp_path, directory=".")
    assert hint is not None
    assert f"foundations: {file} is in the model directory and stays behind" in hint
    assert f"a line !{line} in .foundationsignore" in hint
    project(tmp_path, {".foundationsignore": f"!{line}"})
    assert file in [found.path for found in find_files(tmp_path)]
    assert left_behind(missing(file), tmp_path, directory=".") is None


def test_a_folder_and_a_path_from_the_drivers_own_folder_are_told_of(tmp_path: Path) -> None:
    project(tmp_path, {"notebooks/.gitignore": "data/", "notebooks/data/train.csv": "x"})
    for path in ("data", "./data/train.csv", "../notebooks/data/train.csv"):
        assert "!notebooks/data/ " in (left_behind(missing(path), tmp_path, directory="notebooks") or "")


def test_an_absolute_path_in_a_jobs_copy_is_found_in_the_model_directory(tmp_path: Path) -> None:
    project(tmp_path, {".gitignore": "data/", "data/train.csv": "x"})
    hint = left_behind(missing("/tmp/job-17/model/data/train.csv"), tmp_path, directory=".")
    assert (hint or "").startswith("foundations: data/train.csv is in the model directory")


def test_a_file_outside_of_the_model_directory_is_told_of(tmp_path: Path) -> None:
    root = project(tmp_path / "model", {"driver.py": ""})
    outside = project(tmp_path, {"train.csv": "x"}) / "train.csv"
    for path in ("../train.csv", str(outside)):
        hint = left_behind(missing(path), root, directory=".")
        assert hint is not None
        assert f"{path} is on this machine, outside of the model directory {root}" in hint


@pytest.mark.parametrize(
    "error",
    [
        missing("nothing.csv"),
        missing("driver.py"),
        missing("."),
        missing(""),
        missing("/"),
        missing("x" * 5000),
        missing(3),
        missing(b"data/train.csv"),
        missing(Path("data/train.csv")),
        FileNotFoundError(),
        FileNotFoundError("data/train.csv not found"),
        FileNotFoundError(errno.ENOENT, "no", "a\0b"),
        ValueError("data/train.csv"),
        None,
    ],
)
def test_nothing_is_said_of_what_has_another_reason(tmp_path: Path, error: Any) -> None:
    project(tmp_path, {"driver.py": "", ".gitignore": "data/", "data/train.csv": "x"})
    assert left_behind(error, tmp_path, directory=".") is None
