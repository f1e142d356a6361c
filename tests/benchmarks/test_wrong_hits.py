"""The benchmark of wrong hits runs, with few edits and without what has to be installed: what it finds, and says."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
SCRIPT = REPOSITORY / "benchmarks" / "wrong_hits.py"
OURS = ("Foundations", "whole model directory")


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> str:
    output = tmp_path_factory.mktemp("benchmark") / "wrong_hits.txt"
    command = [sys.executable, str(SCRIPT), "--quick", "--only", *OURS, "--output", str(output)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, done.stderr
    assert output.read_text() == done.stdout
    return done.stdout


def test_every_edit_has_one_verdict(table: str) -> None:
    edits = int(re.match(r"\d+", table)[0])  # type: ignore[index]
    rows = [row for row in table.partition("\nall edits ")[2].splitlines()[1:3] if row]
    assert [re.split(r" {2,}", row)[0] for row in rows] == list(OURS)
    for row in rows:
        assert sum(int(figure) for figure in re.findall(r"\d+$|\d+(?= )", row)) == edits


def test_what_counts_every_file_computes_needlessly_and_can_be_run(table: str) -> None:
    row = next(row for row in table.splitlines() if row.startswith("whole model directory"))
    right, _, needless, errors = (int(figure) for figure in row.split()[-4:])
    assert right
    assert needless
    assert not errors


@pytest.mark.parametrize("verdict", ["wrong", "needless", "error"])
def test_verdicts_are_told_by_category(table: str, verdict: str) -> None:
    rows = table.partition(f"\n{verdict:20}")[2].partition("\n\n")[0].splitlines()[1:]
    assert {row.split()[0] for row in rows} >= {"arguments", "cosmetic", "functions"}
