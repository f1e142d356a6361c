"""Every edit in the tables: code that does the same keeps its digest, in another directory and process too."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.foundations.keys.edits.classes import CLASSES
from tests.foundations.keys.edits.edit import Edit
from tests.foundations.keys.edits.functions import FUNCTIONS
from tests.foundations.keys.edits.modules import MODULES
from tests.foundations.keys.edits.more import MORE
from tests.foundations.keys.projects import Digester, digester, write

EDITS = [edit for edit in [*FUNCTIONS, *CLASSES, *MODULES, *MORE] if sys.version_info >= edit.since]


@pytest.fixture(scope="module")
def one() -> Iterator[Digester]:
    with digester(1) as process:
        yield process


@pytest.fixture(scope="module")
def other() -> Iterator[Digester]:
    with digester(2) as process:
        yield process


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.name)
def test_closure_changes_if_and_only_if_the_stage_does(
    edit: Edit, one: Digester, other: Digester, tmp_path: Path
) -> None:
    before = one.digest(write(tmp_path / "before", edit.before), edit.function, paths=edit.paths)
    same = other.digest(write(tmp_path / "elsewhere" / "same", edit.before), edit.function, paths=edit.paths)
    assert before["digest"] == same["digest"], "the same code has two digests"
    after = other.digest(write(tmp_path / "after", edit.after), edit.function, paths=edit.paths)
    assert (before["digest"] == after["digest"]) is edit.hits


def test_names_of_edits_are_their_own() -> None:
    assert len({edit.name for edit in EDITS}) == len(EDITS)
