"""The guide's sample as users have it, examples/step_by_step, on a real engine and a real S3 server."""

import importlib.util
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import boto3
import docker
import pandas as pd
import pytest

from foundations.job_frames import metrics_frame
from foundations.reader import ResultReader
from foundations_archive import S3Settings
from foundations_archive.archive import Archive, open_archive
from tests.jobs.conftest import remove_images

SAMPLE = Path(__file__).parents[2] / "examples" / "step_by_step"
ROW = {"x-0": 20, "x-1": 20, "y-1": "incr_by_10", "x": 20, "y": 30, "output": 600}


@dataclass
class Sample:
    """A copy of the sample under a name of its own, so that its image is this test's."""

    root: Path
    variables: dict[str, str] = field(default_factory=dict)

    def run(self, driver: str = "driver.py", **variables: str) -> "subprocess.CompletedProcess[str]":
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("FOUNDATIONS_")}
        home = str(self.root.with_name("home"))
        return subprocess.run(
            [sys.executable, driver],
            cwd=self.root,
            env={**inherited, "FOUNDATIONS_HOME": home, **self.variables, **variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )

    def drive(self, driver: str = "driver.py", **variables: str) -> "subprocess.CompletedProcess[str]":
        done = self.run(driver, **variables)
        assert done.returncode == 0, done.stderr
        return done


def copy_of_sample(folder: Path) -> Path:
    root = folder / f"sample-{uuid.uuid4().hex[:8]}"
    shutil.copytree(SAMPLE, root, ignore=shutil.ignore_patterns("__pycache__"))
    return root


@pytest.fixture(scope="module")
def on_docker(
    tmp_path_factory: pytest.TempPathFactory, engine: docker.DockerClient, base_image: str
) -> Iterator[tuple[Sample, list["subprocess.CompletedProcess[str]"]]]:
    """The sample, run twice on the engine with its archive in a directory."""
    del base_image
    sample = Sample(copy_of_sample(tmp_path_factory.mktemp("docker")), {"FOUNDATIONS_ENVIRONMENT": "docker"})
    yield sample, [sample.drive(), sample.drive()]
    remove_images(engine, sample.root.name)


def archive_of(sample: Sample) -> Archive:
    return open_archive(str(sample.root.with_name("home") / "archive"))


def assert_rows(frame: pd.DataFrame, count: int) -> None:
    assert frame["status"].tolist() == ["Completed"] * count
    assert frame[list(ROW)].to_dict("records") == [ROW] * count
    assert frame["start_time"].dt.tz is not None
    assert (frame["completed_time"] > frame["start_time"]).all()


@pytest.mark.docker
def test_the_sample_in_a_container_gives_the_guides_row(
    on_docker: tuple[Sample, list["subprocess.CompletedProcess[str]"]],
) -> None:
    sample, _ = on_docker
    assert_rows(metrics_frame(archive_of(sample).rows("demo_project")), 2)


@pytest.mark.docker
def test_the_second_job_builds_nothing_and_takes_incr_by_10_from_the_cache(
    on_docker: tuple[Sample, list["subprocess.CompletedProcess[str]"]],
) -> None:
    sample, (first, second) = on_docker
    assert " built in " in first.stderr
    assert " present in " in second.stderr
    assert "building" not in second.stderr
    assert "stage incr_by_10 served from the cache" in second.stderr
    stages = ResultReader(archive_of(sample)).get_job_information()
    assert stages["stage_status"].tolist() == ["succeeded", "succeeded", "cached", "succeeded"]


@pytest.mark.docker
def test_the_files_of_a_directory_archive_belong_to_the_caller(
    on_docker: tuple[Sample, list["subprocess.CompletedProcess[str]"]],
) -> None:
    sample, _ = on_docker
    files = list(sample.root.with_name("home").joinpath("archive").rglob("*"))
    assert files
    assert {(file.stat().st_uid, file.stat().st_gid) for file in files} == {(os.getuid(), os.getgid())}


@pytest.mark.docker
def test_a_stage_finds_a_package_that_the_driver_does_not_have(
    on_docker: tuple[Sample, list["subprocess.CompletedProcess[str]"]],
) -> None:
    sample, _ = on_docker
    assert importlib.util.find_spec("humanize") is None
    done = sample.drive("driver_with_package.py")
    assert done.stdout.splitlines() == ["the model says 600 (six hundred)", "600 (six hundred)"]


def test_without_docker_the_missing_package_is_named_with_what_to_do(tmp_path: Path) -> None:
    done = Sample(copy_of_sample(tmp_path)).run("driver_with_package.py")
    assert done.returncode == 1
    assert "humanize is neither in the model directory nor installed where the job runs" in done.stderr
    assert "requirements.txt" in done.stderr


@pytest.mark.docker
def test_a_job_leaves_no_container(
    on_docker: tuple[Sample, list["subprocess.CompletedProcess[str]"]], engine: docker.DockerClient
) -> None:
    sample, _ = on_docker
    jobs = set(archive_of(sample).job_ids())
    left = engine.containers.list(all=True, ignore_removed=True, filters={"label": "foundations.job"})
    assert jobs.isdisjoint(container.labels["foundations.job"] for container in left)


@pytest.fixture
def on_s3(tmp_path: Path, s3_settings: S3Settings, engine: docker.DockerClient) -> Iterator[Sample]:
    """The sample with the bucket that its s3.config.yaml names."""
    client = boto3.client(
        "s3",
        endpoint_url=s3_settings.endpoint_url,
        region_name=s3_settings.region,
        aws_access_key_id=s3_settings.access_key_id,
        aws_secret_access_key=s3_settings.secret_access_key,
    )
    client.create_bucket(Bucket="foundations")
    variables = {
        "FOUNDATIONS_ENVIRONMENT": "s3",
        "AWS_ENDPOINT_URL": s3_settings.endpoint_url or "",
        "AWS_DEFAULT_REGION": s3_settings.region or "",
        "AWS_ACCESS_KEY_ID": s3_settings.access_key_id or "",
        "AWS_SECRET_ACCESS_KEY": s3_settings.secret_access_key or "",
    }
    sample = Sample(copy_of_sample(tmp_path), variables)
    yield sample
    remove_images(engine, sample.root.name)
    for page in client.get_paginator("list_objects_v2").paginate(Bucket="foundations"):
        for found in page.get("Contents", []):
            client.delete_object(Bucket="foundations", Key=found["Key"])
    client.delete_bucket(Bucket="foundations")


@pytest.mark.docker
@pytest.mark.s3
@pytest.mark.usefixtures("base_image")
def test_the_same_sample_with_its_archive_on_s3_gives_the_same_rows(on_s3: Sample, s3_settings: S3Settings) -> None:
    on_s3.drive()
    second = on_s3.drive()
    assert "stage incr_by_10 served from the cache" in second.stderr
    settings = {name: getattr(s3_settings, name) for name in ("endpoint_url", "region")}
    secrets = {name: getattr(s3_settings, name) for name in ("access_key_id", "secret_access_key")}
    archive = open_archive("s3://foundations/step-by-step", s3={**settings, **secrets})
    assert_rows(metrics_frame(archive.rows("demo_project")), 2)
    last = archive.job_ids("demo_project")[-1]
    target = archive.spec(last).target
    assert ResultReader(archive).get_unstructured_results(last, target) == [600]


@pytest.mark.docker
@pytest.mark.s3
@pytest.mark.usefixtures("base_image")
@pytest.mark.parametrize(
    ("variable", "value", "error"),
    [
        ("AWS_SECRET_ACCESS_KEY", "wrong", "SignatureDoesNotMatch"),
        ("AWS_ACCESS_KEY_ID", "nobody", "InvalidAccessKeyId"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1", "can't be reached"),
        ("FOUNDATIONS_ARCHIVE", "s3://no-such-bucket/archive", "there is no bucket"),
    ],
)
def test_a_bucket_out_of_reach_is_one_clear_error(on_s3: Sample, variable: str, value: str, error: str) -> None:
    done = on_s3.run(**{variable: value})
    assert done.returncode == 1
    assert error in done.stderr
    frames = [line for line in done.stderr.splitlines() if line.startswith('  File "')]
    assert len(frames) == 1, done.stderr
    assert str(on_s3.root / "driver.py") in frames[0]
