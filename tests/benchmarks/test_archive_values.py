"""The benchmark of large values runs, small: what it prints, never how long anything took."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from foundations_archive import S3Settings

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "archive_values.py"


@pytest.mark.s3
def test_the_benchmark_prints_its_three_tables(tmp_path: Path, s3_settings: S3Settings) -> None:
    del s3_settings  # it starts a server of its own, where one can be started
    output = tmp_path / "table.txt"
    command = [sys.executable, str(SCRIPT), "--mib", "20", "--rounds", "1", "--jobs", "2", "--output", str(output)]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHON": sys.executable}
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=200, env=environment)
    assert done.returncode == 0, done.stderr
    assert output.read_text() == done.stdout
    for line in ("persisted, Foundations", "read, Foundations", "20 ms a round trip", "submit, start, append, finish"):
        assert re.search(rf"^{line} +[0-9.]+ ", done.stdout, re.MULTILINE), done.stdout
