"""What a job's container may do, and what it is told."""

import json
import os
from dataclasses import replace
from typing import Any

import docker
import pytest
from docker.errors import NotFound

from foundations_images import Image
from foundations_runner.container import ContainerJob, Limits, create, order_of
from foundations_runner.host import Host, JobRequest
from tests.runner.conftest import Jobs, MakeHost, containers_of, until

DIRECTORY = JobRequest("one", "/home/me/archive", "m:main")
S3 = replace(DIRECTORY, archive="s3://bucket/prefix", s3={"endpoint_url": None, "secret_access_key": "tell nobody"})


def order(request: JobRequest, **limits: Any) -> Any:
    return order_of(request, image="tag", environment_key="key", limits=Limits(**limits))


def test_a_directory_archive_is_named_as_the_container_sees_it() -> None:
    made = order(replace(DIRECTORY, cache="/home/me/cache"))
    assert (made.archive, made.cache) == ("/foundations/private/archive", "/foundations/private/cache")
    assert made.private == "/foundations/private"


def test_an_archive_on_s3_needs_nothing_of_the_host() -> None:
    made = order(S3)
    assert (made.archive, made.cache, made.private) == ("s3://bucket/prefix", None, None)
    assert order(replace(S3, cache="/home/me/cache")).private == "/foundations/private"


def test_the_scheme_of_an_archive_on_s3_may_be_in_capitals() -> None:
    made = order(replace(S3, archive="S3://bucket/prefix", cache="S3://bucket/cache"))
    assert (made.archive, made.cache, made.private) == ("S3://bucket/prefix", "S3://bucket/cache", None)


def test_files_are_to_belong_to_the_caller_and_the_worker_is_nobody() -> None:
    made = order(DIRECTORY)
    assert made.owner == (os.getuid(), os.getgid())
    assert made.worker_user == 65534


@pytest.mark.parametrize(
    ("endpoint", "inside"),
    [
        ("http://127.0.0.1:8333", "http://host.docker.internal:8333"),
        ("http://localhost:9000/path", "http://host.docker.internal:9000/path"),
        ("https://[::1]:9000", "https://host.docker.internal:9000"),
        ("http://localhost", "http://host.docker.internal"),
        ("https://s3.example.org", "https://s3.example.org"),
        (None, None),
    ],
)
def test_an_endpoint_on_this_machine_is_reached_from_inside(endpoint: str | None, inside: str | None) -> None:
    request = replace(S3, s3={"endpoint_url": endpoint})
    assert order(request).s3["endpoint_url"] == inside
    assert order(request, network="host").s3["endpoint_url"] == endpoint


def test_the_text_of_a_request_shows_no_secret() -> None:
    assert "tell nobody" not in repr(S3)


INSPECT = r"""
import json, os
status = dict(line.rstrip("\n").split(":\t", 1) for line in open("/proc/self/status") if ":\t" in line)

def denied(path, mode="rb"):
    try:
        open(path, mode).close()
    except OSError as error:
        return error.strerror
    return "allowed"

def listed(path):
    try:
        return os.listdir(path)
    except OSError as error:
        return error.strerror

print(json.dumps({
    "uid": status["Uid"].split(), "gid": status["Gid"].split(), "groups": status["Groups"].split(),
    "capabilities": [status["Cap" + kind] for kind in ("Inh", "Prm", "Eff", "Amb")],
    "no_new_privileges": status["NoNewPrivs"],
    "environ": denied("/proc/1/environ"), "memory": denied("/proc/1/mem"), "maps": denied("/proc/1/maps"),
    "descriptors": listed("/proc/1/fd"), "private": listed("/foundations/private"),
    "archive": listed("/foundations/private/archive"),
    "runtime": denied("/foundations/runtime/worker/mine.py", "wb"),
    "runtime_file": denied("/foundations/runtime/start_worker.py", "ab"),
    "socket": os.path.exists("/var/run/docker.sock"),
    "home": os.environ["HOME"], "home_writable": os.access(os.environ["HOME"], os.W_OK),
    "cwd_writable": os.access(".", os.W_OK),
    "keys": sorted(os.environ),
}))
try:
    os.kill(1, 0)
except PermissionError:
    print("may not signal the courier")
"""


@pytest.mark.docker
def test_the_worker_can_not_reach_the_courier_the_archive_or_the_runtime(jobs: Jobs, docker_host: Host) -> None:
    record = jobs.run(docker_host, INSPECT)
    text, signalled = jobs.log(record.job_id)
    found = json.loads(text)
    assert found["uid"] == found["gid"] == ["65534"] * 4
    assert found["groups"] == []
    assert set(found["capabilities"]) == {"0000000000000000"}
    assert found["no_new_privileges"] == "1"
    for what in ("environ", "memory", "maps", "descriptors", "private", "archive"):
        assert found[what] == "Permission denied", what
    assert {found["runtime"], found["runtime_file"]} <= {"Read-only file system", "Permission denied"}
    assert not found["socket"]
    assert found["home_writable"]
    assert found["cwd_writable"]
    assert not [name for name in found["keys"] if name.startswith("AWS_")]
    assert signalled == "may not signal the courier"


@pytest.mark.docker
def test_a_container_is_hardened_and_labelled(jobs: Jobs, engine: docker.DockerClient, image: Image) -> None:
    spec = jobs.submit("")
    limits = Limits(memory="256m", cpus=0.5, network="none")
    volume = "foundations-test-there-is-no-such-volume"
    container = create(engine, jobs.request(spec), image=image.id, volume=volume, limits=limits)
    try:
        found = engine.api.inspect_container(container)
        assert containers_of(engine, spec.job_id) == [container]
        host = found["HostConfig"]
        assert host["CapDrop"] == ["ALL"]
        assert host["SecurityOpt"] == ["no-new-privileges"]
        assert not host["Privileged"]
        assert (host["Memory"], host["MemorySwap"], host["NanoCpus"]) == (256 << 20, 256 << 20, 500_000_000)
        assert host["NetworkMode"] == "none"
        assert host["PidsLimit"] == 4096
        assert not host["AutoRemove"], "a job outlives its driver"
        assert {mount["Target"]: mount.get("ReadOnly", False) for mount in host["Mounts"]} == {
            "/foundations/runtime": True,
            "/foundations/private/archive": False,
        }
    finally:
        engine.api.remove_container(container, force=True, v=True)
        engine.api.remove_volume(volume)


@pytest.mark.docker
def test_orphans_are_reaped(jobs: Jobs, docker_host: Host) -> None:
    script = """
import os, time
read, write = os.pipe()
if os.fork() == 0:
    orphan = os.fork()
    if orphan == 0:
        time.sleep(0.2)  # until its parent has gone
        os._exit(0)
    os.write(write, str(orphan).encode())
    os._exit(0)
os.wait()
orphan = int(os.read(read, 20))
deadline = time.monotonic() + 10
while os.path.exists(f"/proc/{orphan}") and time.monotonic() < deadline:
    time.sleep(0.01)
print("reaped" if not os.path.exists(f"/proc/{orphan}") else open(f"/proc/{orphan}/status").read())
"""
    record = jobs.run(docker_host, script)
    assert jobs.log(record.job_id) == ["reaped"]


@pytest.mark.docker
def test_a_worker_over_its_memory_limit_is_named_with_the_limit(jobs: Jobs, make_docker_host: MakeHost) -> None:
    script = "print('before', flush=True)\nhog = []\nwhile True: hog.append(bytearray(b'x') * 1_000_000)"
    record = jobs.run(make_docker_host(memory="200m"), script)
    assert record.state == "Failed"
    assert "killed for memory" in (record.error or "")
    assert "200m" in (record.error or "")
    assert jobs.log(record.job_id) == ["before"]


@pytest.mark.docker
def test_a_memory_limit_that_the_courier_itself_is_over_is_named(jobs: Jobs, make_docker_host: MakeHost) -> None:
    record = jobs.run(make_docker_host(memory="6m"), "")
    assert record.state == "Failed"
    assert "killed for memory" in (record.error or "")
    assert "6m" in (record.error or "")


@pytest.mark.docker
def test_jobs_of_one_name_in_two_archives_run_on_one_engine(
    jobs: Jobs, engine: docker.DockerClient, docker_host: Host
) -> None:
    spec = jobs.submit("print('second')")
    docker_host.prepare()
    first = docker_host.start(jobs.request(replace(spec, job_id=spec.job_id)))
    try:
        second = docker_host.start(jobs.request(spec))
        second.stop()
        second.remove()
        assert len(containers_of(engine, spec.job_id)) == 1
    finally:
        first.stop()
        first.remove()
    assert containers_of(engine, spec.job_id) == []


@pytest.mark.docker
def test_what_is_gone_can_be_stopped_waited_for_and_removed(engine: docker.DockerClient) -> None:
    job = ContainerJob(engine, "there-is-no-such-container")
    job.stop()
    assert job.wait().status is None
    job.remove()
    job.remove()


@pytest.mark.docker
def test_a_container_is_named_after_its_job(jobs: Jobs, engine: docker.DockerClient, docker_host: Host) -> None:
    spec = jobs.submit("import time; time.sleep(60)")
    docker_host.prepare()
    job = docker_host.start(jobs.request(spec))
    try:
        name = until(lambda: engine.api.inspect_container(containers_of(engine, spec.job_id)[0])["Name"])
        assert name.startswith(f"/foundations-{spec.job_id}")
    finally:
        job.stop()
        job.remove()
    with pytest.raises(NotFound):
        engine.api.inspect_container(name)
