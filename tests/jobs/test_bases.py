"""Base images that a job can't use."""

import io
import tarfile
import uuid
from collections.abc import Iterator

import docker
import pytest

from tests.jobs.conftest import Project

pytestmark = pytest.mark.docker


@pytest.fixture
def other_python(engine: docker.DockerClient, base_image: str) -> Iterator[str]:
    """A base image whose python3 says that it is 3.7."""
    script = b"#!/bin/sh\necho 3.7\n"
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        member = tarfile.TarInfo("python3")
        member.size, member.mode = len(script), 0o755
        tar.addfile(member, io.BytesIO(script))
    container = engine.containers.create(base_image)
    name = f"foundations/test-{uuid.uuid4().hex[:8]}"
    try:
        container.put_archive("/usr/local/bin", buffer.getvalue())
        container.commit(name, "3.7")
        yield f"{name}:3.7"
    finally:
        container.remove()
        engine.images.remove(f"{name}:3.7")


@pytest.fixture(scope="module")
def simple(project: Project) -> Project:
    project.write("driver.py", "import foundations\nfoundations.create_stage(len)('abc').run()\n")
    return project


def assert_refused(simple: Project, base: str, *reasons: str) -> None:
    simple.write("config/other.config.yaml", f"job_deployment_env: docker\ndocker_config: {{base_image: '{base}'}}\n")
    done = simple.run(FOUNDATIONS_ENVIRONMENT="other")
    assert done.returncode == 1
    for reason in reasons:
        assert reason in done.stderr
    assert done.stderr.count('  File "') == 1, done.stderr
    _, record = simple.last()
    assert record.state == "Failed"
    assert reasons[0] in (record.error or "")
    assert not simple.engine.images.list(filters={"reference": f"foundations/env:{simple.root.name}-*"})
    assert not simple.containers()


def test_a_base_with_another_python_is_refused_before_anything_runs(simple: Project, other_python: str) -> None:
    assert_refused(simple, other_python, "its python3 is 3.7", other_python)


def test_a_base_that_nobody_has_is_named(simple: Project) -> None:
    assert_refused(simple, "foundations/no-such-base:1", "foundations/no-such-base:1", "docker_config.base_image")
