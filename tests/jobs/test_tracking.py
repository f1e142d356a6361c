"""What jobs in containers say of themselves, what they may use, and how their errors come back."""

from pathlib import Path

import pytest

from tests.jobs.conftest import Project

pytestmark = pytest.mark.docker

MODEL = """\
import os
import foundations


class BadData(Exception):
    def __init__(self, row):
        super().__init__(f"row {row}")
        self.row = row


def memory():
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        if os.path.exists(path):
            return int(open(path).read())


def save():
    os.makedirs("out/empty")
    with open("out/run.sh", "w") as file:
        file.write("#!")
    os.chmod("out/run.sh", 0o755)
    with open("big", "wb") as file:
        file.write(b"x" * (40 << 20))
    foundations.save_artifact("out")
    foundations.save_artifact("big")
    foundations.set_tag("saved")
    foundations.log_param("limit", memory())
    raise BadData(7)
"""

DRIVER = """\
import sys
import foundations, model

if sys.argv[1] == "gpus":
    foundations.set_job_resources(num_gpus=1)
else:
    foundations.set_job_resources(ram=0.25)
try:
    foundations.create_stage(model.save)().run()
except foundations.JobFailedError as error:
    print(type(error.__cause__).__name__, error.__cause__.row, error.exception_type, error.stage_name)
    raise
"""


@pytest.fixture(scope="module")
def tracking(project: Project) -> Project:
    project.write("model.py", MODEL)
    project.write("driver.py", DRIVER)
    return project


def test_a_job_has_the_memory_it_was_given_and_leaves_its_artifacts_and_its_error(
    tracking: Project, tmp_path: Path
) -> None:
    done = tracking.run("memory")
    assert done.stdout.splitlines()[-1] == "BadData 7 model.BadData save"
    assert done.returncode == 1
    assert done.stderr.count("model.BadData: row 7") == 1
    assert "/foundations/" not in done.stderr.partition("Traceback")[2]
    spec, record = tracking.last()
    assert record.parameters == {"limit": 256 << 20}
    assert record.tags == {"saved": ""}
    out = tracking.reader.download_artifact(spec.job_id, "out", tmp_path / "out")
    assert (out / "run.sh").stat().st_mode & 0o777 == 0o755
    assert (out / "empty").is_dir()
    big = tracking.reader.download_artifact(spec.job_id, "big", tmp_path / "big")
    assert big.read_bytes() == b"x" * (40 << 20)


def test_gpus_that_an_engine_lacks_are_told_of_before_there_is_a_job(tracking: Project) -> None:
    if "nvidia" in tracking.engine.info()["Runtimes"]:
        pytest.skip("this engine has GPUs")
    before = tracking.archive.job_ids()
    done = tracking.run("gpus")
    assert done.returncode == 1
    assert "EngineRefused: the job asks for GPUs (num_gpus in set_job_resources" in done.stderr
    assert done.stderr.count("Traceback") == 1
    assert done.stderr.count("File ") == 1
    assert tracking.archive.job_ids() == before
