"""A worker that somebody else ends, from inside its container or from its host."""

import os
import signal
from collections.abc import Callable

import pytest
from docker.models.containers import Container

from tests.jobs.conftest import Project, until

pytestmark = pytest.mark.docker

MODEL = """\
import os, threading, time
import foundations


def waits(what):
    foundations.log_metric("n", 7)
    print("began as", os.getpid(), flush=True)
    time.sleep(120)
"""

DRIVER = """\
import sys, threading
import foundations, model

what = threading.Lock() if "lock" in sys.argv else None
foundations.create_stage(model.waits)({"deep": [what]}).run()
"""


@pytest.fixture(scope="module")
def waiting(project: Project) -> Project:
    project.write("model.py", MODEL)
    project.write("driver.py", DRIVER)
    return project


def by_exec(container: Container, pid: int) -> None:
    assert container.exec_run(["sh", "-c", f"kill -9 {pid}"], user="0").exit_code == 0


def from_the_host(container: Container, pid: int) -> None:
    for line in container.top(ps_args="-eo pid,args")["Processes"]:
        if "start_worker.py" in " ".join(line):
            os.kill(int(line[0]), signal.SIGKILL)
            return
    pytest.fail(f"there is no worker {pid} among the container's processes")


@pytest.mark.parametrize("kill", [by_exec, from_the_host])
def test_a_worker_that_is_killed_is_a_failed_job_with_all_it_had_said(
    waiting: Project, kill: Callable[[Container, int], None]
) -> None:
    process = waiting.start()
    assert process.stdout
    pid = int(process.stdout.readline().split()[-1])
    (container,) = until(waiting.containers, what="the container")
    kill(container, pid)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "died of SIGKILL, someone killed it" in errors
    spec, record = waiting.last()
    assert (record.state, record.failed_stage) == ("Failed", spec.target)
    assert [(series.key, series.values) for series in record.metrics] == [("n", (7,))]
    lines = [event["text"] for event in waiting.archive.events(spec.job_id) if event["event"] == "log"]
    assert lines == [f"began as {pid}"]
    assert not waiting.containers()


def test_an_argument_that_can_not_be_pickled_leaves_nothing_in_the_archive(waiting: Project) -> None:
    before = sorted(waiting.home.rglob("archive/**/*"))
    done = waiting.run("lock")
    assert done.returncode == 1
    assert "the argument what of stage waits can't be pickled: what['deep'][0] is a lock" in done.stderr
    assert done.stderr.count('  File "') == 1, done.stderr
    assert sorted(waiting.home.rglob("archive/**/*")) == before
