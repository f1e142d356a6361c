"""A chain that is served asks for no entry by itself, and what was read ahead of it is never believed."""

import json
from pathlib import Path
from typing import Any

import pytest

from foundations_archive import layout
from tests.foundations.conftest import MakeProject, Project

LENGTH = 20
MODEL = """
    import os
    from pathlib import Path


    def begin(number):
        Path(os.environ["RUNS"], f"begin-{os.urandom(4).hex()}").touch()
        return Path("start.txt").read_text() + str(number)


    def step(text, number):
        Path(os.environ["RUNS"], f"step-{os.urandom(4).hex()}").touch()
        return f"{text} {number}"
"""
DRIVER = f"""
    import sys

    import foundations
    import model

    begin, step = map(foundations.create_stage, (model.begin, model.step))
    last = begin(0)
    for number in range(1, {LENGTH}):
        last = step(last, number)
    job = last.enable_caching().persist().run(refresh=[last] if "refresh" in sys.argv else [])
    print("ANSWER", job.result())
"""
ANSWER = "from the file 0 " + " ".join(map(str, range(1, LENGTH)))


@pytest.fixture
def project(make_project: MakeProject) -> Project:
    made = make_project("chains")
    made.write("model.py", MODEL)
    made.write("driver.py", DRIVER)
    made.write("start.txt", "from the file ")
    assert ran(made) == (LENGTH, ANSWER)
    return made


def ran(project: Project, *words: str) -> tuple[int, str]:
    """Run the driver; return how many stages ran, and the answer."""
    runs = Path(project.root, "..", "runs").resolve()
    runs.mkdir(exist_ok=True)
    for file in runs.iterdir():
        file.unlink()
    done = project.python("driver.py", *words, RUNS=str(runs))
    assert done.returncode == 0, done.stderr
    statuses = [stage["stage_status"] for stage in project.stages()]
    assert statuses.count("cached") == LENGTH - len(list(runs.iterdir()))
    return len(list(runs.iterdir())), done.stdout.partition("ANSWER ")[2].strip()


def expected(project: Project) -> dict[str, Any]:
    """Return what the next job is expected to ask for, by the places of its stages."""
    (entry,) = project.archive.store.list("expected/")
    entries: dict[str, Any] = project.archive.read("expected", entry.key)["entries"]
    return entries


def name(project: Project, place: int) -> str:
    return str(expected(project)[str(place)][0])


def test_every_stage_is_served_and_the_guess_stays(project: Project) -> None:
    before = expected(project)
    assert len(before) == LENGTH
    assert ran(project) == (0, ANSWER)
    assert expected(project) == before


def test_an_input_that_changed_is_found_out_though_its_entry_was_expected(project: Project) -> None:
    project.write("start.txt", "changed: ")
    assert ran(project) == (LENGTH, ANSWER.replace("from the file", "changed:"))
    assert ran(project) == (0, ANSWER.replace("from the file", "changed:"))


@pytest.mark.parametrize("harm", ["delete", "damage", "another's"])
def test_an_entry_that_is_lost_in_the_middle_is_computed_and_what_follows_is_served(
    project: Project, harm: str
) -> None:
    store, key = project.archive.store, layout.cached(name(project, 7))
    other = store.get(layout.cached(name(project, 8)))
    store.delete(key) if harm == "delete" else store.put(key, b"not this" if harm == "damage" else other[:-1])
    assert ran(project) == (1, ANSWER)
    assert ran(project) == (0, ANSWER)


@pytest.mark.parametrize("entries", [{}, {"3": ["ab" * 32, "00000000"]}, "swapped"])
def test_a_guess_that_is_wrong_costs_nothing_but_time(project: Project, entries: Any) -> None:
    found = expected(project)
    if entries == "swapped":  # each stage gets the entry of another
        names = [one[0] for one in found.values()]
        entries = {place: [names[-number], one[1]] for number, (place, one) in enumerate(found.items())}
    (entry,) = project.archive.store.list("expected/")
    sealed = project.archive.seal("expected", {"entries": json.loads(json.dumps(entries))}, key=entry.key)
    project.archive.store.put(entry.key, sealed)
    assert ran(project) == (0, ANSWER)
    assert expected(project) == found


def test_a_stage_that_is_refreshed_runs_and_those_before_it_do_not(project: Project) -> None:
    assert ran(project, "refresh") == (1, ANSWER)


def test_a_job_that_may_not_add_to_the_cache_leaves_no_guess(project: Project) -> None:
    (entry,) = project.archive.store.list("expected/")
    project.archive.store.delete(entry.key)
    project.write("config/local.config.yaml", "job_deployment_env: local\ncache: {read_only: true}\n")
    assert ran(project) == (0, ANSWER)
    assert not list(project.archive.store.list("expected/"))
