"""A sample of the table of edits in containers, in each of two images: another package is another key."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.foundations.case_running import TARGET, Ran, answer_of, statuses_of
from tests.foundations.case_table import Case, When, all_cases
from tests.jobs.conftest import Project, remove_images

pytestmark = pytest.mark.docker

SAMPLE = (
    "arguments/object_code",
    "classes/metaclass",
    "computed/exec",
    "constants/frozenset_of_strings",
    "cosmetic/helper_moved",
    "driver/class",
    "driver/moved_to_a_module",
    "files/beside_the_module",
    "upstream/same_result",
)
REQUIREMENTS = ("", "humanize==4.12.3\n")


@pytest.fixture(scope="module")
def projects(project: Project) -> Iterator[list[Project]]:
    """Two model directories, each with an image of its own, and one archive."""
    made = [replace(project, root=project.root.with_name(f"{project.root.name}-{number}")) for number in (1, 2)]
    yield made
    for one in made:
        remove_images(project.engine, one.root.name)


def run(case: Case, when: When, project: Project, *, requirements: str, outside: Path) -> Ran:
    shutil.rmtree(project.root, ignore_errors=True)
    case.lay_out(when, project.root, outside)
    project.write("config/docker.config.yaml", "job_deployment_env: docker\n")
    project.write("requirements.txt", requirements)
    cached, uncached = project.run(), project.run("uncached")
    assert uncached.returncode == cached.returncode == 0, uncached.stderr + cached.stderr
    return Ran(answer_of(cached.stdout), answer_of(uncached.stdout), statuses_of(project.archive), cached.stderr)


@pytest.mark.parametrize("name", SAMPLE)
def test_an_edit_is_served_from_the_cache_just_where_it_may_be_in_two_images(
    name: str, projects: list[Project], tmp_path: Path
) -> None:
    (case,) = [case for case in all_cases() if case.name == name]
    for project, requirements in zip(projects, REQUIREMENTS, strict=True):
        before, again, after = (
            run(case, when, project, requirements=requirements, outside=tmp_path / "outside")
            for when in ("before", "before", "after")
        )
        for one in (before, again, after):
            assert one.answer == one.uncached, one.said
        assert before.statuses[TARGET] == "succeeded", before.said  # in the second image too: a package has come
        assert again.statuses[TARGET] == "cached", again.said
        assert after.statuses[TARGET] == ("cached" if case.expect == "hit" else "succeeded"), after.said
