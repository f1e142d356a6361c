"""Several drivers at once on one project and one engine."""

import time
from collections.abc import Iterator

import pytest

from tests.jobs.conftest import Done, Project

pytestmark = pytest.mark.docker

DRIVER = """\
import sys
import foundations, model

foundations.set_project_name("together")
stage = foundations.create_stage(model.add)(1, int(sys.argv[1])).enable_caching()
print(stage.persist().run().result())
"""


@pytest.fixture(scope="module")
def four(project: Project) -> Iterator[list[Done]]:
    """What four drivers said that were started at once, before there was an image, a runtime or an archive."""
    project.write("model.py", "def add(a, b):\n    return a + b\n")
    project.write("driver.py", DRIVER)
    # a line that nobody has installed yet: the engine has no layer for it
    project.write("requirements.txt", f"humanize==4.12.3; python_full_version != '9.9.{time.time_ns()}'\n")
    before = {image.id for image in project.engine.images.list(filters={"dangling": True})}
    processes = [project.start(str(n)) for n in range(4)]
    outputs = [process.communicate(timeout=240) for process in processes]
    yield [Done([], process.returncode, *output) for process, output in zip(processes, outputs, strict=True)]
    for image in project.engine.images.list(filters={"dangling": True}):
        if image.id not in before and "foundations.env" in image.labels:
            project.engine.images.remove(image.id)


def test_all_jobs_are_completed_each_with_its_own_result(four: list[Done], project: Project) -> None:
    assert [(done.returncode, done.stdout) for done in four] == [(0, f"{1 + n}\n") for n in range(4)], [
        done.stderr for done in four
    ]
    assert [record.state for _, record in project.archive.jobs("together")] == ["Completed"] * 4
    assert not project.containers()


def test_they_share_one_image(four: list[Done], project: Project) -> None:
    assert len(project.engine.images.list(filters={"reference": f"foundations/env:{project.root.name}-*"})) == 1
    lines = [line for done in four for line in done.stderr.splitlines() if line.startswith("foundations: image ")]
    assert len(lines) == 4
    assert len({line.split()[2] for line in lines}) == 1


def test_they_share_one_runtime(four: list[Done], project: Project) -> None:
    del four
    (runtime,) = (project.home / "runtime").iterdir()
    volumes = project.engine.volumes.list(filters={"label": f"foundations.runtime={runtime.name}"})
    assert len(volumes) == 2, "the one that is filled, and the one that points to it"


def test_one_that_comes_later_finds_all_of_it(four: list[Done], project: Project) -> None:
    del four
    done = project.run("3")
    assert done.stdout == "4\n"
    assert " present in " in done.stderr
    assert "stage add served from the cache" in done.stderr
