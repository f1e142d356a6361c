"""What is equal has one digest: however it was made, and in every process."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.foundations.keys.differing import FAMILIES
from tests.foundations.keys.equal import PAIRS
from tests.foundations.keys.samples import digest

SCRIPT = """
import json
from tests.foundations.keys.differing import FAMILIES
from tests.foundations.keys.equal import PAIRS
from tests.foundations.keys.samples import digest
found = {name: [digest(make()) for make in pair] for name, pair in PAIRS.items()}
found |= {f"family {name}": [digest(value) for value in family()] for name, family in FAMILIES.items()}
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, list[str]]]:
    """All digests, as two other processes have them."""
    running = []
    for seed in ("1", "2"):
        variables = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[3])}
        folder = tmp_path_factory.mktemp("elsewhere")
        command = [sys.executable, "-c", SCRIPT]
        running.append(subprocess.Popen(command, env=variables, cwd=folder, stdout=subprocess.PIPE, text=True))
    found: list[Any] = []
    for process in running:
        printed, _ = process.communicate(timeout=250)
        assert process.returncode == 0
        found.append(json.loads(printed))
    return found


@pytest.mark.parametrize("name", PAIRS)
def test_what_is_equal_has_one_digest_in_every_process(name: str, elsewhere: list[dict[str, list[str]]]) -> None:
    one, other = (digest(make()) for make in PAIRS[name])
    assert one == other
    assert [found[name] for found in elsewhere] == [[one, other], [one, other]]


@pytest.mark.parametrize("name", FAMILIES)
def test_what_is_made_once_more_has_the_same_digest_elsewhere(name: str, elsewhere: list[dict[str, list[str]]]) -> None:
    here = [digest(value) for value in FAMILIES[name]()]
    assert [found[f"family {name}"] for found in elsewhere] == [here, here]
