"""A job is sealed and leaves nothing behind, whatever becomes of it, of its courier, of its host or of its driver."""

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docker
import pytest

from foundations_archive.errors import ArchiveUnreachable
from foundations_archive.ledger import Event
from foundations_archive.records import JobSpec
from foundations_runner.errors import CourierFailed, EngineRefused
from foundations_runner.host import Host, JobRequest
from foundations_runner.process_host import LocalJob, ProcessHost
from tests.runner.conftest import EngineProxy, Jobs, MakeHost, containers_of, forget, until

pytestmark = pytest.mark.usefixtures("nothing_is_left")

# long lines: a courier archives at once what is more than 256 KiB
COUNTING = """
import itertools, time
for n in itertools.count():
    print(n, "x" * 20_000, flush=True)
    time.sleep(0.01)
"""


class Watching:
    """Does something once, when a job's log has begun to be archived and goes on."""

    def __init__(self, jobs: Jobs, spec: JobSpec, act: Callable[[], None]) -> None:
        self.jobs, self.spec, self.act = jobs, spec, act
        self.seen: list[Event] = []
        self._acted = False

    def __call__(self, event: Event) -> None:
        self.seen.append(event)
        if not self._acted and len(self.seen) > 20 and self.jobs.log(self.spec.job_id):
            self._acted = True
            self.act()


def no_line_is_lost_or_doubled(jobs: Jobs, spec: JobSpec, seen: list[Event]) -> bool:
    events = list(jobs.archive.events(spec.job_id))
    lines = [event["text"] for event in events if event["event"] == "log"]
    shown = [event["text"] for event in seen if event["event"] == "log"]
    return lines[: len(shown)] == shown and [event["n"] for event in events] == list(range(len(events)))


def test_a_killed_courier_leaves_a_failed_job_with_all_that_was_seen(jobs: Jobs, process_host: ProcessHost) -> None:
    spec = jobs.submit("import os; print(os.getppid(), flush=True)\n" + COUNTING)
    watching = Watching(jobs, spec, lambda: os.kill(int(watching.seen[1]["text"]), signal.SIGKILL))
    record = jobs.run(process_host, spec, watching)
    assert record.state == "Failed"
    assert "the job's courier died of SIGKILL" in (record.error or "")
    assert record.tail
    assert no_line_is_lost_or_doubled(jobs, spec, watching.seen)


@pytest.mark.docker
@pytest.mark.parametrize(
    ("end", "cause"),
    [
        (lambda api, name: api.kill(name), "the job's courier died of SIGKILL"),
        (lambda api, name: api.remove_container(name, force=True), "its container was removed from outside"),
    ],
    ids=["killed", "removed"],
)
def test_a_container_that_somebody_ends_leaves_a_failed_job_with_all_that_was_seen(
    jobs: Jobs, docker_host: Host, engine: docker.DockerClient, end: Callable[[Any, str], None], cause: str
) -> None:
    spec = jobs.submit(COUNTING)
    watching = Watching(jobs, spec, lambda: end(engine.api, containers_of(engine, spec.job_id)[0]))
    record = jobs.run(docker_host, spec, watching)
    assert record.state == "Failed"
    assert cause in (record.error or "")
    assert record.tail
    assert no_line_is_lost_or_doubled(jobs, spec, watching.seen)
    assert containers_of(engine, spec.job_id) == []


def test_a_worker_that_somebody_kills_leaves_a_failed_job(jobs: Jobs, host: Host) -> None:
    record = jobs.run(host, "import os, signal\nprint('up')\nos.kill(os.getpid(), signal.SIGKILL)")
    assert "someone killed it" in (record.error or "")


def test_a_courier_that_finds_no_job_says_so(jobs: Jobs, host: Host) -> None:
    spec = jobs.submit("")
    Path(jobs.location, "jobs", spec.job_id, "spec.json").unlink()
    with pytest.raises(CourierFailed, match="is not in the archive at"):
        jobs.run(host, spec)
    sealed = jobs.archive.sealed(spec.job_id)
    assert sealed
    assert sealed.state == "Failed"
    assert "is not in the archive at" in (sealed.error or "")


class Broken(ProcessHost):
    """A host that can't, or whose jobs can't, do what their class attributes say."""

    preparing: BaseException | None = None
    starting: BaseException | None = None

    def __init__(self, host: ProcessHost) -> None:
        super().__init__(host._runtime)

    def prepare(self) -> None:
        if self.preparing:
            raise self.preparing

    def start(self, request: JobRequest) -> LocalJob:
        if self.starting:
            raise self.starting
        return super().start(request)


@pytest.mark.parametrize("moment", ["preparing", "starting"])
@pytest.mark.parametrize(
    ("error", "state", "said"),
    [(EngineRefused("no room"), "Failed", "no room"), (KeyboardInterrupt(), "Cancelled", None)],
    ids=["refused", "interrupted"],
)
def test_a_job_that_never_starts_is_sealed(
    jobs: Jobs, process_host: ProcessHost, moment: str, error: BaseException, state: str, said: str | None
) -> None:
    broken = Broken(process_host)
    setattr(broken, moment, error)
    spec = jobs.submit("")
    with pytest.raises(type(error)):
        jobs.run(broken, spec)
    sealed = jobs.archive.sealed(spec.job_id)
    assert sealed
    assert (sealed.state, sealed.error) == (state, said)


@pytest.mark.parametrize("error", [BrokenPipeError("nobody reads"), SystemExit(3)], ids=["closed", "exit"])
def test_a_driver_that_can_not_go_on_ends_its_job(
    jobs: Jobs, host: Host, error: BaseException, request: pytest.FixtureRequest
) -> None:
    spec = jobs.submit(COUNTING)

    def stop() -> None:
        raise error

    with pytest.raises(type(error)):
        jobs.run(host, spec, Watching(jobs, spec, stop))
    sealed = jobs.archive.sealed(spec.job_id)
    assert sealed
    assert sealed.state == "Cancelled"
    if "docker" in request.node.callspec.id:
        assert containers_of(request.getfixturevalue("engine"), spec.job_id) == []


def test_an_interrupted_job_is_cancelled(jobs: Jobs, host: Host) -> None:
    spec = jobs.submit(COUNTING)
    with pytest.raises(KeyboardInterrupt):
        jobs.run(host, spec, Watching(jobs, spec, lambda: signal.raise_signal(signal.SIGINT)))
    sealed = jobs.archive.sealed(spec.job_id)
    assert sealed
    assert (sealed.state, sealed.error) == ("Cancelled", None)


def test_a_second_interrupt_waits_until_all_is_tidied_up(
    jobs: Jobs, process_host: ProcessHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []

    def twice(name: str, method: Callable[[LocalJob], None]) -> Callable[[LocalJob], None]:
        def call(job: LocalJob) -> None:
            signal.raise_signal(signal.SIGINT)
            method(job)
            order.append(name)

        return call

    for name in ("stop", "remove"):
        monkeypatch.setattr(LocalJob, name, twice(name, getattr(LocalJob, name)))
    spec = jobs.submit(COUNTING)
    with pytest.raises(KeyboardInterrupt):
        jobs.run(process_host, spec, Watching(jobs, spec, lambda: signal.raise_signal(signal.SIGINT)))
    assert order == ["stop", "remove"]
    assert jobs.archive.sealed(spec.job_id)


@pytest.mark.docker
@pytest.mark.parametrize("verb", ["create", "attach", "start"])
@pytest.mark.parametrize(("number", "error"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)])
def test_an_interrupt_while_the_container_is_made_leaves_none(
    jobs: Jobs,
    make_docker_host: MakeHost,
    engine: docker.DockerClient,
    proxy: EngineProxy,
    connected: docker.DockerClient,
    verb: str,
    number: signal.Signals,
    error: type[BaseException],
) -> None:
    host = make_docker_host(client=connected)
    host.prepare()
    proxy.hold(rf"POST \S+/containers/(\w+/)?{verb}\b".encode())
    spec = jobs.submit(COUNTING)
    began = time.monotonic()
    with pytest.raises(error), Sent(number, when=proxy.reached, then=proxy.release):
        jobs.run(host, spec)
    assert time.monotonic() - began < 4, "what has not begun needs no time to end"
    assert containers_of(engine, spec.job_id) == []
    sealed = jobs.archive.sealed(spec.job_id)
    assert sealed
    assert sealed.state == "Cancelled"


class Sent:
    """A signal to this process as soon as something is reached."""

    def __init__(self, number: signal.Signals, *, when: threading.Event, then: Callable[[], None]) -> None:
        self._number, self._reached, self._then = number, when, then
        self._thread = threading.Thread(target=self._send)

    def _send(self) -> None:
        assert self._reached.wait(30)
        os.kill(os.getpid(), self._number)
        self._then()

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._thread.join()


@pytest.mark.docker
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_a_job_goes_on_when_its_driver_loses_the_engine(
    jobs: Jobs,
    make_docker_host: MakeHost,
    engine: docker.DockerClient,
    proxy: EngineProxy,
    connected: docker.DockerClient,
) -> None:
    spec = jobs.submit("for n in range(3): print(n, flush=True)\nimport time; time.sleep(1)\nprint('done')")
    try:
        with pytest.raises(EngineRefused, match="waiting for a job's container"):
            jobs.run(make_docker_host(client=connected), spec, lambda event: proxy.cut())
        record = until(lambda: jobs.archive.sealed(spec.job_id), what="the courier's own record")
        assert record.state == "Completed"
        assert jobs.log(spec.job_id) == ["0", "1", "2", "done"]
    finally:
        forget(engine, spec.job_id)


@pytest.mark.docker
def test_a_stage_may_be_silent_for_longer_than_the_engine_may(
    jobs: Jobs, make_docker_host: MakeHost, engine: docker.DockerClient
) -> None:
    impatient = docker.DockerClient.from_env(timeout=1)
    record = jobs.run(make_docker_host(client=impatient), "import time; time.sleep(2.5); print('at last')")
    impatient.close()
    assert record.state == "Completed"
    assert [event["text"] for event in jobs.seen if event["event"] == "log"] == ["at last"]


def test_an_archive_that_is_away_when_a_job_is_to_be_sealed_is_named(
    jobs: Jobs, process_host: ProcessHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise ArchiveUnreachable("the archive is away")

    spec = jobs.submit(COUNTING)
    monkeypatch.setattr(jobs.archive, "sealed", away)
    with pytest.raises(ArchiveUnreachable, match="is away"):
        jobs.run(process_host, spec, Watching(jobs, spec, lambda: signal.raise_signal(signal.SIGINT)))
    monkeypatch.undo()
    sealed = jobs.archive.sealed(spec.job_id)
    assert sealed
    assert sealed.state == "Cancelled", "by the courier"


def test_many_jobs_run_at_the_same_time(jobs: Jobs, process_host: ProcessHost) -> None:
    states: list[str] = []

    def run(n: int) -> None:
        spec = jobs.submit(f"print({n})")
        record = jobs.job(process_host, spec, lambda event: None).run()
        states.append(f"{record.state} {jobs.log(spec.job_id)}")

    threads = [threading.Thread(target=run, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(states) == [f"Completed ['{n}']" for n in range(4)]
