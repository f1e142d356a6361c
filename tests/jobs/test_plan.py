"""Dry runs in containers, and what is left of them: nothing."""

import json
from typing import Any

import pytest

from tests.jobs.conftest import Project

pytestmark = pytest.mark.docker

MODEL = """\
SCALE = {scale}


def load(count):
    print("loads")
    return list(range(count))


def total(numbers):
    import humanize  # which the image has, and not the driver's Python

    return humanize.intcomma(sum(numbers) * SCALE)
"""

DRIVER = """\
import sys
import foundations, model

load, total = map(foundations.create_stage, (model.load, model.total))
result = total(load(1000)).enable_caching().persist()
if sys.argv[1:] == ["dry"]:
    print(result.run(dry=True).frame().to_json(orient="records"))
else:
    print(result.run().result())
"""


def left(project: Project) -> list[str]:
    """Return the containers that see this project's archive."""
    found = project.engine.containers.list(all=True, ignore_removed=True)
    mounts = {one.id: [mount.get("Source", "") for mount in one.attrs["Mounts"]] for one in found}
    return [one for one, sources in mounts.items() if any(source.startswith(str(project.home)) for source in sources)]


def planned(project: Project) -> list[dict[str, Any]]:
    jobs = project.archive.job_ids(hidden=True)
    done = project.run("dry")
    assert done.returncode == 0, done.stderr
    assert "loads" not in done.stdout
    assert project.archive.job_ids(hidden=True) == jobs
    assert not left(project)
    rows: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return rows


def test_a_plan_is_made_where_the_job_would_run(project: Project) -> None:
    project.write("config/docker.config.yaml", "job_deployment_env: docker\n")
    project.write("requirements.txt", "humanize==4.12.3\n")
    project.write("driver.py", DRIVER)
    project.write("model.py", MODEL.format(scale=2))
    assert [row["fate"] for row in planned(project)] == ["runs", "depends"]
    done = project.run()
    assert done.stdout.splitlines()[-1] == "999,000", done.stderr
    assert [row["fate"] for row in planned(project)] == ["served", "served"]
    project.write("model.py", MODEL.format(scale=3))
    rows = planned(project)
    assert [row["fate"] for row in rows] == ["served", "runs"]
    assert rows[1]["why"] == "constant model.SCALE: 2 -> 3"
    project.write("requirements.txt", "humanize==4.12.2\n")
    rows = planned(project)
    assert [row["fate"] for row in rows] == ["runs", "depends"]
    assert "package humanize: 4.12.3 -> 4.12.2" in rows[0]["why"]
