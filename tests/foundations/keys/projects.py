"""Projects in directories of their own, and processes with different hash seeds that digest what is in them."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DIGESTER = Path(__file__).with_name("digester.py")


@dataclass
class Digester:
    """A process that digests."""

    process: "subprocess.Popen[str]"

    def digest(
        self, root: Path, *functions: str, paths: Sequence[str] = (), pickled: bytes | None = None
    ) -> dict[str, Any]:
        """Return what is known of the closure of the last function; raise where the project's own code does."""
        question = {"root": str(root), "functions": list(functions or ["stage:train"])}
        question |= {"paths": [str(root / path) for path in paths], "pickled": pickled.hex() if pickled else None}
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        assert "error" not in answer, answer["error"]
        return answer


@contextmanager
def digester(hash_seed: int, python: str = sys.executable) -> Iterator[Digester]:
    """Start a process that digests, and end it."""
    environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [python, str(DIGESTER)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        yield Digester(process)
        assert process.stdin is not None
        process.stdin.close()


def write(root: Path, files: Mapping[str, str]) -> Path:
    """Write a project's files."""
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root
