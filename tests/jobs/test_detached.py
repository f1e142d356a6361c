"""Jobs that outlive their driver, and the way back to them from other processes; on the engine and beside it."""

import os
import signal
import subprocess
import sys
from typing import Any

import pytest

from foundations import get_deployment
from foundations.deployment import Deployment
from tests.jobs.conftest import Project, until

ENVIRONMENTS = ["local", pytest.param("docker", marks=pytest.mark.docker)]

MODEL = """\
import time
import foundations


def chatters(count):
    for n in range(count):
        print(n, "." * 20)
    foundations.log_metric("lines", count)
    return count


def waits(seconds):
    print("began", flush=True)
    time.sleep(seconds)
    print("woke", flush=True)


def fails():
    raise ValueError("no luck")
"""

DRIVER = """\
import sys, time
import foundations, model

function, argument, then = sys.argv[1:]
stage = foundations.create_stage(getattr(model, function))(*([int(argument)] if argument else [])).persist()
deployment = stage.run(wait=False)
print(deployment.job_name(), flush=True)
if then == "stay":
    time.sleep(120)
elif then == "wait":
    deployment.wait_for_deployment_to_complete()
    print(deployment.get_job_status(), repr(deployment.get_job_logs()))
    deployment.result()
"""

FINDING = """\
import sys
import foundations

deployment = foundations.get_deployment(sys.argv[1])
"""


@pytest.fixture(scope="module")
def detached(project: Project) -> Project:
    project.write("model.py", MODEL)
    project.write("driver.py", DRIVER)
    return project


def job_of(process: "subprocess.Popen[str]") -> str:
    assert process.stdout
    name = process.stdout.readline().strip()
    assert name, process.communicate()[1]
    return name


def elsewhere(project: Project, body: str, job: str) -> list[str]:
    """Run what finds a job again in another process, and return its lines."""
    project.write("finding.py", FINDING + body)
    environment = {**os.environ, "FOUNDATIONS_HOME": str(project.home)}
    done = subprocess.run(
        [sys.executable, "finding.py", job],
        cwd=project.root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def found(project: Project, job: str) -> Deployment:
    return Deployment(project.archive, project.archive.spec(job))


def completes(project: Project, job: str) -> Any:
    return until(lambda: project.archive.sealed(job), what="the end of the job", seconds=90)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_job_outlives_a_driver_that_is_killed(detached: Project, environment: str) -> None:
    process = detached.start("chatters", "100000", "stay", FOUNDATIONS_ENVIRONMENT=environment)
    job = job_of(process)
    process.kill()
    process.communicate()
    assert completes(detached, job).state == "Completed"
    deployment = found(detached, job)
    assert [line.split()[0] for line in deployment.get_job_logs().splitlines()] == list(map(str, range(100_000)))
    assert (deployment.result(), deployment.get_metric("lines")) == (100_000, 100_000)
    until(lambda: not detached.containers(), what="the end of its container")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_job_outlives_a_driver_that_ends(detached: Project, environment: str) -> None:
    done = detached.run("waits", "1", "leave", FOUNDATIONS_ENVIRONMENT=environment)
    assert done.returncode == 0, done.stderr
    job = done.stdout.strip()
    assert f"job {job} goes on without this driver" in done.stderr
    assert found(detached, job).get_job_status() in ("Running", "Completed")
    assert completes(detached, job).state == "Completed"
    assert found(detached, job).get_job_logs() == "began\nwoke\n"
    until(lambda: not detached.containers(), what="the end of its container")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_ctrl_c_in_the_drivers_terminal_is_not_meant_for_a_job_that_goes_on(
    detached: Project, environment: str
) -> None:
    process = detached.start("waits", "2", "stay", FOUNDATIONS_ENVIRONMENT=environment)
    job = job_of(process)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == -signal.SIGINT
    assert completes(detached, job).state == "Completed"
    until(lambda: not detached.containers(), what="the end of its container")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_job_is_followed_and_cancelled_from_another_process(detached: Project, environment: str) -> None:
    done = detached.run("waits", "120", "leave", FOUNDATIONS_ENVIRONMENT=environment)
    job = done.stdout.strip()
    lines = elsewhere(
        detached,
        """
lines = deployment.stream_job_logs()
print(next(lines), deployment.get_job_status(), deployment.is_job_complete())
print(deployment.cancel())
print(list(lines), deployment.get_job_status(), deployment.cancel())
""",
        job,
    )
    assert lines == ["began Running False", "True", "[] Cancelled False"]
    assert found(detached, job).fetch_job_results()["status"].tolist() == ["Cancelled"]
    until(lambda: not detached.containers(), what="the end of its container")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_job_that_fails_raises_where_its_result_is_asked_for(detached: Project, environment: str) -> None:
    done = detached.run("fails", "", "wait", FOUNDATIONS_ENVIRONMENT=environment)
    job, status = done.stdout.splitlines()
    assert done.returncode == 1
    assert status.startswith("Failed 'Traceback (most recent call last):")
    assert f"job {job} failed in stage fails" in done.stderr
    assert done.stderr.rstrip().endswith("ValueError: no luck")
    until(lambda: not detached.containers(), what="the end of its container")


def test_an_unknown_job_is_named(detached: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOUNDATIONS_HOME", str(detached.home))
    for name in ("no-such-job", "../odd", ""):
        with pytest.raises(KeyError, match="there is no job"):
            get_deployment(name)
