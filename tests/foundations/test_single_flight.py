"""Jobs and stages that want the same key at once: one computes it, and the others wait for no longer than they have to.

The stages of these tests connect to the test, which so sees each run of them, and says how it shall end.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from foundations_archive import S3Settings, layout
from foundations_archive.archive import Archive, open_archive
from tests.archive.conftest import MakeBucket, make_bucket  # noqa: F401 - a fixture
from tests.foundations.conftest import MakeProject, Project

SECONDS = 60.0

MODEL = """
    import os
    import socket
    import threading

    import foundations


    def slow(port, name="slow"):
        with socket.create_connection(("127.0.0.1", port)) as line:
            line.sendall(f"{name} {os.getpid()} {os.getppid()}\\n".encode())
            word = line.makefile().readline().strip()
        with open(os.environ["RUNS"], "a") as runs:
            runs.write(f"{name}\\n")
        if word == "fail":
            raise ValueError("told to fail")
        if word == "unserializable":
            return threading.Lock()
        foundations.log_metric("word", word)
        return word


    def variable(port):
        return slow(port) + " " + os.environ["DATA"]


    def change(port, box):
        box["word"] = slow(port)
        return dict(box)


    def box():
        return {}


    def join(*words):
        return " ".join(words)
"""
DRIVER = """
    import sys

    import foundations
    from foundations import create_stage
    from model import box, change, join, slow, variable

    JOB, PORT = sys.argv[1], int(sys.argv[2])
    foundations.set_project_name("flight")


    def cached(function, *arguments, **options):
        return create_stage(function)(PORT, *arguments).enable_caching(**options)


    print("result:", {stage}.persist().run(job_name=JOB, {more}).result())
"""
PLAIN = "cached(slow)"


def until(true: Callable[[], Any], *, what: str) -> Any:
    """Return what `true` gives as soon as that is true; fail after a deadline."""
    deadline = time.monotonic() + SECONDS
    while not (found := true()):
        if time.monotonic() > deadline:
            pytest.fail(f"{what} did not come within {SECONDS} s")
        time.sleep(0.02)
    return found


class Gate:
    """Where stages announce themselves, and wait for the word that ends them."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self.come: list[tuple[str, int, int]] = []
        self._lines: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def wait_for(self, count: int) -> None:
        """Return when so many have come."""
        until(lambda: len(self.come) >= count, what=f"run {count} of a stage")

    def say(self, number: int, word: str = "done") -> None:
        self._lines[number].sendall(f"{word}\n".encode())

    def close(self) -> None:
        for line in [self._server, *self._lines]:
            line.close()

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._server.accept()
            except OSError:
                return
            name, worker, courier = line.makefile().readline().split()
            self._lines.append(line)
            self.come.append((name, int(worker), int(courier)))


@dataclass
class Job:
    """A driver that runs as a process, and what it has said."""

    name: str
    process: "subprocess.Popen[bytes]"
    output: Path

    @property
    def said(self) -> str:
        return self.output.read_text()

    def ended(self, status: int = 0) -> str:
        """Wait until it has ended, and return what it has said."""
        assert self.process.wait(SECONDS) == status, self.said
        return self.said

    def waits(self, for_job: "Job") -> None:
        """Return when it waits for another one."""
        text = f"waits for job {for_job.name}, which computes the same"
        until(lambda: text in self.said or self.process.poll() is not None, what="a job that waits")
        assert text in self.said


@dataclass
class Flight:
    """A project, and the jobs of it that run at once."""

    project: Project
    gate: Gate
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    s3: S3Settings | None = None
    jobs: list[Job] = field(default_factory=list)

    @property
    def archive(self) -> Archive:
        if self.s3 is None:
            return self.project.archive
        keys = {
            "endpoint_url": self.s3.endpoint_url,
            "region": self.s3.region,
            "access_key_id": self.s3.access_key_id,
            "secret_access_key": self.s3.secret_access_key,
        }
        return open_archive(self.environment["FOUNDATIONS_ARCHIVE"], s3=keys)

    @property
    def runs(self) -> int:
        """How often the stage has run to its end, as the file says that it writes to."""
        path = self.folder / "runs"
        return len(path.read_text().splitlines()) if path.exists() else 0

    def start(self, stage: str = PLAIN, more: str = "", **environment: str) -> Job:
        name = f"job-{len(self.jobs) + 1}-{uuid.uuid4().hex[:6]}"
        driver = self.project.write(
            f"driver_{len(self.jobs)}.py", DRIVER.replace("{stage}", stage).replace("{more}", more)
        )
        output = self.folder / name
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("FOUNDATIONS_")}
        own = {
            "FOUNDATIONS_HOME": str(self.project.home),
            "FOUNDATIONS_ARCHIVE": str(self.project.archive_path),
            "RUNS": str(self.folder / "runs"),
        }
        with output.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, driver.name, name, str(self.gate.port)],
                cwd=self.project.root,
                env={**inherited, **own, **self.environment, **environment},
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.jobs.append(Job(name, process, output))
        return self.jobs[-1]

    def statuses(self, job: Job) -> list[str]:
        record = self.archive.sealed(job.name)
        assert record
        return [stage.status for stage in record.stages]

    def leases(self) -> list[str]:
        return [entry.key for entry in self.archive.cache_store.list(layout.LEASES)]


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.close()


@pytest.fixture
def flight(make_project: MakeProject, gate: Gate, tmp_path: Path) -> Iterator[Flight]:
    """Jobs on a directory."""
    project = make_project("flight")
    project.write("model.py", MODEL)
    flight = Flight(project, gate, tmp_path)
    yield flight
    for job in flight.jobs:
        if job.process.poll() is None:
            os.killpg(job.process.pid, signal.SIGKILL)
            job.process.wait()


@pytest.fixture(params=["directory", pytest.param("s3", marks=pytest.mark.s3)])
def stored(request: pytest.FixtureRequest, flight: Flight) -> Flight:
    """Jobs on an archive of each kind."""
    if request.param == "s3":
        settings = request.getfixturevalue("s3_settings")
        bucket = request.getfixturevalue("make_bucket")(settings)
        flight.s3 = settings
        flight.environment |= {
            "AWS_ENDPOINT_URL": settings.endpoint_url,
            "AWS_DEFAULT_REGION": settings.region,
            "AWS_ACCESS_KEY_ID": settings.access_key_id,
            "AWS_SECRET_ACCESS_KEY": settings.secret_access_key,
            "FOUNDATIONS_ARCHIVE": f"s3://{bucket}/archive",
        }
    return flight


def test_of_two_jobs_at_once_one_computes_and_the_other_is_served(stored: Flight, gate: Gate) -> None:
    first = stored.start()
    gate.wait_for(1)
    second = stored.start()
    second.waits(first)
    gate.say(0)
    assert "result: done" in first.ended()
    assert "result: done" in second.ended()
    assert (len(gate.come), stored.runs) == (1, 1)
    assert (stored.statuses(first), stored.statuses(second)) == (["succeeded"], ["cached"])
    record = stored.archive.sealed(second.name)
    assert record
    assert record.stages[0].cached_from == first.name
    assert second.said.count("waits for job") == 1


def test_who_waits_takes_over_when_courier_and_worker_are_killed(stored: Flight, gate: Gate) -> None:
    stored.environment["FOUNDATIONS_LEASE_SECONDS"] = "2"
    first = stored.start()
    gate.wait_for(1)
    second = stored.start()
    second.waits(first)
    _, worker, courier = gate.come[0]
    os.kill(courier, signal.SIGKILL)
    os.kill(worker, signal.SIGKILL)
    gate.wait_for(2)
    gate.say(1)
    assert "result: done" in second.ended()
    first.ended(1)
    assert (stored.statuses(second), stored.runs) == (["succeeded"], 1)


def test_when_the_first_one_fails_the_second_computes(stored: Flight, gate: Gate) -> None:
    first = stored.start()
    gate.wait_for(1)
    second = stored.start()
    second.waits(first)
    gate.say(0, "fail")
    gate.wait_for(2)
    gate.say(1)
    assert "told to fail" in first.ended(1)
    assert "result: done" in second.ended()
    assert (stored.statuses(first), stored.statuses(second)) == (["failed"], ["succeeded"])


def test_of_ten_jobs_at_once_one_computes(flight: Flight, gate: Gate) -> None:
    jobs = [flight.start() for _ in range(10)]
    gate.wait_for(1)
    until(lambda: sum("waits for job" in job.said for job in jobs) == 9, what="nine jobs that wait")
    gate.say(0)
    assert all("result: done" in job.ended() for job in jobs)
    assert (len(gate.come), flight.runs) == (1, 1)
    statuses = sorted(status for job in jobs for status in flight.statuses(job))
    assert statuses == ["cached"] * 9 + ["succeeded"]


def test_a_result_that_is_not_kept_lets_the_second_compute(flight: Flight, gate: Gate) -> None:
    first = flight.start("cached(change, create_stage(box)())")
    gate.wait_for(1)
    second = flight.start("cached(change, create_stage(box)())")
    second.waits(first)
    gate.say(0)
    gate.wait_for(2)
    gate.say(1)
    assert "changed an argument in place" in first.ended()
    assert "result: {'word': 'done'}" in second.ended()
    assert sorted(flight.statuses(second)) == ["cached", "succeeded"], "what makes the argument is cached"


def test_a_result_that_can_not_be_serialized_lets_the_second_compute(flight: Flight, gate: Gate) -> None:
    first = flight.start("create_stage(str)(cached(slow))")
    gate.wait_for(1)
    second = flight.start("create_stage(str)(cached(slow))")
    second.waits(first)
    gate.say(0, "unserializable")
    first.ended()
    gate.wait_for(2)
    gate.say(1)
    assert "result: done" in second.ended()


def test_an_entry_that_does_not_hold_for_the_others_lets_them_compute_at_once(flight: Flight, gate: Gate) -> None:
    first = flight.start("cached(variable)", DATA="a")
    gate.wait_for(1)
    others = [flight.start("cached(variable)", DATA=value) for value in "bc"]
    for other in others:
        other.waits(first)
    gate.say(0)
    gate.wait_for(3)  # none of the two waits for the other one
    gate.say(1)
    gate.say(2)
    assert "result: done a" in first.ended()
    assert [f"result: done {value}" in other.ended() for other, value in zip(others, "bc", strict=True)] == [True] * 2
    again = [flight.start("cached(variable)", DATA=value) for value in "abc"]
    assert [f"result: done {value}" in job.ended() for job, value in zip(again, "abc", strict=True)] == [True] * 3
    assert len(gate.come) == 3


def test_equal_stages_of_one_job_compute_once(stored: Flight, gate: Gate) -> None:
    job = stored.start("create_stage(join)(*[cached(slow) for _ in range(3)])")
    gate.wait_for(1)
    gate.say(0)
    assert "result: done done done" in job.ended()
    assert (len(gate.come), sorted(stored.statuses(job))) == (1, ["cached", "cached", "succeeded", "succeeded"])
    assert "waits for job" not in job.said


def test_other_stages_of_a_job_go_on_while_one_waits_though_it_has_one_thread(flight: Flight, gate: Gate) -> None:
    flight.project.write("config/one.config.yaml", "job_deployment_env: local\nstage_config: {threads: 1}\n")
    first = flight.start()
    gate.wait_for(1)
    one = {"FOUNDATIONS_ENVIRONMENT": "one"}
    second = flight.start("create_stage(join)(cached(slow), create_stage(slow)(PORT, 'other'))", **one)
    gate.wait_for(2)
    second.waits(first)
    assert gate.come[1][0] == "other"
    gate.say(0)
    first.ended()
    gate.say(1, "went on")
    assert "result: done went on" in second.ended()
    assert len(gate.come) == 2


def test_jobs_that_want_each_others_keys_in_different_order_both_end(flight: Flight, gate: Gate) -> None:
    flight.project.write("config/one.config.yaml", "job_deployment_env: local\nstage_config: {threads: 1}\n")
    stages = ["cached(slow, 'a')", "cached(slow, 'b')"]
    jobs = [
        flight.start(f"create_stage(join)({', '.join(order)})", FOUNDATIONS_ENVIRONMENT="one")
        for order in (stages, stages[::-1])
    ]
    gate.wait_for(2)
    assert sorted(name for name, _, _ in gate.come) == ["a", "b"]
    gate.say(0)
    gate.say(1)
    assert all("result: done done" in job.ended() for job in jobs)
    assert len(gate.come) == 2
    assert sorted(flight.statuses(jobs[0])) == sorted(flight.statuses(jobs[1])) == ["cached", "succeeded", "succeeded"]


@pytest.mark.parametrize("how", ["ttl=0", "refresh", "read only"])
def test_who_gives_nothing_to_others_or_takes_nothing_waits_for_nobody(flight: Flight, gate: Gate, how: str) -> None:
    flight.project.write("config/reads.config.yaml", "job_deployment_env: local\ncache: {read_only: true}\n")
    first = flight.start()
    gate.wait_for(1)
    before = flight.leases()
    if how == "refresh":
        second = flight.start(more="refresh=[slow]")
    elif how == "read only":
        second = flight.start(FOUNDATIONS_ENVIRONMENT="reads")
    else:
        second = flight.start("cached(slow, ttl=0)")
    gate.wait_for(2)
    gate.say(1, "second")
    assert "result: second" in second.ended()
    assert "waits for job" not in second.said
    assert flight.leases() == before
    gate.say(0)
    assert "result:" in first.ended()


def test_a_time_limit_does_not_count_the_waiting(flight: Flight, gate: Gate) -> None:
    first = flight.start()
    gate.wait_for(1)
    stage = "cached(slow).options(timeout=1, process={process})"
    seconds = [flight.start(stage.format(process=process)) for process in (False, True)]
    for second in seconds:
        second.waits(first)
    time.sleep(1.5)
    gate.say(0)
    assert all("result: done" in second.ended() for second in seconds)
    assert [flight.statuses(second) for second in seconds] == [["cached"], ["cached"]]


def test_ctrl_c_ends_a_job_that_waits(flight: Flight, gate: Gate) -> None:
    first = flight.start()
    gate.wait_for(1)
    second = flight.start()
    second.waits(first)
    second.process.send_signal(signal.SIGINT)
    assert second.process.wait(SECONDS) != 0
    record = flight.archive.sealed(second.name)
    assert record
    assert record.state == "Cancelled"
    gate.say(0)
    assert "result: done" in first.ended()


def test_a_job_that_waits_fails_at_once_when_another_stage_of_it_does(flight: Flight, gate: Gate) -> None:
    first = flight.start()
    gate.wait_for(1)
    second = flight.start("create_stage(join)(cached(slow), create_stage(slow)(PORT, 'other'))")
    second.waits(first)
    gate.wait_for(2)
    gate.say(1, "fail")
    assert "told to fail" in second.ended(1)
    assert sorted(flight.statuses(second)) == ["failed", "not run", "skipped"]
    gate.say(0)
    assert "result: done" in first.ended()


def test_a_holder_that_lives_is_waited_for_longer_than_its_lease_is(flight: Flight, gate: Gate) -> None:
    flight.environment["FOUNDATIONS_LEASE_SECONDS"] = "1.5"
    first = flight.start()
    gate.wait_for(1)
    second = flight.start()
    second.waits(first)
    time.sleep(5)
    gate.say(0)
    assert "result: done" in first.ended()
    assert "result: done" in second.ended()
    assert len(gate.come) == 1


def test_a_store_that_refuses_nothing_offers_no_leases(flight: Flight, gate: Gate) -> None:
    archive = flight.archive
    archive.check()
    descriptor = json.loads(archive.store.get(layout.DESCRIPTOR))
    archive.store.put(layout.DESCRIPTOR, json.dumps({**descriptor, "caps": {"create": "none"}}).encode())
    jobs = [flight.start("create_stage(join)(cached(slow), cached(slow))") for _ in range(2)]
    gate.wait_for(2)
    gate.say(0)
    gate.say(1)
    said = [job.ended() for job in jobs]
    assert all("result: done done" in text for text in said)
    assert len(gate.come) == 2, "equal stages of one job compute once there too"
    assert not any("waits for job" in text for text in said)


def test_jobs_of_hits_alone_and_jobs_without_cached_stages_take_no_lease(flight: Flight, gate: Gate) -> None:
    plain = flight.start("create_stage(slow)(PORT)")
    gate.wait_for(1)
    gate.say(0)
    plain.ended()
    assert flight.leases() == []
    first = flight.start()
    gate.wait_for(2)
    gate.say(1)
    first.ended()
    before = flight.leases()
    assert len(before) == 1
    assert flight.statuses(first) == ["succeeded"]
    again = flight.start()
    again.ended()
    assert (flight.statuses(again), flight.leases()) == (["cached"], before)


@pytest.mark.parametrize("text", ["0", "-1", "nan", "a while"])
def test_a_lease_of_no_length_is_refused(flight: Flight, text: str) -> None:
    assert "FOUNDATIONS_LEASE_SECONDS" in flight.start(FOUNDATIONS_LEASE_SECONDS=text).ended(1)
