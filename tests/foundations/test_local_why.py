"""Why stages of real jobs were computed or served, from the archive alone."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from foundations_archive import layout
from foundations_archive.archive import Archive, open_archive
from foundations_archive.upkeep.check import check
from foundations_archive.upkeep.collection import collect
from foundations_archive.upkeep.repair import repair
from tests.foundations.conftest import MakeProject, Project

if TYPE_CHECKING:
    import subprocess

PREP = """
    import os

    SCALE = 2


    def load(path):
        with open(path) as file:
            return [float(line) for line in file]


    def helper(x):
        # scaled
        return x * SCALE


    def unused():
        return 1
"""
MODEL = """
    import os

    import prep


    def train(rows, lr=0.1):
        return [prep.helper(x) * lr for x in rows], os.environ.get("MODE")


    def report(trained):
        return len(trained)


    def broken(rows):
        raise ValueError("broken")


    def take(handle, rows):
        return len(rows)


    def change(rows):
        rows.append(1)
        return len(rows)
"""
DRIVER = """
    import json
    import os

    import foundations
    import model
    import prep


    class Handle:
        def __getstate__(self):
            return {"address": object()}


    options = json.loads(os.environ["OPTIONS"])
    foundations.set_project_name("why")
    stage = foundations.create_stage
    rows = stage(prep.load)("data.csv").enable_caching()
    arguments = {"lr": options["lr"]} if "lr" in options else {}
    trained = stage(model.train)(rows, **arguments).enable_caching(version=options.get("version"))
    target = stage(model.report)(trained)
    if options.get("refused"):
        target = stage(model.take)(Handle(), trained).enable_caching()
    if options.get("change"):
        target = stage(model.change)(rows).enable_caching()
    if options.get("broken"):
        target = stage(model.broken)(trained).enable_caching()
    target.run()
"""


def run(project: Project, status: int = 0, **options: Any) -> str:
    """Run a job, and return its name."""
    variables = {name: str(value) for name, value in options.pop("environment", {}).items()}
    ended = project.python("driver.py", OPTIONS=json.dumps(options), **variables)
    assert ended.returncode == status, ended.stderr
    return newest(project)


def newest(project: Project) -> str:
    return str(project.archive.rows("why")[-1]["job_id"])


def python(project: Project, code: str, job: str) -> "subprocess.CompletedProcess[str]":
    return project.python("-c", f"import foundations\nJOB = {job!r}\n{code}")


def why(project: Project, job: str, *more: str, status: int = 0) -> dict[str, Any]:
    """Return what the command says of the stages of a job, by their labels."""
    ended = project.python("-m", "foundations", "why", job, *more, "--json")
    assert ended.returncode == status, ended.stderr or ended.stdout
    return {stage["label"]: stage for stage in json.loads(ended.stdout)["stages"]}


def shown(project: Project, job: str, *more: str) -> str:
    ended = project.python("-m", "foundations", "why", job, *more)
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


def told(stage: dict[str, Any]) -> list[tuple[str, str, str | None, str | None]]:
    return [(one["kind"], one["name"], one["old"], one["new"]) for one in stage["differences"]]


def names(archive: Archive) -> set[str]:
    """Return the blobs that say why the stages of all jobs were computed."""
    records = [archive.record(archive.spec(job)) for job in archive.job_ids()]
    return {name for record in records for stage in record.stages for name in stage.explanation}


def keys(archive: Archive, prefix: str) -> list[str]:
    return [entry.key for entry in archive.store.list(prefix)]


@pytest.fixture
def project(make_project: MakeProject) -> Project:
    made = make_project("why")
    made.write("prep.py", PREP)
    made.write("model.py", MODEL)
    made.write("driver.py", DRIVER)
    made.write("data.csv", "1\n2\n")
    return made


def test_each_edit_is_told_by_name(project: Project) -> None:
    first = run(project)
    stages = why(project, first)
    assert {label: (stage["verdict"], stage["reason"]) for label, stage in stages.items()} == {
        "load": ("miss", "the first time"),
        "train": ("miss", "the first time"),
        "report": ("not cached", "enable_caching() was not called"),
    }

    second = run(project)
    stages = why(project, second)
    assert [stages[name]["verdict"] for name in ("load", "train")] == ["hit", "hit"]
    assert stages["train"]["cached_from"]["job_id"] == first
    assert (
        stages["train"]["cached_from"]["seconds"]
        == project.archive.record(project.archive.spec(first)).stages[1].seconds
    )
    assert "train  hit: from job " + first in shown(project, second)

    project.write("prep.py", PREP.replace("# scaled", "# scaled, and nothing else").replace("return 1", "return 2"))
    assert why(project, run(project))["train"]["verdict"] == "hit"

    project.write("prep.py", PREP.replace("x * SCALE", "x * SCALE + 1").replace("SCALE = 2", "SCALE = 3"))
    edited = run(project)
    stages = why(project, edited)
    assert stages["load"]["verdict"] == "hit"
    assert stages["train"]["compared_with"]["job_id"] == first
    assert [one[:2] for one in told(stages["train"])] == [("function", "prep.helper"), ("constant", "prep.SCALE")]
    text = shown(project, edited, "train")
    assert text.startswith(f"job {edited} of project why, Completed; 1 of 3 stages: 1 miss\n")
    assert "    -    return x * SCALE\n    +    return x * SCALE + 1\n" in text
    assert "  constant prep.SCALE: 2 -> 3\n" in text

    with_argument = run(project, lr=0.5)
    assert told(why(project, with_argument)["train"]) == [("argument", "lr", "0.1", "0.5")]
    assert "  argument lr: 0.1 -> 0.5\n" in shown(project, with_argument)

    versioned = run(project, lr=0.5, version="2")
    assert told(why(project, versioned)["train"]) == [("version", "version=", None, "2")]

    moded = run(project, lr=0.5, environment={"MODE": "a very secret value"})
    stage = why(project, moded)["train"]
    assert [one[:2] for one in told(stage)] == [("variable", "MODE")]
    assert stage["reason"] == "variable MODE is set now"
    assert "a very secret value" not in shown(project, moded) + json.dumps(stage)

    project.write("data.csv", "1\n2\n3\n")
    filed = run(project, lr=0.5)
    stages = why(project, filed)
    assert [one[:2] for one in told(stages["load"])] == [("file", "data.csv")]
    assert "load  miss (" in shown(project, filed, "load")
    assert "\n  file data.csv changed\n" in f"{shown(project, filed, 'load')}\n"
    ((kind, name, old, new),) = told(stages["train"])
    assert (kind, name) == ("argument", "rows")
    assert str(old).startswith("result of load (")
    assert str(new).startswith("result of load (")
    assert old != new

    print_rows = "print(foundations.why(JOB, 'load')[['verdict', 'kind', 'name']].values.tolist())"
    assert python(project, print_rows, filed).stdout == "[['miss', 'file', 'data.csv']]\n"
    assert "has no stage 'loat'" in python(project, "foundations.why(JOB, 'loat')", filed).stderr
    assert "there is no job 'nope'" in python(project, "foundations.why(JOB)", "nope").stderr


def test_explanations_are_kept_and_looked_after(project: Project) -> None:
    run(project)
    run(project)
    archive = project.archive
    named = names(archive)
    assert len(named) == 2 + 2 + 1  # stages, their code, the environment
    entries = [archive.cached(key.removesuffix(".json").rpartition("/")[2]) for key in keys(archive, layout.CACHE)]
    assert {name for entry in entries if entry for name in entry.explanation} == named
    assert check(archive, deep=True).findings == []
    for _ in range(2):
        collect(archive, grace=0, minimum_interval=0)
    assert {layout.blob(name) for name in named} <= set(keys(archive, layout.BLOBS))


def test_a_stage_that_is_refused_and_one_that_failed_tell_it(project: Project) -> None:
    job = run(project, refused=True)
    stage = why(project, job)["take"]
    assert (stage["verdict"], stage["differences"]) == ("refused", [])
    assert "handle" in stage["reason"]
    assert "take  refused (" in shown(project, job)
    failed = run(project, status=1, broken=True)
    stage = why(project, failed)["broken"]
    assert (stage["verdict"], stage["status"], stage["reason"]) == ("miss", "failed", "the first time")
    again = why(project, run(project, status=1, broken=True))["broken"]
    assert again["compared_with"]["job_id"] == failed
    assert again["reason"] == "nothing differs, and there is no result since it failed"


def test_a_result_that_was_not_kept_is_told(project: Project) -> None:
    run(project, change=True)
    stage = why(project, run(project, change=True))["change"]
    assert "the result was not cached (it changed an argument in place)" in stage["reason"]


def test_a_stage_that_changes_a_global_is_told_what_to_do(project: Project) -> None:
    model = MODEL.replace("return len(rows)", "SEEN.append(rows)\n        return len(SEEN)", 1)
    project.write("model.py", f"{model}\n    SEEN = []\n")
    project.write("driver.py", DRIVER.replace("Handle()", "1"))
    job = run(project, refused=True)
    (said,) = [line for line in project.log(job, "stderr") if "SEEN" in line]
    assert "changed while stage take ran, which uses it; its result is not cached: pass what changes as" in said


def test_a_job_that_did_without_the_cache_says_so(project: Project) -> None:
    job = run(project, environment={"FOUNDATIONS_NO_CACHE": 1})
    assert {(stage["verdict"], stage["reason"]) for stage in why(project, job).values()} == {
        ("not cached", "the job did without the cache (--no-cache, or FOUNDATIONS_NO_CACHE)")
    }


def test_a_result_that_can_not_be_serialized_is_told_as_such(project: Project) -> None:
    project.write("model.py", MODEL.replace("return len(rows)", "return __import__('threading').Lock()", 1))
    project.write("driver.py", DRIVER.replace("Handle()", "1"))
    first = run(project, refused=True)
    job = run(project, refused=True)
    text = "nothing differs, and the result was not cached (it can't be serialized: lock: cannot pickle"
    assert why(project, job)["take"]["reason"].startswith(text)
    assert why(project, job)["take"]["reason"].endswith(")")
    assert f"); compared with job {first}, " in shown(project, job)


def test_an_entry_that_is_gone_is_told(project: Project) -> None:
    run(project)
    for key in keys(project.archive, layout.CACHE):
        project.archive.store.delete(key)
    stage = why(project, run(project))["train"]
    assert (stage["verdict"], stage["differences"]) == ("miss", [])
    assert "the result is not in this cache any more" in stage["reason"]


def test_a_package_that_is_installed_is_told(project: Project, tmp_path: Path) -> None:
    first = run(project)
    (tmp_path / "some_thing-1.0.dist-info").mkdir()
    job = run(project, environment={"PYTHONPATH": tmp_path})
    stages = why(project, job)
    for name in ("load", "train"):
        assert ("package", "some-thing", None, "1.0") in told(stages[name])
        assert stages[name]["compared_with"]["job_id"] == first
    (tmp_path / "some_thing-1.0.dist-info").rename(tmp_path / "some_thing-1.1.dist-info")
    job = run(project, environment={"PYTHONPATH": tmp_path})
    assert told(why(project, job)["train"]) == [("package", "some-thing", "1.0", "1.1")]
    assert "  package some-thing: 1.0 -> 1.1\n" in shown(project, job)


def test_a_cache_that_lies_elsewhere_brings_explanations_along(project: Project) -> None:
    project.write(
        "config/apart.config.yaml",
        """
        job_deployment_env: local
        results_config: {archive_end_point: kept/jobs}
        cache_config: {end_point: kept/cache}
        """,
    )
    apart = {"FOUNDATIONS_ENVIRONMENT": "apart", "FOUNDATIONS_ARCHIVE": "", "OPTIONS": "{}"}
    project.drive(**apart)
    jobs, cache = open_archive(str(project.root / "kept/jobs")), open_archive(str(project.root / "kept/cache"))
    named = names(jobs)
    assert len(named) == 5
    for archive in (jobs, cache):
        assert {layout.blob(name) for name in named} <= set(keys(archive, layout.BLOBS))
    both = open_archive(str(project.root / "kept/jobs"), cache=str(project.root / "kept/cache"))
    assert check(both, deep=True).findings == []
    # another archive that shares the cache
    project.write(
        "config/apart.config.yaml",
        (project.root / "config/apart.config.yaml").read_text().replace("kept/jobs", "kept/other"),
    )
    project.drive(**apart)
    other = open_archive(str(project.root / "kept/other"), cache=str(project.root / "kept/cache"))
    assert names(other) == named
    assert {layout.blob(name) for name in named} <= set(keys(other, layout.BLOBS))
    assert check(other, deep=True).findings == []
    (job,) = other.job_ids("why")
    stages = json.loads(project.python("-m", "foundations", "why", job, "--json", **apart).stdout)["stages"]
    assert [stage["verdict"] for stage in stages] == ["hit", "hit", "not cached"]
    # what is gone from the cache is no reason not to be served
    for name in named:
        cache.store.delete(layout.blob(name))
    (project.root / "kept/other").rename(project.root / "kept/another")
    project.drive(**apart)
    fresh = open_archive(str(project.root / "kept/other"))
    (record,) = (fresh.record(fresh.spec(job)) for job in fresh.job_ids())
    assert [stage.status for stage in record.stages] == ["cached", "cached", "succeeded"]
    assert [stage.explanation for stage in record.stages] == [(), (), ()]
    assert check(fresh, deep=True).findings == []


def test_an_explanation_that_is_gone_or_damaged_hides_no_other(project: Project) -> None:
    first = run(project)
    second = run(project, lr=0.5)
    archive = project.archive
    load, train, _ = archive.record(archive.spec(first)).stages
    archive.store.delete(layout.blob(train.explanation[0]))
    assert told(why(project, second)["train"]) == []  # what it would be compared with is gone
    assert why(project, second)["train"]["reason"] == "the first time"
    stages = why(project, first)
    assert (stages["load"]["verdict"], stages["train"]["verdict"]) == ("miss", "unknown")
    assert stages["train"]["reason"] == f"the blob {train.explanation[0]} is not there, which explains the stage"
    damaged = layout.blob(load.explanation[1])
    archive.store.put(damaged, archive.store.get(damaged)[:-1])
    assert (
        why(project, first)["load"]["reason"] == f"the blob {load.explanation[1]} is damaged, which explains the code"
    )
    assert why(project, second)["load"]["verdict"] == "hit"
    findings = check(archive, deep=True).findings
    assert {one.key for one in findings if one.severity == "damage"} == {layout.blob(train.explanation[0]), damaged}
    # repairing leaves the entries, which can be used as before
    before = keys(archive, layout.CACHE)
    repair(archive, findings)
    assert keys(archive, layout.CACHE) == before
    assert why(project, run(project))["load"]["verdict"] == "hit"
