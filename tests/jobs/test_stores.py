"""Where jobs leave what they leave: a bucket, a cache of its own, and what happens when these are away for a while."""

import os
import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest

from foundations_archive import S3Settings
from foundations_archive.archive import Archive, open_archive
from tests.jobs.conftest import Project, until

pytestmark = pytest.mark.s3

MODEL = """\
import os, time
import foundations


def large(n):
    foundations.log_metric("n", n)
    print("computing", n)
    return list(range(n))


def total(numbers):
    return sum(numbers)


def talks(folder):
    def say_until(name, text):
        count = 0
        while not os.path.exists(os.path.join(folder, name)):
            print(text, count, flush=True)
            foundations.log_metric(text, count)
            count += 1
            time.sleep(0.02)

    say_until("away", "before")
    say_until("back", "while")
    return "said it all"
"""

DRIVER = """\
import sys
import foundations, model

foundations.set_project_name("stores")
if sys.argv[1] == "total":
    stage = foundations.create_stage(model.total)(foundations.create_stage(model.large)(5000).persist())
    stage.enable_caching()
else:
    stage = foundations.create_stage(model.talks)(sys.argv[2])
print(stage.persist().run().result())
"""


@dataclass(frozen=True)
class Bucket:
    """A bucket that nobody else uses, and how a driver reaches it."""

    name: str
    settings: S3Settings
    client: Any

    @property
    def variables(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.settings.endpoint_url or "",
            "AWS_DEFAULT_REGION": self.settings.region or "",
            "AWS_ACCESS_KEY_ID": self.settings.access_key_id or "",
            "AWS_SECRET_ACCESS_KEY": self.settings.secret_access_key or "",
        }

    def archive(self, prefix: str, cache: str | None = None) -> Archive:
        keys = ("endpoint_url", "region", "access_key_id", "secret_access_key")
        s3 = {key: getattr(self.settings, key) for key in keys}
        return open_archive(f"s3://{self.name}/{prefix}", cache=cache, s3=s3)

    def keys(self, prefix: str = "") -> list[str]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
        return [found["Key"] for page in pages for found in page.get("Contents", [])]

    def clear(self, prefix: str = "") -> None:
        for key in self.keys(prefix):
            self.client.delete_object(Bucket=self.name, Key=key)


@pytest.fixture(scope="module")
def bucket(s3_settings: S3Settings) -> Iterator[Bucket]:
    client = boto3.client(
        "s3",
        endpoint_url=s3_settings.endpoint_url,
        region_name=s3_settings.region,
        aws_access_key_id=s3_settings.access_key_id,
        aws_secret_access_key=s3_settings.secret_access_key,
    )
    made = Bucket(f"stores-{uuid.uuid4().hex[:8]}", s3_settings, client)
    client.create_bucket(Bucket=made.name)
    yield made
    made.clear()
    client.delete_bucket(Bucket=made.name)


@pytest.fixture(scope="module")
def stores(project: Project, bucket: Bucket) -> Project:
    project.write("model.py", MODEL)
    project.write("driver.py", DRIVER)
    kinds = {"here": "local", "there": "docker"}
    caches = {"bucket": f"s3://{bucket.name}/cache", "folder": "../cache"}
    for name, kind in kinds.items():
        for place, cache in caches.items():
            project.write(
                f"config/{name}-{place}.config.yaml",
                f"job_deployment_env: {kind}\n"
                f"results_config: {{archive_end_point: 's3://{bucket.name}/{name}-{place}'}}\n"
                f"cache_config: {{end_point: '{cache}-{name}'}}\n",
            )
    return project


ENVIRONMENTS = [
    pytest.param("here-bucket", id="local, cache in the bucket"),
    pytest.param("here-folder", id="local, cache in a directory"),
    pytest.param("there-bucket", id="docker, cache in the bucket", marks=pytest.mark.docker),
    pytest.param("there-folder", id="docker, cache in a directory", marks=pytest.mark.docker),
]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_cache_of_its_own_can_be_cleared_and_results_stay(stores: Project, bucket: Bucket, environment: str) -> None:
    variables = {**bucket.variables, "FOUNDATIONS_ENVIRONMENT": environment}
    first = stores.run("total", **variables)
    assert first.stdout == "computing 5000\n12497500\n", first.stderr
    second = stores.run("total", **variables)
    assert second.stdout == "12497500\n", second.stderr
    assert second.stderr.count("served from the cache") == 2
    assert not [key for key in bucket.keys(f"{environment}/") if "/cache/" in key]
    name, _, place = environment.partition("-")
    if place == "bucket":
        assert bucket.keys(f"cache-{name}/cache/")
        bucket.clear(f"cache-{name}/")
    else:
        folder = stores.root.parent / f"cache-{name}"
        files = [file for file in folder.rglob("*") if file.is_file()]
        assert any("cache" in file.relative_to(folder).parts for file in files)
        assert {file.stat().st_uid for file in files} == {os.getuid()}
        for file in files:
            file.unlink()
    archive = bucket.archive(environment)
    for spec, record in archive.jobs("stores"):
        assert record.state == "Completed"
        values = [stage.value for stage in record.stages]
        assert [value is not None for value in values] == [True, True], spec.job_id
        for value in values:
            assert value
            for buffer in value.buffers:
                assert archive.blobs.read(buffer)
        assert [(series.key, series.values) for series in record.metrics] == [("n", (5000,))]
    third = stores.run("total", **variables)
    assert third.stdout == "computing 5000\n12497500\n", third.stderr


FOLLOWED = """\
import foundations, model

stage = foundations.create_stage(model.talks)("/there/is/no/such/folder")
deployment = foundations.get_deployment(stage.run(wait=False).job_name())
lines = deployment.stream_job_logs()
print(next(lines), deployment.get_job_status())
deployment.cancel()
deployment.wait_for_deployment_to_complete()
numbers = [int(line.split()[1]) for line in lines]
print(deployment.get_job_status(), numbers == list(range(1, len(numbers) + 1)))
print(foundations.archive_jobs([deployment.job_name(), "another"]) == {deployment.job_name(): True, "another": False})
print(len(foundations.get_queued_jobs()))
"""


@pytest.mark.parametrize("environment", ENVIRONMENTS[::2])
def test_a_job_is_followed_cancelled_and_hidden_through_the_bucket(
    stores: Project, bucket: Bucket, environment: str
) -> None:
    stores.write("driver.py", FOLLOWED)
    try:
        done = stores.run(**bucket.variables, FOUNDATIONS_ENVIRONMENT=environment)
        assert done.stdout.splitlines() == ["before 0 Running", "Cancelled True", "True", "0"], done.stderr
        until(lambda: not stores.containers(), what="the end of its container")
    finally:
        stores.write("driver.py", DRIVER)


def test_without_credentials_the_error_says_where_they_were_looked_for(stores: Project, bucket: Bucket) -> None:
    variables = {**bucket.variables, "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
    before = bucket.keys()
    done = stores.run("total", FOUNDATIONS_ENVIRONMENT="here-bucket", **variables)
    assert done.returncode == 1
    assert "no credentials for S3 were found" in done.stderr
    assert done.stderr.count('  File "') == 1, done.stderr
    assert bucket.keys() == before


class Switch:
    """A way to the S3 server that can be taken away and given back."""

    def __init__(self, settings: S3Settings) -> None:
        url = urlsplit(settings.endpoint_url or "")
        self._server = (url.hostname or "", url.port or 80)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open, self.refused = True, 0
        self._ends: list[socket.socket] = []
        self.settings = replace(settings, endpoint_url=f"http://127.0.0.1:{self._listener.getsockname()[1]}")
        self._serving = threading.Thread(target=self._serve, daemon=True)
        self._serving.start()

    def off(self) -> None:
        self._open = False
        for end in self._ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def on(self) -> None:
        self._open = True

    def close(self) -> None:
        self.off()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # or who waits for a connection waits on
        self._serving.join()
        for end in [self._listener, *self._ends]:
            end.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if not self._open:
                self.refused += 1
                client.close()
                continue
            server = socket.create_connection(self._server)
            self._ends += [client, server]
            for source, target in ((client, server), (server, client)):
                threading.Thread(target=_pump, args=(source, target), daemon=True).start()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@pytest.fixture
def switch(s3_settings: S3Settings) -> Iterator[Switch]:
    made = Switch(s3_settings)
    yield made
    made.close()


def test_a_bucket_that_is_away_for_a_while_loses_nothing(
    stores: Project, bucket: Bucket, switch: Switch, tmp_path: Path
) -> None:
    through = replace(bucket, settings=switch.settings)
    process = stores.start("talks", str(tmp_path), **through.variables, FOUNDATIONS_ENVIRONMENT="here-bucket")
    assert process.stdout
    archive = bucket.archive("here-bucket")
    job_id = until(lambda: job_that_talks(archive), what="the first segment")
    switch.off()
    (tmp_path / "away").touch()
    until(lambda: switch.refused >= 2, what="a write that was refused")
    assert process.stderr
    told = next(line for line in process.stderr if "the archive does not answer" in line)
    assert "the job goes on, and waits for it for up to 3600 s (results_config.outage_seconds)" in told
    switch.on()
    (tmp_path / "back").touch()
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    spec = archive.spec(job_id)
    events = list(archive.events(job_id))
    assert [event["n"] for event in events] == list(range(len(events)))
    lines = [event["text"] for event in events if event["event"] == "log" and event["stream"] == "stdout"]
    assert lines == output.splitlines()[:-1]
    assert any(line.startswith("while") for line in lines)
    assert sum(len(series.values) for series in archive.record(spec).metrics) == len(lines)


def job_that_talks(archive: Archive) -> str | None:
    for spec, record in archive.jobs("stores"):
        if record.state == "Running" and any(event["event"] == "log" for event in archive.events(spec.job_id)):
            return spec.job_id
    return None


def test_a_bucket_that_stays_away_ends_the_job_with_its_name(
    stores: Project, bucket: Bucket, switch: Switch, tmp_path: Path
) -> None:
    through = replace(bucket, settings=switch.settings)
    stores.write(
        "config/impatient.config.yaml",
        "job_deployment_env: local\n"
        f"results_config: {{archive_end_point: 's3://{bucket.name}/here-bucket', outage_seconds: 3}}\n",
    )
    process = stores.start("talks", str(tmp_path), **through.variables, FOUNDATIONS_ENVIRONMENT="impatient")
    archive = bucket.archive("here-bucket")
    until(lambda: job_that_talks(archive), what="the first segment")
    switch.off()
    (tmp_path / "away").touch()
    (tmp_path / "back").touch()
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 1
    assert f"s3://{bucket.name}/here-bucket at {switch.settings.endpoint_url} can't be reached" in errors
    assert errors.count('  File "') == 1, errors
