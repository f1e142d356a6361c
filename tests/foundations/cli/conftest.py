"""What the tests of the command share: it runs as users run it, a process of its own in a folder of theirs."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Shell:
    """A user's folder and their home for Foundations; nothing in the tests' own environment selects anything."""

    folder: Path
    home: Path

    @property
    def environment(self) -> dict[str, str]:
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith(("FOUNDATIONS_", "PYTHON"))
        }
        return {**inherited, "FOUNDATIONS_HOME": str(self.home), "PYTHONIOENCODING": "utf-8"}

    def write(self, path: str, text: str) -> Path:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def python(self, *arguments: str, cwd: Path | None = None, **variables: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=cwd or self.folder,
            env={**self.environment, **variables},
            capture_output=True,
            check=False,
            timeout=120,
            encoding="utf-8",
        )

    def foundations(
        self, *arguments: str, cwd: Path | None = None, **variables: str
    ) -> "subprocess.CompletedProcess[str]":
        return self.python("-m", "foundations", *arguments, cwd=cwd, **variables)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    folder = (tmp_path / "folder").resolve()
    folder.mkdir()
    return Shell(folder, tmp_path / "home")


@pytest.fixture
def shared_home(foundations_home: Path, tmp_path: Path) -> dict[str, str]:
    """Variables for tests that run jobs: all use one home, so that our runtime is built once, and an archive each."""
    return {"FOUNDATIONS_HOME": str(foundations_home), "FOUNDATIONS_ARCHIVE": str(tmp_path / "archive")}
