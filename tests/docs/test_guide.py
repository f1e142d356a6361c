"""docs/guide.md, typed: its files are written, its commands run, and what it shows must appear."""

import os
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest

REPOSITORY = Path(__file__).parents[2]
GUIDE = REPOSITORY / "docs" / "guide.md"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"# ([\w./]+)\n")


@dataclass(frozen=True)
class Command:
    text: str
    shown: tuple[str, ...]

    @property
    def needs_docker(self) -> bool:
        return "FOUNDATIONS_ENVIRONMENT=docker" in self.text


def steps() -> Iterator[tuple[str, str] | Command]:
    for language, text in _BLOCK.findall(GUIDE.read_text()):
        named = _FILE.match(text)
        if language == "console":
            yield from commands(text)
        elif named:
            yield named[1], text


def commands(text: str) -> Iterator[Command]:
    for part in text.split("$ ")[1:]:
        command, *shown = part.splitlines()
        yield Command(command, tuple(shown))


def is_shown(line: str, output: list[str]) -> bool:
    pattern = ".*".join(re.escape(part) for part in line.rstrip().split("..."))
    return any(re.fullmatch(pattern, found.rstrip()) for found in output)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    # a name of its own: the engine may have the guide's image from an earlier run
    return tmp_path / f"guide-{uuid.uuid4().hex[:8]}"


def type_it(step: tuple[str, str] | Command, project: Path) -> None:
    if isinstance(step, tuple):
        target = project / step[0]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(step[1])
        return
    environment = {**os.environ, "FOUNDATIONS_HOME": str(project.parent / "home")}
    environment.pop("FOUNDATIONS_ENVIRONMENT", None)
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    done = subprocess.run(
        step.text, shell=True, cwd=project, env=environment, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, f"{step.text} failed\n{done.stdout}\n{done.stderr}"
    output = [*done.stdout.splitlines(), *done.stderr.splitlines()]
    missing = [line for line in step.shown if not is_shown(line, output)]
    assert not missing, f"{step.text} did not print {missing}\n{done.stdout}\n{done.stderr}"


def test_the_guide_comes_true_without_docker(project: Path) -> None:
    typed = [step for step in steps() if not (isinstance(step, Command) and step.needs_docker)]
    assert sum(isinstance(step, Command) for step in typed) >= 6
    for step in typed:
        type_it(step, project)


@pytest.mark.docker
@pytest.mark.usefixtures("base_image")
def test_the_guide_comes_true_in_a_container(project: Path, engine: docker.DockerClient) -> None:
    typed = [step for step in steps() if isinstance(step, tuple) or step.needs_docker]
    assert sum(isinstance(step, Command) for step in typed) == 2
    try:
        for step in typed:
            type_it(step, project)
    finally:
        for image in engine.images.list(filters={"reference": f"foundations/env:{project.name}-*"}):
            engine.images.remove(image.tags[0])
