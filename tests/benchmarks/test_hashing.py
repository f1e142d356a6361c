"""The benchmark of digests runs, small and without peers: what it prints, never how long anything took."""

import re
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "hashing.py"


def test_the_benchmark_prints_its_table(tmp_path: Path) -> None:
    output = tmp_path / "table.txt"
    command = [sys.executable, str(SCRIPT), "--quick", "--without-peers", "--output", str(output)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr
    assert output.read_text() == done.stdout
    for line in ("array, 256 MB of float64", "frame, 1M rows, mixed", "list of 1M ints", "arguments of a call"):
        assert re.search(rf"^{line} +[0-9.]+ [um]s", done.stdout, re.MULTILINE), done.stdout
