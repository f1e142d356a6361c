"""A dry run says what would become of the stages; nothing of the job runs, and nothing of it is archived."""

import json
import os
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

import foundations
from foundations.plan import Plan, PlannedStage
from tests.foundations.conftest import MakeProject, Project

MODEL = """
    import os
    from pathlib import Path

    SCALE = 2


    def note(name):
        with open(os.environ["RAN"], "a") as file:
            file.write(f"{name} ")


    def load(path):
        note("load")
        return Path(path).read_text()


    def train(text, rate):
        note("train")
        return len(text) * rate * SCALE


    def report(*scores):
        note("report")
        return sum(scores)


    def lock():
        import threading
        return threading.Lock()


    def locked(lock):
        return 1
"""
DRIVER = """
    import sys

    import foundations
    import model

    load, train, report = map(foundations.create_stage, (model.load, model.train, model.report))
    loaded = load("data.txt")
    trained = [train(loaded, rate) for rate in (1, 2)]
    total = report(*trained).enable_caching()
"""
RUN = DRIVER + "    total.run()\n"
DRY = DRIVER + "    print(total.run(dry=True).frame().fillna('-').to_json(orient='records'))\n"


INSIDE = "\n    if os.environ.get('FOUNDATIONS_JOB_ID'):\n"


@pytest.fixture
def project(make_project: MakeProject) -> Project:
    made = make_project("plan")
    made.write("model.py", MODEL)
    made.write("data.txt", "abc")
    made.write("run.py", RUN)
    made.write("dry.py", DRY)
    return made


def drive(project: Project, driver: str, *arguments: str, **environment: str) -> str:
    ended = project.python(
        *arguments, driver, RAN=str(project.root.with_name(f"{project.root.name}-ran")), **environment
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def dry(project: Project, **environment: str) -> list[dict[str, Any]]:
    """Plan, and return the rows of the plan's frame; make sure that no stage has run and no job was archived."""
    ran = project.root.with_name(f"{project.root.name}-ran")
    before, jobs = ran.read_text() if ran.exists() else None, project.archive.job_ids(hidden=True)
    rows: list[dict[str, Any]] = json.loads(drive(project, "dry.py", **environment).splitlines()[-1])
    assert (ran.read_text() if ran.exists() else None) == before
    assert project.archive.job_ids(hidden=True) == jobs
    assert not [entry.key for entry in project.archive.store.list("live/")]
    return rows


def fates(rows: list[dict[str, Any]]) -> list[str]:
    return [row["fate"] for row in rows]


def test_a_plan_tells_what_would_run_and_why_until_it_is_all_cached(project: Project) -> None:
    new = dry(project)
    assert fates(new) == ["runs", "depends", "depends", "depends"]
    assert new[0]["why"] == "it is new"
    assert new[1]["why"] == "it takes the result of load; the same again serves it"
    assert {row["expected"] for row in new} == {"-"}

    drive(project, "run.py")
    (job,) = project.archive.job_ids()
    cached = dry(project)
    assert fates(cached) == ["served"] * 4
    assert {row["from_job"] for row in cached} == {job}
    assert all(row["took"] >= 0 and row["expected"] == 0 for row in cached)

    project.write("model.py", MODEL.replace("SCALE = 2", "SCALE = 3"))
    edited = dry(project)
    assert fates(edited) == ["served", "runs", "runs", "depends"]
    assert [row["why"] for row in edited[1:3]] == ["constant model.SCALE: 2 -> 3"] * 2
    assert all(row["expected"] > 0 for row in edited[1:])

    project.write("data.txt", "abcd")
    changed = dry(project)
    assert fates(changed) == ["runs", "depends", "depends", "depends"]
    assert changed[0]["why"] == "file data.txt changed"


def test_what_a_plan_says_is_what_then_happens(project: Project) -> None:
    drive(project, "run.py")
    project.write("model.py", MODEL.replace("SCALE = 2", "SCALE = 2  # twice"))
    project.write("run.py", RUN.replace("(1, 2)", "(1, 3)"))
    project.write("dry.py", DRY.replace("(1, 2)", "(1, 3)"))
    planned = {row["stage_id"]: row["fate"] for row in dry(project)}
    assert sorted(planned.values()) == ["depends", "runs", "served", "served"]
    drive(project, "run.py")
    for stage in project.stages():
        assert (stage["stage_status"] == "cached") == (planned[stage["stage_id"]] == "served")


def test_stages_that_are_not_cached_or_refreshed_or_have_no_identity_are_told(project: Project) -> None:
    project.write(
        "run.py",
        """
        import foundations, model
        locked = foundations.create_stage(model.locked)(foundations.create_stage(model.lock)()).enable_caching()
        load = foundations.create_stage(model.load)("data.txt").enable_caching()
        plain = foundations.create_stage(model.load)("data.txt")
        total = foundations.create_stage(len)([locked, load, plain])
        if __name__ == "__main__":
            total.run()
        """,
    )
    drive(project, "run.py")
    project.write(
        "dry.py", "import run\nprint(run.total.run(dry=True, refresh=[run.load]).frame().to_json(orient='records'))"
    )
    rows = {(row["stage_name"], row["why"]): row["fate"] for row in dry(project)}
    assert rows[("load", "it is refreshed")] == "runs"
    assert rows[("load", "it is not cached")] == "runs"
    assert rows[("len", "it is not cached")] == "runs"
    assert {fate for (name, _), fate in rows.items() if name in ("lock", "locked")} <= {"runs", "depends"}


def test_what_only_served_stages_need_is_skipped(project: Project) -> None:
    setup = "    setup = foundations.create_stage(model.note)('setup')\n    trained[0].require(setup)\n"
    project.write("run.py", DRIVER + setup + "    total.run()\n")
    project.write("dry.py", DRIVER + setup + DRY.removeprefix(DRIVER))
    drive(project, "run.py")
    fate_of = {row["stage_name"]: row["fate"] for row in dry(project)}
    assert fate_of == {"load": "served", "note": "skipped", "train": "served", "report": "served"}


def test_the_command_plans_every_run_of_a_driver(project: Project) -> None:
    more = "    train(loaded, 5).enable_caching().run()\n    print('end', total.run().result())\n"
    project.write("run.py", RUN + more)
    ran = project.root.with_name(f"{project.root.name}-ran")
    ended = project.python("-m", "foundations", "plan", "run.py", RAN=str(ran))
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count("plan for project default, environment local: 1 would run") == 3
    assert "end" not in ended.stdout
    assert [line.split()[0] for line in ended.stdout.splitlines()[2:4]] == ["train#1", "train#2"]
    assert "the plan ends here: result is asked of a job that has not run" in ended.stderr
    assert not ran.exists()
    as_json = project.python("-m", "foundations", "plan", "--json", "run.py", RAN=str(ran))
    assert "would run" not in as_json.stderr
    plans = json.loads(as_json.stdout)["plans"]
    assert [len(plan["stages"]) for plan in plans] == [4, 2, 4]
    assert plans[0]["stages"][0]["why"] == "it is new"
    assert not project.archive.job_ids()


def test_the_command_says_what_is_wrong(project: Project) -> None:
    project.write("bad.py", "import foundations\n1 / 0\n")
    project.write("none.py", "import foundations\n")
    project.write("search.py", DRIVER + "    total.grid_search({})\n")
    for arguments, status, said in (
        (["bad.py"], 1, "ZeroDivisionError"),
        (["missing.py"], 2, "there is no driver"),
        (["--env", "nowhere", "run.py"], 2, "there is no environment 'nowhere'"),
        (["search.py"], 1, "grid_search() can't be planned: it is many jobs"),
    ):
        ended = project.python("-m", "foundations", "plan", *arguments)
        assert ended.returncode == status, ended.stderr
        assert said in ended.stderr
    assert "the driver has run no job" in project.python("-m", "foundations", "plan", "none.py").stdout


def test_a_module_that_can_not_be_imported_in_the_job_fails_the_plan_with_its_traceback(project: Project) -> None:
    project.write(
        "model.py", MODEL + "\n\n    if os.environ.get('FOUNDATIONS_JOB_ID'):\n        raise OSError('no such disk')\n"
    )
    ended = project.python("dry.py")
    assert ended.returncode == 1
    assert "PlanFailed" in ended.stderr
    assert "no such disk" in ended.stderr
    assert not project.archive.job_ids()


def test_ctrl_c_ends_a_plan_and_leaves_nothing(project: Project) -> None:
    project.write(
        "model.py", f"{MODEL}{INSIDE}        print('here', flush=True)\n        __import__('time').sleep(60)\n"
    )
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("FOUNDATIONS_")}
    place = project.root.with_name("temporary")
    place.mkdir()
    own = {
        "FOUNDATIONS_HOME": str(project.home),
        "FOUNDATIONS_ARCHIVE": str(project.archive_path),
        "TMPDIR": str(place),
    }
    with subprocess.Popen(
        [sys.executable, "dry.py"], cwd=project.root, env={**inherited, **own}, stdout=subprocess.PIPE, text=True
    ) as driver:
        assert driver.stdout is not None
        assert "here" in driver.stdout.readline()
        began = time.monotonic()
        driver.send_signal(signal.SIGINT)
        assert driver.wait(30) != 0
        assert time.monotonic() - began < 30
    assert not list(place.iterdir())
    assert not project.archive.job_ids()


def test_a_plan_is_a_table_for_people() -> None:
    stages = [
        PlannedStage("1", "load", "served", job_id="job-1", took=2.0),
        PlannedStage("2", "a \x1b[31mred\n one", "runs", "it is new", expected=None),
        PlannedStage("3", "train", "runs", "it is new", expected=61.5),
        *(PlannedStage(f"many-{number}", "many", "skipped") for number in range(300)),
    ]
    plan = Plan(tuple(stages), "3", "local", "demo")
    lines = str(plan).splitlines()
    assert lines[0].startswith(
        "plan for project demo, environment local: 2 would run, 1 from the cache, 300 not needed"
    )
    assert "\x1b" not in str(plan)
    assert "<script" not in Plan((PlannedStage("1", "<script>", "runs"),), "1", "local", "p")._repr_html_()
    assert "job-1" in lines[1]
    assert "~1 min" in lines[3] or "61.5" in lines[3]
    assert lines[-1] == "  and 103 more"
    assert plan.expected == 61.5
    assert Plan((), "", "local", "p").expected == 0
    with pytest.raises(AttributeError, match="nothing has run"):
        plan.result()
    with pytest.raises(SystemExit):
        Plan((), "", "local", "p", ends_driver=True).result()
    assert json.dumps(plan.plain())


def test_dry_is_a_word_of_run() -> None:
    stage = foundations.create_stage(len)([1])
    with pytest.raises(ValueError, match="no stage of this job"):
        stage.run(dry=True, refresh=[max])
