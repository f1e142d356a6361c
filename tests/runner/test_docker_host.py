"""A Docker engine as a host."""

import io
import tarfile
from dataclasses import replace
from typing import Any

import docker
import pytest
from docker.errors import APIError

from foundations_images import Image
from foundations_runner.docker_host import DockerHost
from foundations_runner.errors import EngineRefused
from foundations_runner.host import Host
from tests.runner.conftest import Jobs, MakeHost, containers_of

pytestmark = pytest.mark.docker


def test_a_host_that_was_not_prepared_prepares_itself(jobs: Jobs, docker_host: Host) -> None:
    spec = jobs.submit("print('hello')")
    job = docker_host.start(jobs.request(spec))
    try:
        for _ in job.output():
            pass
        assert job.wait().status == 0
    finally:
        job.remove()
    assert jobs.log(spec.job_id) == ["hello"]


def test_what_the_engine_refuses_leaves_no_container_and_a_failed_job(
    jobs: Jobs, make_docker_host: MakeHost, engine: docker.DockerClient
) -> None:
    spec = jobs.submit("")
    with pytest.raises(EngineRefused, match=r"failed starting a job's container: .*no-such-network"):
        jobs.run(make_docker_host(network="no-such-network"), spec)
    sealed = jobs.archive.sealed(spec.job_id)
    assert sealed
    assert sealed.state == "Failed"
    assert "no-such-network" in (sealed.error or "")
    assert containers_of(engine, spec.job_id) == []


def test_an_image_without_python_is_refused_in_the_engines_words(
    jobs: Jobs, make_docker_host: MakeHost, engine: docker.DockerClient, image: Image
) -> None:
    built = make_empty_image(engine)
    try:
        spec = jobs.submit("")
        with pytest.raises(EngineRefused, match="python3"):
            jobs.run(make_docker_host(image=replace(image, id=built)), spec)
        assert containers_of(engine, spec.job_id) == []
    finally:
        engine.api.remove_image(built, force=True)


def make_empty_image(engine: docker.DockerClient) -> str:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        member = tarfile.TarInfo("empty")
        tar.addfile(member)
    answer: Any = engine.api.import_image_from_data(buffer.getvalue(), repository="foundations/test-empty", tag="1")
    return str(answer and "foundations/test-empty:1")


def test_a_directory_is_refused_for_an_engine_on_another_machine(make_docker_host: MakeHost) -> None:
    remote = docker.DockerClient("tcp://10.0.0.1:2375", version="1.41")
    host: DockerHost = make_docker_host(client=remote)  # type: ignore[assignment]
    with pytest.raises(EngineRefused, match=r"10.0.0.1:2375 is on another machine .* /data/archive; .* s3://"):
        host.refuse_unshared("/data/archive")
    host.refuse_unshared("s3://bucket/prefix")
    remote.close()


def test_a_directory_is_fine_for_an_engine_on_this_machine(docker_host: DockerHost) -> None:
    docker_host.refuse_unshared("/data/archive")


def test_a_start_that_breaks_off_leaves_no_container(
    jobs: Jobs, docker_host: Host, engine: docker.DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise APIError("no more containers today")

    docker_host.prepare()
    monkeypatch.setattr(engine.api, "start", refused)
    spec = jobs.submit("")
    with pytest.raises(EngineRefused, match="no more containers today"):
        jobs.run(docker_host, spec)
    assert containers_of(engine, spec.job_id) == []
