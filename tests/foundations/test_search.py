"""Searches as users run them: drivers in processes of their own, jobs on this machine."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from foundations import Deployment
from tests.foundations.conftest import MakeProject, Project

MODEL = """
    import os, time
    import foundations


    def load(n):
        return list(range(n))


    def train(rows, rate, kind="plain"):
        foundations.log_metric("score", len(rows) * rate)
        if kind == "twice":
            foundations.log_metric("score", -1)
        if kind == "bad":
            raise ValueError(f"no training with rate {rate}")
        return len(rows) * rate


    def meet(folder, count, n):
        # returns only where `count` jobs run at the same time
        open(f"{folder}/{n}", "w").close()
        deadline = time.monotonic() + 60
        while len(os.listdir(folder)) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(os.listdir(folder))} jobs at the same time")
            time.sleep(0.01)


    def count_together(folder, n):
        os.mkdir(f"{folder}/{n}")
        foundations.log_metric("together", len(os.listdir(folder)))
        time.sleep(0.2)
        os.rmdir(f"{folder}/{n}")


    def wait(n):
        print("waits", flush=True)
        time.sleep(120 if n else 0)
"""
HEAD = """
    import json, sys
    import foundations
    import model
    from foundations import *

    set_project_name("search")

    def report(deployments):
        return [
            [name, one.get_job_status(), one._spec.parameters]
            for name, one in deployments.items()
            if isinstance(one, Deployment) and one.job_name() == name
        ]
"""


@pytest.fixture(scope="module")
def project(make_project: MakeProject) -> Project:
    made = make_project("search")
    made.write("model.py", MODEL)
    made.write("config/two.config.yaml", "job_deployment_env: local\nsearch_config: {concurrent_jobs: 2}\n")
    made.write("config/many.config.yaml", "job_deployment_env: local\nsearch_config: {concurrent_jobs: 4}\n")
    return made


@pytest.fixture
def drive(project: Project) -> Callable[..., Any]:
    """Run a driver whose last line of output is JSON, and return that and what it said."""

    def run(*bodies: str, **environment: str) -> Any:
        ended = project.python(str(driver(project, *bodies)), **environment)
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout.splitlines()[-1]), ended.stderr

    return run


def driver(project: Project, *bodies: str) -> Path:
    return project.write("driver.py", "".join(f"{dedent(body)}\n" for body in (HEAD, *bodies)))


STAGE = """
    rows = create_stage(model.load)(Hyperparameter("n"))
    stage = create_stage(model.train)(rows, Hyperparameter(), kind=Hyperparameter("kind")).persist()
"""


def test_a_grid_runs_a_job_for_each_combination_and_gives_their_deployments(drive: Any, project: Project) -> None:
    found, said = drive(
        STAGE,
        """
    found = stage.grid_search({"n": IntegerHyperparameter(1, 3), "rate": [0.5, 2], "kind": "plain"})
    print(json.dumps([report(found), [one.result() for one in found.values()], list(found)]))
    """,
    )
    reported, results, names = found
    assert [parameters for _, _, parameters in reported] == [
        {"n": n, "rate": rate, "kind": "plain"} for n in (1, 2) for rate in (0.5, 2)
    ]
    assert [state for _, state, _ in reported] == ["Completed"] * 4
    assert results == [0.5, 2, 1.0, 4]
    assert len(set(names)) == 4
    for name, value in zip(names, results, strict=True):
        assert re.search(rf"{name}.*score={value:g}\b", said), said
    frame = project.metrics("search").set_index("job_id").loc[names]
    assert frame["score"].tolist() == results
    assert frame["n"].tolist() == [1, 1, 2, 2]
    assert frame["rate"].tolist() == [0.5, 2, 0.5, 2]


def test_a_grid_stops_at_its_limit(drive: Any) -> None:
    found, _ = drive(
        STAGE, 'print(json.dumps(len(stage.grid_search({"n": range(100), "rate": 1, "kind": "plain"}, 2))))'
    )
    assert found == 2


def test_a_random_search_with_a_seed_tries_the_same_again(drive: Any) -> None:
    found, _ = drive(
        STAGE,
        """
    ranges = {"n": IntegerHyperparameter(0, 1000), "rate": FloatingHyperparameter(0, 1), "kind": ["plain"]}
    found = [stage.random_search(ranges, max_iterations=2, seed=seed) for seed in (7, 7)]
    print(json.dumps([[p for _, _, p in report(one)] for one in found]))
    """,
    )
    assert found[0] == found[1]
    assert len(found[0]) == 2


def test_a_job_that_fails_stops_no_search_and_is_named_at_its_end(drive: Any) -> None:
    found, said = drive(
        STAGE,
        """
    found = stage.grid_search({"n": 1, "rate": [1, 2, 3], "kind": ["plain", "bad"]})
    print(json.dumps(report(found)))
    """,
    )
    assert sorted(state for _, state, _ in found) == ["Completed"] * 3 + ["Failed"] * 3
    for name, state, parameters in found:
        assert state == ("Failed" if parameters["kind"] == "bad" else "Completed")
        if state == "Failed":
            assert f"job {name} failed in stage train: ValueError: no training with rate {parameters['rate']}" in said


ADAPTIVE = """
    seen = []

    def next_rates(found):
        seen.append(found)
        rate = found["parameters"]["rate"]
        return [dict(found["parameters"], rate=rate + 1)] if rate < 3 else None
"""


def test_an_adaptive_search_goes_on_from_what_its_jobs_have_found(drive: Any) -> None:
    found, _ = drive(
        STAGE,
        ADAPTIVE,
        """
    found = stage.adaptive_search([{"n": 2, "rate": 1, "kind": "twice"}], next_rates)
    print(json.dumps([report(found), seen]))
    """,
    )
    reported, seen = found
    assert [parameters["rate"] for _, _, parameters in reported] == [1, 2, 3]
    assert [one["score"] for one in seen] == [[2, -1], [4, -1], [6, -1]]
    assert [one["job_id"] for one in seen] == [name for name, _, _ in reported]


def test_an_adaptive_search_asks_its_error_handler_what_to_do_about_a_job_that_failed(drive: Any) -> None:
    found, _ = drive(
        STAGE,
        ADAPTIVE,
        """
    errors = []

    def repair(parameters, error):
        errors.append([parameters, type(error).__name__, error.state, str(error).splitlines()[-1]])
        return [dict(parameters, kind="plain")] if parameters["rate"] == 3 else []

    found = stage.adaptive_search([{"n": 1, "rate": rate, "kind": "bad"} for rate in (3, 4)], next_rates, repair)
    print(json.dumps([report(found), errors, len(seen)]))
    """,
    )
    reported, errors, seen = found
    assert sorted(state for _, state, _ in reported) == ["Completed", "Failed", "Failed"]
    assert sorted(errors, key=str) == [
        [{"n": 1, "rate": rate, "kind": "bad"}, "JobFailedError", "Failed", f"ValueError: no training with rate {rate}"]
        for rate in (3, 4)
    ]
    assert seen == 1


def test_an_adaptive_search_without_an_error_handler_reports_and_goes_on(drive: Any) -> None:
    found, said = drive(
        STAGE,
        ADAPTIVE,
        """
    found = stage.adaptive_search([{"n": 1, "rate": 3, "kind": kind} for kind in ("bad", "plain")], next_rates)
    print(json.dumps([report(found), len(seen)]))
    """,
    )
    assert sorted(state for _, state, _ in found[0]) == ["Completed", "Failed"]
    assert found[1] == 1
    assert "ValueError: no training with rate 3" in said


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            'stage.grid_search({"n": [1], "rate": [1]})',
            "ValueError",
            "'kind' is missing; name it in ranges: {'kind': ...}",
        ),
        ('stage.grid_search({"n": [1], "rate": [1], "kind": [1], "layers": [1]})', "ValueError", "layers"),
        (
            'stage.random_search({"n": [1]}, 3)',
            "ValueError",
            "'rate', 'kind' are missing; name them in ranges: {'rate': ..., 'kind': ...}",
        ),
        (
            'stage.adaptive_search([{"n": 1, "rate": 1, "kind": 1}, {"n": 1}], print)',
            "ValueError",
            "in initial_params: {'rate': ...",
        ),
        ("stage.adaptive_search([1], print)", "TypeError", "initial_params must be a list of dicts"),
        ('stage.adaptive_search("abc", print)', "TypeError", "initial_params must be a list of dicts"),
        ('stage.adaptive_search([{}], "no function")', "TypeError", "generator is a function, got 'no function'"),
        ("stage.adaptive_search([{}], print, 3)", "TypeError", "error_handler is a function, got 3"),
        ('stage.grid_search({"n": [], "rate": 1, "kind": 1})', "ValueError", "n has no value to try"),
        (
            'stage.grid_search({"n": FloatingHyperparameter(0, 1), "rate": 1, "kind": 1})',
            "ValueError",
            "needs a step for n",
        ),
    ],
)
def test_a_mistake_is_found_before_there_is_a_job(
    make_project: MakeProject, project: Project, call: str, error: str, message: str
) -> None:
    empty = Project(project.root, project.home)
    ended = empty.python(str(driver(project, STAGE, call)), FOUNDATIONS_ARCHIVE=str(project.root.parent / "none"))
    assert ended.returncode == 1
    assert re.search(rf"^{error}: .*{message}", ended.stderr, re.M), ended.stderr
    assert not (project.root.parent / "none").exists()


def test_an_adaptive_search_of_nothing_runs_nothing(drive: Any) -> None:
    found, _ = drive(STAGE, "print(json.dumps(stage.adaptive_search([], print)))")
    assert found == {}


@pytest.mark.parametrize("returned", ["3", "'abc'", "[1]", "[{'n': 1}]", "[{'n': 1, 'rate': 1, 'kind': 1, 'x': 1}]"])
def test_a_generator_that_returns_what_can_not_be_run_ends_the_search_and_says_so(
    project: Project, returned: str
) -> None:
    body = f'stage.adaptive_search([{{"n": 1, "rate": 1, "kind": "plain"}}], lambda found: {returned})'
    ended = project.python(str(driver(project, STAGE, body)))
    assert ended.returncode == 1
    wanted = (
        r"TypeError: what the generator returned must be a list of dicts" if "{" not in returned else "ValueError: "
    )
    assert re.search(rf"^{wanted}", ended.stderr, re.M), ended.stderr


def test_as_many_jobs_run_at_the_same_time_as_the_environment_says(drive: Any, tmp_path: Path) -> None:
    found, _ = drive(
        f"""
    stage = create_stage(model.meet)({str(tmp_path)!r}, 4, Hyperparameter())
    print(json.dumps(report(stage.grid_search({{"n": range(4)}}))))
    """,
        FOUNDATIONS_ENVIRONMENT="many",
    )
    assert [state for _, state, _ in found] == ["Completed"] * 4


def test_no_more_jobs_run_at_the_same_time_than_the_environment_says(
    drive: Any, project: Project, tmp_path: Path
) -> None:
    found, said = drive(
        f"""
    stage = create_stage(model.count_together)({str(tmp_path)!r}, Hyperparameter())
    print(json.dumps(list(stage.grid_search({{"n": range(20)}}))))
    """,
        FOUNDATIONS_ENVIRONMENT="two",
    )
    together = project.metrics("search").set_index("job_id").loc[found, "together"]
    assert len(together) == 20
    assert together.max() == 2
    assert re.search(r"20 completed", said)


def start(project: Project, file: Path, **environment: str) -> "subprocess.Popen[str]":
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("FOUNDATIONS_")}
    own = {"FOUNDATIONS_HOME": str(project.home), "FOUNDATIONS_ARCHIVE": str(project.archive_path)}
    return subprocess.Popen(
        [sys.executable, str(file)],
        cwd=project.root,
        env={**inherited, "PYTHONUNBUFFERED": "1", **own, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_search_that_is_told_to_end_cancels_what_runs_and_keeps_what_has_ended(
    make_project: MakeProject, project: Project, number: signal.Signals
) -> None:
    own = make_project("interrupted")
    own.write("model.py", MODEL)
    own.write("config/two.config.yaml", "job_deployment_env: local\nsearch_config: {concurrent_jobs: 2}\n")
    file = driver(own, 'create_stage(model.wait)(Hyperparameter()).grid_search({"n": range(6)})')
    process = start(own, file, FOUNDATIONS_ENVIRONMENT="two")
    assert process.stdout
    for _ in range(3):  # the first one ends at once, and the third takes its place
        assert "waits" in process.stdout.readline()
    pressed = time.monotonic()
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert time.monotonic() - pressed < 30
    assert process.returncode == (-signal.SIGINT if number == signal.SIGINT else 128 + number), said
    jobs = own.archive.jobs()
    assert sorted(record.state for _, record in jobs) == ["Cancelled", "Cancelled", "Completed"]
    assert [spec.parameters["n"] for spec, _ in jobs] == [0, 1, 2]
    assert own.archive.queued() == []


def test_ctrl_c_again_and_again_does_not_keep_a_search_from_tidying_up(make_project: MakeProject) -> None:
    own = make_project("impatient")
    own.write("model.py", MODEL)
    file = driver(own, 'create_stage(model.wait)(Hyperparameter()).grid_search({"n": range(1, 9)})')
    process = start(own, file)
    assert process.stdout
    assert "waits" in process.stdout.readline()
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        process.send_signal(signal.SIGINT)
        time.sleep(0.05)
    _, said = process.communicate()
    assert process.returncode == -signal.SIGINT, said
    states = {record.state for _, record in own.archive.jobs()}
    assert states == {"Cancelled"}


def test_a_search_whose_driver_is_killed_leaves_its_jobs_running_and_none_waiting(
    make_project: MakeProject, tmp_path: Path
) -> None:
    own = make_project("killed")
    own.write("model.py", MODEL)
    own.write("config/two.config.yaml", "job_deployment_env: local\nsearch_config: {concurrent_jobs: 2}\n")
    file = driver(
        own, f'create_stage(model.meet)({str(tmp_path)!r}, 3, Hyperparameter()).grid_search({{"n": range(6)}})'
    )
    process = start(own, file, FOUNDATIONS_ENVIRONMENT="two")
    deadline = time.monotonic() + 60
    while len(list(tmp_path.iterdir())) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.kill()
    process.communicate()
    (tmp_path / "the third").touch()
    jobs = [Deployment(own.archive, spec) for spec, _ in own.archive.jobs()]
    for job in jobs:
        job.wait_for_deployment_to_complete()
    assert [job.get_job_status() for job in jobs] == ["Completed"] * 2
    assert own.archive.queued() == []


def test_two_searches_at_once_do_not_disturb_each_other(make_project: MakeProject) -> None:
    own = make_project("together")
    own.write("model.py", MODEL)
    body = 'print(json.dumps(report(stage.grid_search({"n": range(5), "rate": 1, "kind": "plain"}))))'
    file = driver(own, STAGE, body)
    processes = [start(own, file) for _ in range(2)]
    outputs = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outputs
    found = [json.loads(output.splitlines()[-1]) for output, _ in outputs]
    assert [[state for _, state, _ in one] for one in found] == [["Completed"] * 5] * 2
    assert len({name for one in found for name, _, _ in one}) == len(own.archive.job_ids()) == 10


def test_a_job_can_not_search(drive: Any, project: Project) -> None:
    project.write(
        "searching.py",
        """
        import foundations

        def search(verb):
            stage = foundations.create_stage(len)("x")
            return getattr(stage, verb)({}, *(([{}],) if verb == "random_search" else (print,)))
        """,
    )
    found, said = drive(
        """
    import searching
    stage = create_stage(searching.search)(Hyperparameter())
    print(json.dumps(report(stage.grid_search({"verb": ["grid_search", "random_search", "adaptive_search"]}))))
    """
    )
    assert [state for _, state, _ in found] == ["Failed"] * 3
    for verb in ("grid", "random", "adaptive"):
        assert f"RuntimeError: {verb}_search() was called inside the job" in said


def test_a_graph_that_can_not_travel_is_named_before_there_is_a_job(project: Project) -> None:
    body = """
    import threading
    create_stage(print)(threading.Lock(), Hyperparameter("n")).grid_search({"n": range(3)})
    """
    ended = project.python(str(driver(project, body)), FOUNDATIONS_ARCHIVE=str(project.root.parent / "none"))
    assert ended.returncode == 1
    assert "is a lock" in ended.stderr
    assert not (project.root.parent / "none").exists()
