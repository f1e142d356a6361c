"""Branches that run at once in a job in the environment `local`: what is whose, retries, and time limits."""

import math
import re
from typing import Any

import pytest

MODEL = """
    import threading
    import time

    import foundations

    together = threading.Barrier(3)


    def branch(name):
        together.wait(30)
        for number in range(200):
            print(f"{name} ", end="")
            print(number)
            foundations.log_metric(name, number)

        def helper():
            foundations.log_metric(f"thread of {name}", 1)
            print(f"thread of {name}")

        thread = threading.Thread(target=helper)
        thread.start()
        thread.join()
        together.wait(30)
        return name


    def join(*names):
        return list(names)


    tries = []


    def flaky(times):
        tries.append(1)
        foundations.log_metric("try", len(tries))
        if len(tries) < times:
            raise ConnectionError(f"try {len(tries)}")
        return len(tries)


    def slow(seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(0.01)


    def million():
        for number in range(1_000_000):
            foundations.log_metric("loss", number / 2)
        for value in (float("nan"), float("inf"), -float("inf"), 2**70, True, "text", [1, [2.5]]):
            foundations.log_metric("odd", value)


    def long_key():
        for value in (1.5, 2, "text"):
            foundations.log_metric("k" * 2_000_000, value)
"""


@pytest.fixture(scope="module")
def project(make_project: Any) -> Any:
    project = make_project("concurrent")
    project.write("model.py", MODEL)
    project.write("config/local.config.yaml", "job_deployment_env: local\nstage_config: {threads: 3}\n")
    return project


def drive(project: Any, name: str, code: str) -> Any:
    head = "import foundations\nfrom model import *\nstage = foundations.create_stage\n"
    project.write(f"{name}.py", head + code)
    return project.python(f"{name}.py")


def test_branches_run_at_once_and_each_has_its_own_log_and_metrics(project: Any) -> None:
    ended = drive(
        project,
        "branches",
        """
branches = [stage(branch)(name) for name in "abc"]
deployment = stage(join)(*branches).persist().run(job_name="branches")
assert deployment.result() == ["a", "b", "c"]
""",
    )
    assert ended.returncode == 0, ended.stderr
    record = project.archive.record(project.archive.spec("branches"))
    events = list(project.archive.events("branches"))
    for stage, name in zip(record.stages, "abc", strict=False):
        lines = [event["text"] for event in events if event["event"] == "log" and event["stage"] == stage.id]
        assert lines == [*(f"{name} {number}" for number in range(200)), f"thread of {name}"]
        metrics = {series.key: series.values for series in record.metrics if series.stage == stage.id}
        assert metrics == {name: tuple(range(200)), f"thread of {name}": (1,)}
    place = {(event["event"], event.get("stage")): n for n, event in enumerate(events)}
    for stage in record.stages[:3]:
        assert place["log", stage.id] < place["stage ended", stage.id]


def test_a_stage_is_tried_again_and_what_a_failed_attempt_logged_does_not_count(project: Any) -> None:
    ended = drive(project, "flaky", 'stage(flaky)(3).options(retries=2).run(job_name="flaky")')
    assert ended.returncode == 0, ended.stderr
    record = project.archive.record(project.archive.spec("flaky"))
    assert [(stage.status, stage.attempts) for stage in record.stages] == [("succeeded", 3)]
    assert [(series.key, series.values) for series in record.metrics] == [("try", (3,))]
    retried = [event for event in project.archive.events("flaky") if event["event"] == "stage retried"]
    assert [event["attempt"] for event in retried] == [1, 2]
    assert retried[0]["error"].endswith("ConnectionError: try 1")


def test_a_stage_that_fails_as_often_as_it_may_fails_with_the_last_error(project: Any) -> None:
    ended = drive(project, "failing", 'stage(flaky)(9).options(retries=1).run(job_name="failing")')
    assert ended.returncode == 1
    assert project.reader.get_error_information("failing").endswith("ConnectionError: try 2")
    (stage,) = project.archive.record(project.archive.spec("failing")).stages
    assert (stage.status, stage.attempts) == ("failed", 2)


def test_a_stage_whose_time_is_up_fails_where_it_was(project: Any) -> None:
    ended = drive(project, "slow", 'stage(slow)(600).options(timeout=0.3).run(job_name="slow")')
    assert ended.returncode == 1
    text = project.reader.get_error_information("slow")
    assert 'File "model.py"' in text
    assert "in slow" in text
    assert text.endswith("TimeoutError: stage slow took longer than 0.3 s and was ended; it was at the line above")


def test_a_million_metrics_and_odd_ones_survive_to_the_frame(project: Any) -> None:
    ended = drive(
        project,
        "million",
        """
foundations.set_project_name("million")
deployment = stage(million)().run(job_name="million")
losses = deployment.get_metric("loss")
assert losses == [number / 2 for number in range(1_000_000)]
""",
    )
    assert ended.returncode == 0, ended.stderr
    row = project.metrics("million").to_dict("records")[0]
    assert len(row["loss"]) == 1_000_000
    assert type(row["loss"][0]) is float
    nan, inf, minus, large, true, text, nested = row["odd"]
    assert math.isnan(nan)
    assert (inf, minus, large, text, nested) == (math.inf, -math.inf, 2**70, "text", [1, [2.5]])
    assert true is True


def test_a_key_of_any_length_is_a_key(project: Any) -> None:
    ended = drive(
        project,
        "long_key",
        """
deployment = stage(long_key)().run(job_name="long_key")
assert deployment.get_metric("k" * 2_000_000) == [1.5, 2, "text"]
""",
    )
    assert ended.returncode == 0, ended.stderr


def test_a_stage_is_never_seen_to_end_before_what_it_needs(make_project: Any) -> None:
    project = make_project("order")
    project.write(
        "driver.py",
        """
        import foundations

        def load():
            return bytes(8_000_000)  # takes a while to be kept

        load, split, count = map(foundations.create_stage, (load, len, abs))
        count(split(load().enable_caching().persist())).run(job_name="order")
        """,
    )
    said = project.drive().stderr
    assert re.findall(r"stage (\w+) succeeded", said) == ["load", "len", "abs"]
    events = [event for event in project.archive.events("order") if event["event"].startswith("stage")]
    assert [event["event"] for event in events] == ["stage started", "stage ended"] * 3
