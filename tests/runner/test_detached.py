"""A detached job goes on when nobody reads what its courier writes, and its host tidies up."""

import gc
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from foundations_archive.records import JobSpec
from foundations_runner.errors import CourierFailed
from foundations_runner.host import Host
from foundations_runner.process_host import ProcessHost
from foundations_runner.runtime import Runtime
from tests.runner.conftest import Jobs, containers_of, until

pytestmark = pytest.mark.usefixtures("temporary")

CHATTY = "import os\nfor n in range(100_000): print(n, '.' * 20)\nprint(os.getcwd())"


def ended(jobs: Jobs, spec: JobSpec) -> str:
    return str(until(lambda: jobs.archive.sealed(spec.job_id), what="the courier's record", seconds=60).state)


def test_a_chatty_job_that_nobody_reads_completes_with_its_whole_log(
    jobs: Jobs, host: Host, request: pytest.FixtureRequest
) -> None:
    spec = jobs.spec(CHATTY)
    record = jobs.job(host, spec, detached=True).submit()
    assert record.state == "Running"
    assert [event["event"] for event in jobs.seen][:1] == ["job started"]
    assert ended(jobs, spec) == "Completed"
    *lines, directory = jobs.log(spec.job_id)
    assert [line.split()[0] for line in lines] == list(map(str, range(100_000)))
    until(lambda: not Path(directory).exists(), what="the end of the job's directory")
    if "docker" in request.node.callspec.id:
        engine: docker.DockerClient = request.getfixturevalue("engine")
        until(lambda: containers_of(engine, spec.job_id) == [], what="the end of its container")


def test_a_courier_that_was_let_go_becomes_no_zombie_and_no_warning(jobs: Jobs, process_host: ProcessHost) -> None:
    spec = jobs.spec("import os; print(os.getppid())")
    jobs.job(process_host, spec, detached=True).submit()
    gc.collect()
    assert ended(jobs, spec) == "Completed"
    courier = int(jobs.log(spec.job_id)[0])
    until(lambda: not Path(f"/proc/{courier}").exists(), what="the end of the courier")


def test_an_interrupt_before_the_job_has_begun_cancels_it(
    jobs: Jobs, process_host: ProcessHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(process_host, "prepare", interrupted)
    spec = jobs.spec(CHATTY)
    with pytest.raises(KeyboardInterrupt):
        jobs.job(process_host, spec, detached=True).submit()
    sealed = jobs.archive.sealed(spec.job_id)
    assert sealed
    assert sealed.state == "Cancelled"


def test_a_courier_that_can_not_begin_is_the_drivers_to_tell(jobs: Jobs, tmp_path: Path) -> None:
    runtime = tmp_path / "broken"
    runtime.mkdir()
    (runtime / "start_courier.py").write_text("raise SystemExit('nothing works today')")
    spec = jobs.spec("")
    with pytest.raises(CourierFailed, match="nothing works today"):
        jobs.job(ProcessHost(Runtime(runtime, "digest")), spec, detached=True).submit()
    assert ended(jobs, spec) == "Failed"


@pytest.mark.docker
def test_a_container_that_can_not_begin_leaves_nothing(
    jobs: Jobs, docker_host: Host, engine: docker.DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = jobs.spec("")
    monkeypatch.setattr(jobs.archive, "submit", lambda spec, *, looked: None)
    with pytest.raises(CourierFailed, match="is not in the archive at"):
        jobs.job(docker_host, spec, detached=True).submit()
    until(lambda: containers_of(engine, spec.job_id) == [], what="the end of its container")


@pytest.fixture(autouse=True)
def nothing_is_left(jobs: Jobs, request: pytest.FixtureRequest) -> Iterator[None]:
    """After every test the engine has removed its containers, though nobody told it to any more."""
    yield
    if "engine" in request.fixturenames:
        engine: docker.DockerClient = request.getfixturevalue("engine")
        for job_id in jobs.archive.job_ids():
            until(lambda job_id=job_id: containers_of(engine, job_id) == [], what="the end of a container")


def test_a_job_that_was_let_go_leaves_no_descriptor_behind(jobs: Jobs, process_host: ProcessHost) -> None:
    def descriptors() -> list[Path]:
        gc.collect()
        return list(Path("/proc/self/fd").iterdir())

    jobs.job(process_host, jobs.spec("pass"), detached=True).submit()
    before = len(descriptors())
    specs = [jobs.spec("pass") for _ in range(3)]
    for spec in specs:
        jobs.job(process_host, spec, detached=True).submit()
    assert len(descriptors()) <= before
    for spec in specs:
        assert ended(jobs, spec) == "Completed"
