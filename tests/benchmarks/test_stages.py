"""The benchmark of stages runs, small and without peers: what it prints, never how long anything took."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.cases import peers

REPOSITORY = Path(__file__).parents[2]
SCRIPT = REPOSITORY / "benchmarks" / "stages.py"


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> str:
    output = tmp_path_factory.mktemp("benchmark") / "stages.txt"
    printed = benchmark("--output", str(output))
    assert output.read_text() == printed
    return printed


def benchmark(*options: str) -> str:
    command = [sys.executable, str(SCRIPT), "--quick", "--without-peers", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "title", ["chain of 20", "chain of 50", "fan-out of 20, and a join", "fan-out of 50, and a join"]
)
def test_every_shape_and_size_has_a_table_with_our_figures(table: str, title: str) -> None:
    rows = table.partition(f"\n{title} ")[2].partition("\n\n")[0].splitlines()[1:]
    names = [re.split(r" {2,}", row)[0] for row in rows]
    assert names[:3] == ["plain Python loop", "Foundations", "Foundations, every stage cached"]
    for row in rows[:3]:
        assert row.endswith(" 1")
        assert len(re.findall(r"-?[\d,]+\.\d\b", row)) >= 4


def test_a_metric_has_a_cost_and_its_worker_a_size(table: str) -> None:
    rows = table.partition("\nlog_metric ")[2].splitlines()[1:]
    for row, name in zip(rows[:2], ("list.append", "Foundations"), strict=True):
        figures = row.removeprefix(name).split()
        assert len(figures) == 7
        assert all(float(figure.replace(",", "")) > 0 for figure in figures[3:5])
        assert figures[5:] == ["500", "1"]


def test_a_peer_that_did_not_run_is_in_every_table_with_the_reason(table: str) -> None:
    for peer, tables in (("joblib", 8), ("redun", 4), ("Prefect", 4), ("MLflow", 1)):
        rows = [line for line in table.splitlines() if line.startswith(peer)]
        assert len(rows) == tables
        assert all(row.endswith("   left out with --without-peers") for row in rows)


def test_what_takes_longer_than_the_limit_is_ended_and_said_to_be() -> None:
    rows = [line for line in benchmark("--limit", "0.001").splitlines() if line.startswith("Foundations")]
    assert len(rows) == 9
    assert all(row.endswith("   not done after 0.001 s") for row in rows)


def test_a_peer_that_cannot_be_installed_says_why_and_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peers, "_PLACE", tmp_path)
    peer = peers.Peer("nobody", ("./nobody-1.0-py3-none-any.whl",))
    for _ in range(2):
        with pytest.raises(peers.NotInstalled, match="nobody"):
            peers.python_of(peer)
