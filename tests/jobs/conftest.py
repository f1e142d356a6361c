"""Projects whose drivers run as users run them: processes of their own, on the engine or beside it."""

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.models.containers import Container

from foundations.reader import ResultReader
from foundations_archive.archive import Archive, open_archive
from foundations_archive.records import JobRecord, JobSpec

Done = subprocess.CompletedProcess[str]


@dataclass
class Project:
    """A model directory under a name of its own, and the home and archive of its jobs."""

    root: Path
    home: Path
    engine: docker.DockerClient

    @property
    def archive(self) -> Archive:
        return open_archive(str(self.home / "archive"))

    @property
    def reader(self) -> ResultReader:
        return ResultReader(self.archive)

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def start(self, *arguments: str, **variables: str) -> "subprocess.Popen[str]":
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("FOUNDATIONS_")}
        own = {"FOUNDATIONS_HOME": str(self.home), "FOUNDATIONS_ENVIRONMENT": "docker", "PYTHONUNBUFFERED": "1"}
        return subprocess.Popen(
            [sys.executable, "driver.py", *arguments],
            cwd=self.root,
            env={**inherited, **own, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, **variables: str) -> Done:
        process = self.start(*arguments, **variables)
        stdout, stderr = process.communicate(timeout=240)
        return subprocess.CompletedProcess(arguments, process.returncode, stdout, stderr)

    def last(self) -> tuple[JobSpec, JobRecord]:
        return self.archive.jobs()[-1]

    def containers(self) -> list[Container]:
        """What the engine holds of this project's jobs, running or not."""
        jobs = set(self.archive.job_ids()) if self.home.joinpath("archive").exists() else set()
        found = self.engine.containers.list(all=True, ignore_removed=True, filters={"label": "foundations.job"})
        return [container for container in found if container.labels["foundations.job"] in jobs]


@pytest.fixture(scope="module")
def project(
    tmp_path_factory: pytest.TempPathFactory, engine: docker.DockerClient, base_image: str
) -> Iterator[Project]:
    """An empty project with an environment `docker`; its containers and images are removed afterwards."""
    del base_image
    folder = tmp_path_factory.mktemp("jobs")
    made = Project(folder / f"project-{uuid.uuid4().hex[:8]}", folder / "home", engine)
    made.write("config/docker.config.yaml", "job_deployment_env: docker\n")
    yield made
    left = made.containers()
    for container in left:
        container.remove(force=True)
    remove_images(engine, made.root.name)
    assert not left, "a test that leaves a container on purpose removes it itself"


def remove_images(engine: docker.DockerClient, project: str) -> None:
    """Remove the tags of a project; others may share the image."""
    mine = f"foundations/env:{project}-"
    for image in engine.images.list(filters={"reference": f"{mine}*"}):
        for tag in image.tags:
            if tag.startswith(mine):
                engine.images.remove(tag)


def until(true: Callable[[], Any], *, what: str, seconds: float = 30.0) -> Any:
    """Return what `true` gives as soon as that is true; fail after a deadline."""
    deadline = time.monotonic() + seconds
    while not (found := true()):
        if time.monotonic() > deadline:
            pytest.fail(f"{what} did not come within {seconds} s")
        time.sleep(0.02)
    return found
