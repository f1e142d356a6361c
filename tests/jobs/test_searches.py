"""Searches whose jobs are containers."""

import signal

import pytest

from tests.jobs.conftest import Project

pytestmark = pytest.mark.docker

MODEL = """\
import time
import foundations


def counts(count):
    foundations.log_metric("count", count)
    return count


def waits(seconds):
    print("began", flush=True)
    time.sleep(seconds)
"""


def test_a_search_on_the_engine_runs_its_jobs_and_leaves_no_container(project: Project) -> None:
    project.write("model.py", MODEL)
    project.write(
        "driver.py",
        """\
import foundations, model

stage = foundations.create_stage(model.counts)(foundations.Hyperparameter()).persist()
found = stage.grid_search({"count": foundations.IntegerHyperparameter(1, 7)})
print([one.result() for one in found.values()])
""",
    )
    done = project.run()
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[1, 2, 3, 4, 5, 6]"
    assert done.stderr.count(" present in ") + done.stderr.count(" built in ") == 1, "the image is made sure of once"
    assert not project.containers()


def test_a_search_on_the_engine_that_is_interrupted_leaves_no_container(project: Project) -> None:
    project.write("model.py", MODEL)
    project.write(
        "driver.py",
        """\
import foundations, model

foundations.set_project_name("interrupted")
foundations.create_stage(model.waits)(foundations.Hyperparameter()).grid_search({"seconds": [121, 122, 123, 124, 125]})
""",
    )
    process = project.start()
    assert process.stdout
    for _ in range(4):
        assert "began" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGINT
    states = [record.state for _, record in project.archive.jobs("interrupted")]
    assert states == ["Cancelled"] * 4
    assert not project.containers()
