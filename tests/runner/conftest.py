"""A runner without foundations: jobs whose worker runs the script that a test gives it."""

import gc
import os
import re
import socket
import sys
import tempfile
import threading
import time
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import docker
import pytest
from docker.errors import NotFound

from foundations_archive.archive import Archive, open_archive
from foundations_archive.ledger import Event
from foundations_archive.manifest import Manifest
from foundations_archive.records import JobRecord, JobSpec, Value
from foundations_images import Image, find_base
from foundations_runner.container import JOB_LABEL, Limits
from foundations_runner.docker_host import DockerHost
from foundations_runner.host import Host, JobRequest
from foundations_runner.process_host import ProcessHost
from foundations_runner.run import JobRun
from foundations_runner.runtime import Runtime, ensure_runtime
from foundations_runner.volume import RUNTIME_LABEL

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
HOSTS = ["process", pytest.param("docker", marks=pytest.mark.docker)]

WORKER = '''\
"""Runs the script that stands in for a job's graph."""

def main(channel):
    job = channel.receive()
    script = b"".join(channel.buffer(size) for size in job["sizes"])
    exec(compile(script, "script", "exec"), {"channel": channel, "job": job})
    channel.send({"say": "finished", "failed": False, "error": None})
'''


class MakeHost(Protocol):
    def __call__(self, **limits: Any) -> Host: ...


def until(true: Callable[[], Any], *, seconds: float = 20.0, what: str = "what a test waits for") -> Any:
    """Return what `true` gives as soon as that is true; fail after a deadline."""
    deadline = time.monotonic() + seconds
    while not (found := true()):
        if time.monotonic() > deadline:
            pytest.fail(f"{what} did not come within {seconds} s")
        time.sleep(0.01)
    return found


@dataclass
class Jobs:
    """Jobs in one archive, as a driver hands them to a host."""

    location: str
    archive: Archive
    seen: list[Event] = field(default_factory=list)

    def submit(self, script: str, *, directory: str = ".", bundle: str | None = None) -> JobSpec:
        """Put a job into the archive."""
        spec = self.spec(script, directory=directory, bundle=bundle)
        self.archive.submit(spec)
        return spec

    def spec(self, script: str, *, directory: str = ".", bundle: str | None = None) -> JobSpec:
        """Return a job that is not in the archive yet, but for its blobs."""
        blobs = self.archive.blobs
        return JobSpec(
            job_id=f"test-{uuid.uuid4().hex[:12]}",
            project="runner",
            user="tester",
            created=time.time(),
            target="stage",
            stages=(),
            graph=Value("script", (blobs.put_bytes(script.encode()),)),
            bundle=bundle or blobs.put(Manifest((), (".",)).to_bytes()),
            paths=(".",),
            directory=directory,
            python=PYTHON,
            environment="test",
        )

    def request(self, spec: JobSpec, *, detached: bool = False) -> JobRequest:
        signing = self.archive.signing.exported() if self.archive.signing else ()
        return JobRequest(spec.job_id, self.location, "scripted_worker:main", signing=signing, detached=detached)

    def job(
        self,
        host: Host,
        spec: JobSpec,
        on_event: Callable[[Event], None] | None = None,
        *,
        detached: bool = False,
    ) -> JobRun:
        """Return the run of a job."""
        request = self.request(spec, detached=detached)
        return JobRun(host, request, archive=self.archive, spec=spec, on_event=on_event or self.seen.append)

    def run(self, host: Host, job: str | JobSpec, on_event: Callable[[Event], None] | None = None) -> JobRecord:
        """Run a script, or a job that was submitted, to its end."""
        spec = self.submit(job) if isinstance(job, str) else job
        self.seen.clear()
        return self.job(host, spec, on_event).run()

    def log(self, job_id: str, *streams: str) -> list[str]:
        events = [event for event in self.archive.events(job_id) if event["event"] == "log"]
        return [event["text"] for event in events if event["stream"] in (streams or ("stdout", "stderr"))]


@pytest.fixture
def jobs(tmp_path: Path) -> Jobs:
    location = str(tmp_path / "archive")
    archive = open_archive(location)
    archive.check()
    return Jobs(location, archive)


@pytest.fixture(scope="session")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    """A runtime whose worker runs scripts."""
    package = tmp_path_factory.mktemp("packages") / "scripted_worker"
    package.mkdir()
    (package / "__init__.py").write_text(WORKER)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(package.parent)
        yield ensure_runtime(tmp_path_factory.mktemp("home"), worker=("scripted_worker",), libraries=())


@pytest.fixture
def process_host(runtime: Runtime) -> ProcessHost:
    return ProcessHost(runtime)


@pytest.fixture(scope="session")
def image(engine: docker.DockerClient, base_image: str) -> Image:
    """The base image itself, taken for the image of a project without requirements."""
    base = find_base(engine, PYTHON, base_image, pull=False, say=print)
    return Image(f"{base.name}-0123456789abcdef", base.id, built=False, base=base, seconds=0.0)


@pytest.fixture(scope="session")
def make_docker_host(engine: docker.DockerClient, runtime: Runtime, image: Image) -> Iterator[MakeHost]:
    """Make a host on the engine, with limits; its runtime's volumes are removed when all tests have run."""

    def made(*, client: docker.DockerClient = engine, image: Image = image, **limits: Any) -> DockerHost:
        return DockerHost(client, runtime, image_of=lambda _: image, limits=Limits(**limits))

    yield made
    for volume in runtime_volumes(engine, runtime.digest):
        engine.api.remove_volume(volume)


@pytest.fixture
def docker_host(make_docker_host: MakeHost) -> Host:
    return make_docker_host()


@pytest.fixture(params=HOSTS)
def host(request: pytest.FixtureRequest) -> Host:
    """A host of each kind."""
    found: Host = request.getfixturevalue(f"{request.param}_host")
    return found


class EngineProxy:
    """A socket in front of the engine's, which can hold an answer back and be cut off."""

    def __init__(self, path: Path, engine: str) -> None:
        self.address = f"unix://{path}"
        self.reached, self._released = threading.Event(), threading.Event()
        self._engine, self._held = engine, re.compile(b"(?!)")
        self._ends: list[socket.socket] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def hold(self, request: bytes) -> None:
        """Hold back the answer to the request whose first line matches; `reached` tells when the engine has it."""
        self._held = re.compile(request)

    def release(self) -> None:
        self._released.set()

    def cut(self) -> None:
        """Close every connection and take no more."""
        for end in [self._listener, *self._ends]:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            engine = socket.socket(socket.AF_UNIX)
            engine.connect(self._engine)
            self._ends += [client, engine]
            answers = threading.Event()
            answers.set()
            threading.Thread(target=self._pump, args=(client, engine, answers), daemon=True).start()
            threading.Thread(target=self._answer, args=(engine, client, answers), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, answers: threading.Event) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                held = self._held.match(data)
                if held:
                    answers.clear()
                target.sendall(data)
                if held:
                    self.reached.set()
                    self._released.wait(60)
                    answers.set()
            target.shutdown(socket.SHUT_WR)

    def _answer(self, source: socket.socket, target: socket.socket, answers: threading.Event) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                answers.wait(60)
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)


@pytest.fixture
def proxy(engine: docker.DockerClient, tmp_path: Path) -> Iterator[EngineProxy]:
    """A proxy to the engine of this machine."""
    address = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    if not address.startswith("unix://"):
        pytest.skip(f"the engine at {address} has no socket here")
    proxy = EngineProxy(tmp_path / "engine.sock", address.removeprefix("unix://"))
    yield proxy
    proxy.release()
    proxy.cut()


@pytest.fixture
def connected(proxy: EngineProxy) -> Iterator[docker.DockerClient]:
    """A client that reaches the engine through the proxy."""
    client = docker.DockerClient(proxy.address)
    yield client
    client.close()
    with warnings.catch_warnings():
        # docker-py leaves a socket that it could not connect to the garbage collector
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def runtime_volumes(engine: docker.DockerClient, digest: str) -> list[str]:
    found = engine.api.volumes(filters={"label": f"{RUNTIME_LABEL}={digest}"})["Volumes"] or []
    return [volume["Name"] for volume in found]


def containers_of(engine: docker.DockerClient, job_id: str) -> list[str]:
    found = engine.api.containers(all=True, filters={"label": f"{JOB_LABEL}={job_id}"})
    return [container["Id"] for container in found]


@pytest.fixture
def nothing_is_left(jobs: Jobs, request: pytest.FixtureRequest) -> Iterator[None]:
    """After the test no job of it has a container."""
    yield
    if "engine" in request.fixturenames:
        for job_id in jobs.archive.job_ids():
            assert containers_of(request.getfixturevalue("engine"), job_id) == []


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files, while the test runs."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def forget(engine: docker.DockerClient, job_id: str) -> None:
    """Remove what a test left of a job on purpose."""
    for container in containers_of(engine, job_id):
        try:
            engine.api.remove_container(container, force=True, v=True)
        except NotFound:
            continue
