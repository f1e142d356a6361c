"""Source files: what they say, and which names may stand in them."""

import re
from pathlib import Path

import pytest

from foundations.keys.module_source import ModuleSource, Sources

NAMES = re.compile("importlib|coding[:=]")


def _read(file: Path, data: bytes) -> ModuleSource:
    file.write_bytes(data)
    found = Sources().of(str(file))
    assert found is not None
    return found


@pytest.mark.parametrize(
    "data",
    [
        b"import importlib\n",
        "import \N{FULLWIDTH LATIN SMALL LETTER I}mportlib\n".encode(),
        b"# coding: utf-7\nimport +AGk-mportlib\n",
    ],
    ids=["plainly", "in other letters", "in an encoding of its own"],
)
def test_names_are_seen_however_they_are_written(tmp_path: Path, data: bytes) -> None:
    assert _read(tmp_path / "module.py", data).mentions(NAMES)


def test_names_that_stand_nowhere_are_not_there(tmp_path: Path) -> None:
    assert not _read(tmp_path / "module.py", b"import math\n").mentions(NAMES)


def test_definitions_are_found_with_their_decorators(tmp_path: Path) -> None:
    text = b"import math\n\n@staticmethod\ndef one():\n    return 1\n\nclass Two:\n    def three(self):\n        pass\n"
    source = _read(tmp_path / "module.py", text)
    assert source.between(*source.places["one"]) == "@staticmethod\ndef one():\n    return 1\n"
    assert source.between(*source.places["Two.three"]) == "    def three(self):\n        pass\n"


def test_what_is_no_python_has_no_source(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_bytes(b"def one(:\n")
    assert Sources().of(str(tmp_path / "module.py")) is None
    assert Sources().of(str(tmp_path / "missing.py")) is None
