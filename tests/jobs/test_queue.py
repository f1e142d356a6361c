"""Jobs that wait while their image is built: seen and cancelled from another process."""

import time

import pytest

from foundations import cancel_queued_jobs, get_queued_jobs
from tests.jobs.conftest import Project, until

pytestmark = pytest.mark.docker


def test_a_job_whose_image_is_built_is_listed_and_cancelled_and_never_starts(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOUNDATIONS_HOME", str(project.home))
    project.write("driver.py", "import foundations\nfoundations.create_stage(print)('never printed').run()\n")
    # a line that nobody has installed yet: the engine has no layer for it
    project.write("requirements.txt", f"humanize==4.12.3; python_full_version != '9.9.{time.time_ns()}'\n")
    process = project.start()
    until(lambda: not get_queued_jobs().empty, what="a job that waits")
    frame = get_queued_jobs()
    assert frame["project_name"].tolist() == ["default"]
    (job,) = frame["job_id"]
    assert cancel_queued_jobs([job, "another"]) == {job: True, "another": False}
    assert get_queued_jobs().empty
    output, said = process.communicate(timeout=120)
    assert process.returncode == 1
    assert output == ""
    assert f"JobFailedError: job {job} cancelled" in said
    assert project.last()[1].state == "Cancelled"
    assert not project.containers()
