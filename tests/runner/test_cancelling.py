"""A job is ended from another thread, or by a request in the archive, on whichever host and at whatever moment."""

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from foundations_archive import cancellation, layout
from foundations_archive.errors import ArchiveUnreachable, JobTaken
from foundations_archive.records import JobRecord, JobSpec
from foundations_runner.host import Host, JobRequest
from foundations_runner.process_host import LocalJob, ProcessHost
from tests.runner.conftest import Jobs, until

pytestmark = pytest.mark.usefixtures("nothing_is_left")

ENDLESS = "print('began', flush=True)\nimport time; time.sleep(120)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + ENDLESS


class InThread:
    """A job that another thread runs."""

    def __init__(self, run: Callable[[], JobRecord]) -> None:
        self.outcome: JobRecord | BaseException | None = None
        self._run = run
        self._thread = threading.Thread(target=self._keep)
        self._thread.start()

    def _keep(self) -> None:
        try:
            self.outcome = self._run()
        except BaseException as error:  # noqa: BLE001 - looked at by the test
            self.outcome = error

    def record(self) -> JobRecord:
        self._thread.join(30)
        assert isinstance(self.outcome, JobRecord), self.outcome
        return self.outcome


def sealed(jobs: Jobs, spec: JobSpec) -> str | None:
    found = jobs.archive.sealed(spec.job_id)
    return found.state if found else None


@pytest.mark.parametrize("script", [ENDLESS, STUBBORN], ids=["ends", "ignores it"])
def test_a_thread_ends_the_job_of_another(jobs: Jobs, host: Host, script: str) -> None:
    spec = jobs.spec(script)
    run = jobs.job(host, spec)
    running = InThread(run.submit)
    until(lambda: [event for event in jobs.seen if event["event"] == "log"], what="the log")
    run.cancel()
    assert running.record().state == sealed(jobs, spec) == "Cancelled"


@pytest.mark.parametrize("script", [ENDLESS, STUBBORN], ids=["ends", "ignores it"])
def test_a_request_in_the_archive_ends_a_job_that_runs(jobs: Jobs, host: Host, script: str) -> None:
    spec = jobs.spec(script)
    running = InThread(jobs.job(host, spec).submit)
    until(lambda: [event for event in jobs.seen if event["event"] == "log"], what="the log")
    assert cancellation.request_cancellation(jobs.archive, spec)
    assert cancellation.request_cancellation(jobs.archive, spec), "it may be asked again"
    assert running.record().state == sealed(jobs, spec) == "Cancelled"
    assert not cancellation.request_cancellation(jobs.archive, spec)
    assert jobs.log(spec.job_id) == ["began"]


class Slow(ProcessHost):
    """A host that takes its time to be prepared, or to start, as long as a test wants it."""

    def __init__(self, host: ProcessHost, moment: str) -> None:
        super().__init__(host._runtime)
        self.moment, self.reached, self.go = moment, threading.Event(), threading.Event()

    def _wait(self, moment: str) -> None:
        if moment == self.moment:
            self.reached.set()
            assert self.go.wait(30)

    def prepare(self) -> None:
        self._wait("prepare")

    def start(self, request: JobRequest) -> LocalJob:
        self._wait("start")
        return super().start(request)


def test_a_job_that_waits_for_its_host_is_cancelled_at_once_and_never_starts(
    jobs: Jobs, process_host: ProcessHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("foundations_runner.run._SHORT_WAIT_SECONDS", 0.0)
    slow, spec = Slow(process_host, "prepare"), jobs.spec(ENDLESS)
    running = InThread(jobs.job(slow, spec).submit)
    assert slow.reached.wait(30)
    assert jobs.archive.state(spec) == "Queued"
    assert cancellation.request_cancellation(jobs.archive, spec)
    assert jobs.archive.state(spec) == "Cancelled"
    slow.go.set()
    assert running.record().state == "Cancelled"
    assert jobs.seen == []


def test_a_request_that_comes_while_the_courier_starts_is_seen_before_the_worker_starts(
    jobs: Jobs, process_host: ProcessHost
) -> None:
    slow, spec = Slow(process_host, "start"), jobs.spec(ENDLESS)
    running = InThread(jobs.job(slow, spec).submit)
    assert slow.reached.wait(30)
    assert cancellation.request_cancellation(jobs.archive, spec)
    slow.go.set()
    assert running.record().state == sealed(jobs, spec) == "Cancelled"
    assert jobs.log(spec.job_id) == []
    assert [event["event"] for event in jobs.seen] == ["job started", "job ended"]


@pytest.mark.parametrize("moment", ["prepare", "start"])
def test_a_thread_ends_a_job_that_has_not_begun(jobs: Jobs, process_host: ProcessHost, moment: str) -> None:
    slow, spec = Slow(process_host, moment), jobs.spec(ENDLESS)
    run = jobs.job(slow, spec)
    running = InThread(run.submit)
    assert slow.reached.wait(30)
    cancelling = threading.Thread(target=run.cancel)
    cancelling.start()
    slow.go.set()
    cancelling.join(30)
    assert running.record().state == sealed(jobs, spec) == "Cancelled"
    assert jobs.log(spec.job_id) == []


def test_a_job_that_is_cancelled_when_it_has_ended_stays_as_it_ended(jobs: Jobs, host: Host) -> None:
    spec = jobs.spec("print('quick')")
    run = jobs.job(host, spec)
    assert run.submit().state == "Completed"
    run.cancel()
    assert sealed(jobs, spec) == "Completed"


def test_a_request_while_the_archive_is_away_is_seen_when_it_is_back(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    from foundations_runner import cancellation_watch

    asked: list[str] = []

    def away_at_first(archive: Any, job_id: str) -> bool:
        asked.append(job_id)
        if len(asked) < 3:
            raise ArchiveUnreachable("the archive is away")
        return True

    received = threading.Event()
    before = signal.signal(signal.SIGTERM, lambda number, frame: received.set())
    try:
        monkeypatch.setattr(cancellation_watch, "WATCH_SECONDS", 0.01)
        monkeypatch.setattr(cancellation, "cancellation_requested", away_at_first)
        cancellation_watch.watch_for_cancellation(jobs.archive, "job")
        assert received.wait(10)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert asked == ["job"] * 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_right_behind_the_submission_leaves_no_queued_job(
    jobs: Jobs, process_host: ProcessHost, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    submit = jobs.archive.submit

    def interrupted(spec: JobSpec, *, looked: bool) -> None:
        submit(spec, looked=looked)
        signal.raise_signal(number)

    monkeypatch.setattr(jobs.archive, "submit", interrupted)
    spec = jobs.spec("")
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        jobs.job(process_host, spec).submit()
    assert sealed(jobs, spec) == "Cancelled"
    assert jobs.archive.queued() == []


def test_an_interrupt_in_the_middle_of_the_submission_waits_until_the_job_is_there(
    jobs: Jobs, process_host: ProcessHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    heartbeat = jobs.archive.heartbeat

    def interrupted(project: str, job_id: str) -> None:
        heartbeat(project, job_id)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(jobs.archive, "heartbeat", interrupted)
    spec = jobs.spec("")
    with pytest.raises(KeyboardInterrupt):
        jobs.job(process_host, spec).submit()
    assert sealed(jobs, spec) == "Cancelled"


def test_a_name_that_is_taken_leaves_the_other_job_alone(jobs: Jobs, process_host: ProcessHost) -> None:
    spec = jobs.submit(ENDLESS)
    with pytest.raises(JobTaken):
        jobs.job(process_host, spec).submit()
    assert jobs.archive.state(spec) == "Queued"


def test_a_job_that_waited_for_its_host_is_not_lost_when_it_begins(
    jobs: Jobs, process_host: ProcessHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("foundations_runner.run.HEARTBEAT_SECONDS", 0.0)
    slow, spec = Slow(process_host, "prepare"), jobs.spec("import time; time.sleep(1)")
    running = InThread(jobs.job(slow, spec).submit)
    assert slow.reached.wait(30)
    marker = Path(jobs.location, layout.live(spec.project, spec.job_id))
    # as if the image had taken an hour to build
    os.utime(marker, (time.time() - 3500, time.time() - 3500))
    slow.go.set()
    states = set()
    while running.outcome is None:
        states.add(jobs.archive.state(spec))
    assert running.record().state == "Completed"
    assert "Lost" not in states
