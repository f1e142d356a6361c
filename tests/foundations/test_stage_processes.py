"""Stages that run in processes of their own, in jobs in the environment `local`."""

from pathlib import Path
from typing import Any

import pytest

MODEL = """
    import os
    import signal
    import threading
    import time

    import foundations


    class OwnError(Exception):
        def __init__(self, code, *, detail):
            super().__init__(code)
            self.detail = detail


    class Plain(ValueError):
        pass


    class Mute(Exception):
        def __str__(self):
            raise RuntimeError("no words")


    def where():
        foundations.log_metric("pid", os.getpid())
        foundations.log_metric("nan", float("nan"))
        print("here")
        os.system("echo from a child")
        return os.getpid()


    def compare(pid, again):
        foundations.log_metric("other process", pid != os.getpid())
        foundations.log_metric("used again", pid == again)
        return pid


    def total(array, scale):
        return float(array.sum()) * scale


    def die(how, _=None):
        if how == "exit":
            os._exit(3)
        os.kill(os.getpid(), getattr(signal, how))


    def die_with_child():
        if os.fork() == 0:
            time.sleep(600)
        foundations.log_metric("last", 1)
        os._exit(3)


    def survive(_):
        return "still here"


    def fail(kind):
        raise {"plain": Plain("bad"), "own": OwnError(7, detail=threading.Lock()), "mute": Mute()}[kind]


    def hang():
        time.sleep(600)


    def unpicklable():
        return threading.Lock()


    def flaky(path):
        with open(path, "a") as file:
            file.write("x")
        with open(path) as file:
            if len(file.read()) < 3:
                os.kill(os.getpid(), signal.SIGSEGV)
        return "third time"
"""

DRIVER = """
    import foundations
    from model import *

    def stage(function, *args, **options):
        made = foundations.create_stage(function)(*args)
        return made.options(process=True, **options)
"""


@pytest.fixture(scope="module")
def project(make_project: Any) -> Any:
    project = make_project("processes")
    project.write("model.py", MODEL)
    return project


def drive(project: Any, name: str, code: str) -> Any:
    project.write(f"{name}.py", DRIVER + "    " + code.strip().replace("\n", "\n    ") + "\n")
    return project.python(f"{name}.py")


def test_such_a_stage_runs_elsewhere_and_its_log_and_metrics_are_its_own(project: Any) -> None:
    ended = drive(
        project,
        "where",
        """
first = stage(where)
second = stage(where).require(first)
foundations.create_stage(compare)(first, second).run(job_name="where")
""",
    )
    assert ended.returncode == 0, ended.stderr
    record = project.archive.record(project.archive.spec("where"))
    metrics = {(series.stage, series.key): series.values for series in record.metrics}
    first, second, last = (stage.id for stage in record.stages)
    assert metrics[last, "other process"] == (True,)
    assert metrics[last, "used again"] == (True,)
    assert metrics[first, "pid"] == metrics[second, "pid"]
    assert metrics[first, "nan"] == ({"$float": "nan"},)
    logged = [(event["stage"], event["text"]) for event in project.archive.events("where") if event["event"] == "log"]
    assert logged == [
        (first, "here"), (first, "from a child"), (second, "here"), (second, "from a child"),
    ]  # fmt: skip


def test_arrays_travel_there_and_results_back(project: Any) -> None:
    ended = drive(
        project,
        "arrays",
        """
import numpy
array = numpy.arange(1_000_000.0)
deployment = stage(total, array, 2).persist().run()
assert deployment.result() == array.sum() * 2
""",
    )
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("exit", "the process of stage die exited with status 3 before the stage had ended"),
        ("SIGSEGV", "the process of stage die was ended by SIGSEGV"),
        ("SIGKILL", "the process of stage die was ended by SIGKILL (out of memory, perhaps)"),
    ],
)
def test_a_process_that_dies_fails_its_stage_and_not_the_worker(project: Any, how: str, words: str) -> None:
    ended = drive(
        project, f"die_{how}", f"foundations.create_stage(survive)(stage(die, {how!r})).run(job_name={how!r})"
    )
    assert ended.returncode == 1
    assert words in ended.stderr
    assert project.statuses(how) == {"die": "failed", "survive": "skipped"}


def test_an_error_comes_back_with_its_type_and_traceback(project: Any) -> None:
    ended = drive(project, "plain", 'stage(fail, "plain").run(job_name="plain")')
    assert ended.returncode == 1
    text = project.reader.get_error_information("plain")
    assert text.endswith("Plain: bad")
    assert 'File "model.py"' in text
    assert "stage_process" not in text


def test_an_error_that_can_not_be_pickled_is_still_told(project: Any) -> None:
    ended = drive(project, "own", 'stage(fail, "own").run(job_name="own")')
    assert ended.returncode == 1
    assert project.reader.get_error_information("own").endswith("OwnError: 7")


def test_an_error_that_can_not_say_what_it_is_fails_its_stage_only(project: Any) -> None:
    ended = drive(project, "mute", 'stage(fail, "mute").run(job_name="mute")')
    assert ended.returncode == 1
    assert project.reader.get_error_information("mute").endswith("Mute: <exception str() failed>")


def test_a_result_that_can_not_leave_its_process_is_an_error_that_says_so(project: Any) -> None:
    ended = drive(project, "unpicklable", 'stage(unpicklable).run(job_name="unpicklable")')
    assert ended.returncode == 1
    assert "a result of type lock can't leave the stage's process" in ended.stderr


def test_a_process_whose_time_is_up_is_killed(project: Any) -> None:
    ended = drive(project, "hang", 'stage(hang, timeout=0.5).run(job_name="hang")')
    assert ended.returncode == 1
    assert "stage hang took longer than 0.5 s and its process was ended" in ended.stderr


def test_a_stage_whose_process_died_is_tried_again_in_a_new_one(project: Any, tmp_path: Path) -> None:
    path = str(tmp_path / "tries")
    ended = drive(
        project,
        "flaky",
        f"""
deployment = stage(flaky, {path!r}, retries=2).persist().run(job_name="flaky")
assert deployment.result() == "third time"
""",
    )
    assert ended.returncode == 0, ended.stderr
    (record,) = project.archive.record(project.archive.spec("flaky")).stages
    assert (record.status, record.attempts) == ("succeeded", 3)


def test_a_process_that_dies_and_leaves_a_child_behind_is_noticed(project: Any) -> None:
    ended = drive(project, "orphan", 'stage(die_with_child).run(job_name="orphan")')
    assert ended.returncode == 1
    assert "the process of stage die_with_child exited with status 3" in ended.stderr
    assert [series.key for series in project.archive.record(project.archive.spec("orphan")).metrics] == ["last"]
