"""What the tests of this room share: projects whose drivers run as processes of their own, as users run them."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any, Protocol
from unittest.mock import patch

import pandas
import pytest

from foundations.reader import ResultReader, get_metrics_for_all_jobs
from foundations_archive.archive import Archive, new_attempt, open_archive
from foundations_archive.records import Argument, JobRecord, JobSpec, StageRecord, StageSpec, Value
from foundations_archive.series import Series

# projects that tests lay out elsewhere and run
collect_ignore = ["cache_cases"]


@dataclass(frozen=True)
class Project:
    """A model directory, and beside it the archive that its jobs go to."""

    root: Path
    home: Path

    @property
    def archive_path(self) -> Path:
        return self.root.with_name(f"{self.root.name}-archive")

    @property
    def archive(self) -> Archive:
        return open_archive(str(self.archive_path))

    @property
    def reader(self) -> ResultReader:
        return ResultReader(self.archive)

    def metrics(self, name: str) -> pandas.DataFrame:
        with patch.dict(os.environ, FOUNDATIONS_ARCHIVE=str(self.archive_path)):
            return get_metrics_for_all_jobs(name)

    def stages(self, job_id: str | None = None) -> list[dict[str, Any]]:
        """Return what is known of the stages of one job, or of the newest."""
        frame = self.reader.get_job_information()
        return frame[frame.job_name == (job_id or frame.job_name.iloc[-1])].to_dict("records")

    def statuses(self, job_id: str | None = None) -> dict[str, str]:
        return {stage["stage_name"]: stage["stage_status"] for stage in self.stages(job_id)}

    def log(self, job_id: str, stream: str) -> list[str]:
        events = self.archive.events(job_id)
        return [event["text"] for event in events if event["event"] == "log" and event["stream"] == stream]

    def write(self, path: str, text: str) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text).lstrip("\n"))
        return file

    def python(
        self, *arguments: str, cwd: Path | None = None, **environment: str
    ) -> "subprocess.CompletedProcess[str]":
        """Run Python as a user would, in the project's root unless told otherwise."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("FOUNDATIONS_")}
        own = {"FOUNDATIONS_HOME": str(self.home), "FOUNDATIONS_ARCHIVE": str(self.archive_path)}
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=cwd or self.root,
            env={**inherited, "PYTHONIOENCODING": "utf-8", **own, **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def drive(self, driver: str = "driver.py", **environment: str) -> "subprocess.CompletedProcess[str]":
        """Run a driver that has to succeed."""
        ended = self.python(driver, **environment)
        assert ended.returncode == 0, ended.stderr
        return ended


MakeProject = Callable[[str], Project]


@pytest.fixture(scope="session")
def foundations_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One home for all, so that our runtime is built once."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def make_project(tmp_path_factory: pytest.TempPathFactory, foundations_home: Path) -> MakeProject:
    def made(name: str) -> Project:
        root = tmp_path_factory.mktemp(name, numbered=True)
        (root / "config").mkdir()
        return Project(root.resolve(), foundations_home)

    return made


class PutJob(Protocol):
    def __call__(
        self, job_id: str, *, stages: Sequence[StageRecord] = ..., metrics: Sequence[Series] = ..., **fields: Any
    ) -> JobSpec: ...


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Archive:
    """An empty archive, which is the selected environment's too."""
    monkeypatch.setenv("FOUNDATIONS_ARCHIVE", str(tmp_path / "archive"))
    return open_archive(str(tmp_path / "archive"))


@pytest.fixture
def put_job(archive: Archive) -> PutJob:
    """Archive jobs as if a courier had run them: two stages, the second needs the first and is persisted."""

    def put(
        job_id: str, *, stages: Sequence[StageRecord] = (), metrics: Sequence[Series] = (), **fields: Any
    ) -> JobSpec:
        data = Argument("data", stage="first", place=0)
        facts = {"project": "demo", "created": 1.0, "state": "Completed", "error": None, "bundle": "", **fields}
        spec = JobSpec(
            job_id=job_id,
            project=facts["project"],
            user="me",
            created=facts["created"],
            target="second",
            stages=(
                StageSpec("first", "load", "m:load", (), (Argument("path", "a.csv", place=0),), source="s1"),
                StageSpec("second", "train", "m:train", ("first",), (data,), persisted=True),
            ),
            graph=Value("pickle5"),
            bundle=facts["bundle"],
            paths=(".",),
            directory=".",
            python="3.11",
            environment="local",
            sources={"s1": f"def load(path): ...  # {job_id}"},
        )
        archive.submit(spec)
        if facts["state"] == "Queued":
            return spec
        attempt = new_attempt()
        archive.start(job_id, attempt, {})
        if facts["state"] != "Running":
            ran = stages or (StageRecord("first", "succeeded", 1, 2, 1), StageRecord("second", "succeeded", 2, 4, 2))
            failed = next((stage.id for stage in ran if stage.status == "failed"), None)
            record = JobRecord(
                job_id, facts["state"], 1, 4, facts["error"], failed, stages=tuple(ran), metrics=tuple(metrics)
            )
            archive.finish(spec, record, attempt=attempt)
        return spec

    return put
