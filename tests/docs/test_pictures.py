"""docs/pictures.md: its driver runs, and prints the picture that the page shows."""

import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

PAGE = Path(__file__).parents[2] / "docs" / "pictures.md"


def test_the_pages_driver_prints_the_picture_that_it_shows_and_saves_two(tmp_path: Path) -> None:
    blocks = dict(re.findall(r"^```(\w+)\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL))
    (tmp_path / "driver.py").write_text(blocks["python"])
    environment = {**os.environ, "FOUNDATIONS_HOME": str(tmp_path / "home")}
    environment.pop("FOUNDATIONS_ENVIRONMENT", None)
    command = [sys.executable, "driver.py"]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == blocks["mermaid"]
    before, after = (ElementTree.parse(tmp_path / name).getroot() for name in ("before.svg", "after.svg"))
    assert before.get("aria-label") == "4 stages, not run"
    assert re.fullmatch(r"job \S+: Completed in .+", after.get("aria-label") or "")
