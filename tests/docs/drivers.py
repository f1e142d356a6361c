"""The code of a page, run as a reader would run it."""

import os
import subprocess
import sys
from pathlib import Path


def ran(code: str, folder: Path, *, home: Path) -> "subprocess.CompletedProcess[str]":
    """Run `code` as driver.py in `folder`, in the environment `local`, and return what came of it: it has succeeded."""
    (folder / "driver.py").write_text(code)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FOUNDATIONS_")}
    done = subprocess.run(
        [sys.executable, "driver.py"],
        cwd=folder,
        env={**environment, "FOUNDATIONS_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    return done
