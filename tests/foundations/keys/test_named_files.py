"""The files that strings and paths in a value name are found."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from foundations.keys.named_files import MOST_FILES
from foundations.keys.values import value_digest
from tests.foundations.keys import samples as s


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    for name in ("a.csv", "b", "data/c.parquet"):
        (tmp_path / name).write_text("x")
    return tmp_path


def files(value: Any) -> tuple[str, ...]:
    return value_digest(value, code=s.code_of).files


def test_files_are_found_wherever_they_are_named(here: Path) -> None:
    absolute = str(here / "a.csv")
    assert files("a.csv") == ("a.csv",)
    assert files(Path("data/c.parquet")) == ("data/c.parquet",)
    assert files(absolute) == (absolute,)
    assert files({"x": ["b", 1], "a.csv": s.Data({"data/c.parquet"})}) == ("a.csv", "b", "data/c.parquet")
    assert files([s.Plain(path=Path("b")), bytearray()]) == ("b",)


@pytest.mark.parametrize(
    "make",
    [
        np.array,
        lambda names: np.array(names, dtype=object),
        lambda names: np.array(names, dtype=np.dtypes.StringDType()),
        lambda names: pd.DataFrame({"file": [*names, None]}),
        lambda names: pd.DataFrame({"file": names}, dtype=object),
        lambda names: pd.Series(names, dtype=pd.StringDtype("python")),
        lambda names: pd.Series(names, dtype="category"),
        lambda names: pd.DataFrame({"x": [1, 2]}, index=names),
        lambda names: pa.table({"file": [*names, None]}),
        lambda names: pa.array(names).dictionary_encode(),
        lambda names: pl.DataFrame({"file": [*names, None]}),
        lambda names: pl.Series(names, dtype=pl.Categorical),
    ],
)
def test_files_are_found_in_arrays_and_frames(here: Path, make: Callable[[list[str]], Any]) -> None:
    assert files(make(["a.csv", "no"])) == ("a.csv",)
    assert files([make(["data/c.parquet", "a.csv"])]) == ("a.csv", "data/c.parquet")


def test_what_names_no_file_is_none(here: Path) -> None:
    assert files(["missing", "", "a\0b", "x" * 10_000, "\ud800", b"a.csv", 1, "a.csv\n"]) == ()


def test_few_are_found_among_many_words(here: Path) -> None:
    words = [f"word {number}" for number in range(100_000)]
    assert files([*words, "b", "data/c.parquet", "data/none", "and/or"]) == ("b", "data/c.parquet")


def test_directories_are_found(here: Path) -> None:
    assert files("data") == ("data",)
    assert files([Path("data"), str(here / "data")]) == tuple(sorted(("data", str(here / "data"))))


def test_a_word_is_no_directory_of_code_and_one_of_many_words_is_none(here: Path) -> None:
    (here / "train" / "steps").mkdir(parents=True)
    (here / "train" / "steps" / "first.py").touch()
    assert files("train") == ()
    assert files("train/steps") == ("train/steps",)
    assert files(["data"] * 100) == ()
    assert files(["data/"] * 100) == ("data/",)


def test_more_than_can_be_looked_at_say_so(here: Path) -> None:
    names = [f"{number:05}.txt" for number in range(MOST_FILES + 100)]
    for name in names:
        (here / name).touch()
    assert len(files(names)) == MOST_FILES + 1


def test_a_folder_that_is_gone_is_no_reason_to_fail(here: Path) -> None:
    (here / "gone").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(here / "gone")
        (here / "gone").rmdir()
        assert files([f"word {number}" for number in range(1000)]) == ()
