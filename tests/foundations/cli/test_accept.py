"""`foundations cache accept`: a refactoring is blessed by who knows that it changes no result, and nothing else is."""

import json
from collections.abc import Mapping

import pytest

from tests.foundations.conftest import MakeProject, Project

MODEL = """
    from pathlib import Path


    def load(path):
        return Path(path).read_text()


    def train(text, rate):
        return len(text) * rate


    def report(*scores):
        return sum(scores)
"""
DRIVER = """
    import sys

    import foundations
    import model

    load, train, report = map(foundations.create_stage, (model.load, model.train, model.report))
    loaded = load("data.txt")
    trained = [train(loaded, int(rate)) for rate in sys.argv[1:] or "12"]
    total = report(*trained).enable_caching().persist()
    print("answer:", total.run().result())
"""
REFACTORED = MODEL.replace("len(text) * rate", "rate * len(text)")


@pytest.fixture
def project(make_project: MakeProject) -> Project:
    made = make_project("accept")
    made.write("model.py", MODEL)
    made.write("data.txt", "abc")
    made.write("driver.py", DRIVER)
    made.drive()
    made.write("model.py", REFACTORED)
    return made


def accept(project: Project, *arguments: str, status: int = 0) -> list[Mapping[str, str]]:
    ended = project.python("-m", "foundations", "cache", "accept", "--json", *arguments)
    assert ended.returncode == status, ended.stdout + ended.stderr
    stages: list[Mapping[str, str]] = json.loads(ended.stdout)["stages"]
    return stages


def test_results_of_the_code_before_serve_the_code_as_it_is_now(project: Project) -> None:
    (first,) = project.archive.job_ids()
    stages = accept(project, "train")
    assert [stage["job_id"] for stage in stages] == [first, first]
    assert {stage["differences"][0]["name"] for stage in stages} == {"model.train"}  # type: ignore[index]
    assert project.archive.job_ids() == [first]
    project.drive()
    assert set(project.statuses().values()) == {"cached"}
    keys = [one.key.rpartition("/")[2] for one in project.archive.cache_store.list("cache/")]
    entries = [project.archive.cached(key.removesuffix(".json")) for key in keys]
    accepted = [entry.accepted for entry in entries if entry and entry.accepted]
    assert len(accepted) == 2
    assert all(one.keys() == {"by", "at", "from"} for one in accepted)
    assert all(stage["reason"] == "it is served from the cache as it is" for stage in accept(project, "train"))
    plan = project.python("-m", "foundations", "plan", "driver.py").stdout
    assert plan.count("accepted for this code (foundations cache accept)") == 2


def test_code_that_was_accepted_can_be_rewritten_and_accepted_again(project: Project) -> None:
    (first,) = project.archive.job_ids()
    accept(project, "train")
    project.drive()
    project.write("model.py", REFACTORED.replace("rate * len(text)", "rate * int(len(text))"))
    (stage, _) = accept(project, "train")
    assert stage["job_id"] == first
    (difference,) = stage["differences"]
    assert "rate * len(text)" in difference["old"]  # type: ignore[index]
    project.drive()
    assert set(project.statuses().values()) == {"cached"}


def test_code_that_was_accepted_is_compared_as_that_of_the_job_that_had_it(project: Project) -> None:
    accept(project, "train")
    project.drive()
    second = project.archive.rows()[-1]["job_id"]
    project.write("model.py", REFACTORED.replace("rate * len", "1 * rate * len"))
    project.drive()
    third = project.archive.rows()[-1]["job_id"]
    told = json.loads(project.python("-m", "foundations", "why", third, "train", "--json").stdout)["stages"]
    compared = told[0]["compared_with"]
    assert (compared["job_id"], compared["ended"] is None) == (second, False)
    assert "return rate * len(text)" in told[0]["differences"][0]["old"]


def test_one_of_several_stages_of_a_name_is_accepted_by_its_place(project: Project) -> None:
    (stage,) = accept(project, "train#1", "driver.py", "1", "2")
    assert stage["label"] == "train#1"
    ended = project.python("-m", "foundations", "cache", "accept", "train#7", "driver.py", "1", "2")
    assert (ended.returncode, "the driver runs no stage 'train#7'; it has train#1, train#2" in ended.stderr) == (
        2,
        True,
    )


def test_what_differs_in_more_than_code_is_not_accepted(project: Project) -> None:
    stages = accept(project, "train", "driver.py", "1", "3", status=1)
    assert [stage["job_id"] is None for stage in stages] == [False, True]
    (first,) = project.archive.job_ids()
    told = f"no earlier run differs from it in its code alone: that of job {first} differs in argument rate too"
    assert stages[1]["reason"] == told
    project.write("data.txt", "abcd")
    assert "it takes the result of a stage that would run" in str(accept(project, "report", status=1)[0]["reason"])
    (load,) = accept(project, "load", status=1)
    assert load["job_id"] is None
    assert "answer: 12" in project.drive().stdout


def test_what_an_accepted_result_has_read_still_counts(project: Project) -> None:
    project.write("model.py", MODEL.replace("Path(path).read_text()", "str(Path(path).read_text())"))
    assert accept(project, "load")[0]["job_id"]
    project.drive()
    assert set(project.statuses().values()) == {"cached"}
    project.write("data.txt", "abcde")
    assert "answer: 15" in project.drive().stdout
    assert project.statuses()["load"] == "succeeded"


def test_an_accepted_result_is_kept_by_gc_and_whole_for_check(project: Project) -> None:
    accept(project, "train")
    place = ("--archive", str(project.archive_path))
    for command in (["gc"], ["check", "--deep"]):
        ended = project.python("-m", "foundations", "archive", *command, *place)
        assert ended.returncode == 0, ended.stdout + ended.stderr
    project.drive()
    assert set(project.statuses().values()) == {"cached"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["trian"], "no stage 'trian'; did you mean 'train'?"),
        (["train", "missing.py"], "there is no driver 'missing.py'"),
        ([], "STAGE"),
    ],
)
def test_a_command_line_that_can_not_be_right_is_told(project: Project, arguments: list[str], said: str) -> None:
    ended = project.python("-m", "foundations", "cache", "accept", *arguments)
    assert ended.returncode == 2
    assert said in ended.stderr


def test_without_a_driver_the_command_asks_for_it(project: Project) -> None:
    (project.root / "driver.py").rename(project.root / "drives.py")
    ended = project.python("-m", "foundations", "cache", "accept", "train")
    assert ended.returncode == 2
    assert "name the driver whose stage train is accepted" in ended.stderr
    assert "accepted: served by the result of job" in project.python(
        "-m", "foundations", "cache", "accept", "train", "drives.py"
    ).stdout  # fmt: skip


@pytest.mark.parametrize("before", [["--env", "other", "train"], ["train", "--env", "other"]])
def test_options_stand_anywhere_before_the_driver(project: Project, before: list[str]) -> None:
    project.write("config/other.config.yaml", "job_deployment_env: local\n")
    shown = "import os, sys; print(os.environ['FOUNDATIONS_ENVIRONMENT'], sys.argv.pop(), file=sys.stderr)"
    project.write("drives.py", DRIVER.replace("import sys", shown))
    ended = project.python("-m", "foundations", "cache", "accept", *before, "drives.py", "1", "--json")
    assert "other --json" in ended.stderr
    assert "accepted: served by the result of job" in ended.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["train", "--env", "nope", "driver.py"], "'nope'"),
        (["train", "--env", "nope"], "'nope'"),
        (["train", "--epochs", "3"], "there is no option --epochs"),
    ],
)
def test_an_option_that_can_not_be_right_is_not_left_to_the_driver(
    project: Project, arguments: list[str], said: str
) -> None:
    ended = project.python("-m", "foundations", "cache", "accept", *arguments)
    assert ended.returncode == 2
    assert said in ended.stderr


def test_a_cache_that_is_read_only_accepts_nothing(project: Project) -> None:
    project.write("config/local.config.yaml", "job_deployment_env: local\ncache: {read_only: true}\n")
    assert {stage["reason"] for stage in accept(project, "train", status=1)} == {"the cache is read-only"}
    (load,) = accept(project, "load")
    assert load["reason"] == "it is served from the cache as it is"
