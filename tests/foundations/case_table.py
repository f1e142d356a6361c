"""The table of edits in `cache_cases`, one folder each: read, and laid out as projects on the disk.

`before` holds a project, `after` the files that the edit changes; `outside_before` and `outside_after` what lies beside
the project, at a path that stays the same. `case.toml` says what shall become of the stage that is run when the
edited project is run where the other's results are cached, and why:

- `expect`: `hit`, `miss`, `never` (computed in every run, even of an unchanged project), `either` (if only it is right)
- `stages`: the same for other stages of the job
- `same_answer`: the answer stays what it was, though there is nothing to rely on that
- `variables`: environment variables before and after; `python_path`: what lies beside the project is importable
- `deleted`, `deleted_outside`: files that the edit removes
- `needs`: options that the case is about; `requires`: packages; `min_python`: the first Python that it is for

A driver makes the stage `target`, and `options` for its run where there are any; without one, it is `DRIVER`.
"""

import functools
import json
import os
import shutil
import sqlite3
import sys
import tomllib
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

CASES = Path(__file__).parent / "cache_cases"

DRIVER = """\
from foundations import create_stage as stage
from model import answer

target = stage(answer)().enable_caching()
"""

RUN = """

import sys

options = globals().get("options", {})
if sys.argv[1:] == ["uncached"]:
    options.pop("refresh", None)
    print("answer:", repr(target.run_same_process(**options)))
else:
    print("answer:", repr(target.persist().run(**options).result()))
"""

Expectation = Literal["hit", "miss", "never", "either"]
When = Literal["before", "after"]

_LONG_AGO = 1_600_000_000


@dataclass(frozen=True)
class Case:
    """One edit of a project, and what shall become of its stages."""

    folder: Path
    expect: Expectation
    why: str
    stages: Mapping[str, Expectation] = field(default_factory=dict)
    same_answer: bool = False
    variables: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    python_path: bool = False
    deleted: tuple[str, ...] = ()
    deleted_outside: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    min_python: str = "3.11"

    @property
    def name(self) -> str:
        """The category and the case: `functions/own_constant`."""
        return self.folder.relative_to(CASES).as_posix()

    @property
    def category(self) -> str:
        """The folder that the case lies in."""
        return self.folder.parent.name

    @property
    def must_recompute(self) -> bool:
        """Whether something has to be computed after the edit that an unchanged project may have cached, or never."""
        return self.expect in ("miss", "never") or "never" in self.stages.values()

    def lay_out(self, when: When, root: Path, outside: Path) -> None:
        """Write the project as it is before or after the edit, and what lies outside it, to new directories."""
        shutil.rmtree(outside, ignore_errors=True)
        for place, prefix, deleted in ((root, "", self.deleted), (outside, "outside_", self.deleted_outside)):
            place.mkdir(parents=True)
            _overlay(self.folder / f"{prefix}before", place)
            if when == "after":
                _overlay(self.folder / f"{prefix}after", place)
                for path in deleted:
                    Path(place, path).unlink()
            _make_binary(place)
            for path in sorted(place.rglob("*")):
                os.utime(path, (_LONG_AGO, _LONG_AGO), follow_symlinks=False)  # a new content, and the same time
        driver = root / "driver.py"
        driver.write_text((driver.read_text() if driver.exists() else DRIVER) + RUN)
        (root / "config").mkdir()  # it looks like a project of its own, wherever it lies

    def variables_of(self, when: When, outside: Path) -> dict[str, str]:
        """Return the environment variables that the project is run with."""
        path = {"PYTHONPATH": str(outside)} if self.python_path else {}
        return {"OUTSIDE": str(outside), **path, **self.variables.get(when, {})}


@functools.cache
def all_cases() -> tuple[Case, ...]:
    """Return every case of the table, in the order of its names."""
    return tuple(_read(header.parent) for header in sorted(CASES.glob("*/*/case.toml")))


def _read(folder: Path) -> Case:
    header: dict[str, Any] = tomllib.loads((folder / "case.toml").read_text())
    lists = {name: tuple(value) for name, value in header.items() if isinstance(value, list)}
    case = Case(folder, **{**header, **lists})
    assert {case.expect, *case.stages.values()} <= {"hit", "miss", "never", "either"}, folder
    return case


def _overlay(source: Path, place: Path) -> None:
    if source.is_dir():
        for path in sorted(source.rglob("*")):
            target = place / path.relative_to(source)
            if path.is_symlink():
                target.unlink(missing_ok=True)
                target.symlink_to(path.readlink())
            elif path.is_dir():
                target.mkdir(exist_ok=True)
            else:
                target.write_bytes(path.read_bytes())


def _make_binary(place: Path) -> None:
    """Make the files that a case holds as text: `rows.sqlite.sql`, `rows.npy.json`, `rows.parquet.json`."""
    for suffix, make in _BINARY.items():
        for source in sorted(place.rglob(f"*{suffix}")):
            make(source.with_suffix(""), source.read_text())
            source.unlink()


def _sqlite(path: Path, text: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(text)


def _numpy(path: Path, text: str) -> None:
    import numpy as np

    np.save(path, np.array(json.loads(text)))


def _parquet(path: Path, text: str) -> None:
    import pandas as pd

    pd.DataFrame(json.loads(text)).to_parquet(path)


_BINARY: dict[str, Callable[[Path, str], None]] = {
    ".sqlite.sql": _sqlite,
    ".npy.json": _numpy,
    ".parquet.json": _parquet,
}


def python_is_new_enough(case: Case) -> bool:
    """Tell whether a case is for this Python."""
    return sys.version_info[:2] >= tuple(int(part) for part in case.min_python.split("."))
