"""All the ways in which a job can end badly, and what is there to be read then."""

import json
from pathlib import Path
from typing import Any

import pytest

OURS = Path(__file__).parents[2] / "foundations"
FAILING_MODEL = """
    import foundations


    def load(path):
        print("loading", path)
        foundations.log_metric("rows", 3)
        return [1, 2, 3]


    def train(rows, rate):
        foundations.log_metric("rate", rate)
        print("training")
        return evaluate(rows)


    def evaluate(rows):
        try:
            return {}["loss"]
        except KeyError as error:
            raise ValueError(f"no loss for {len(rows)} rows") from error


    def report(model): ...


    def alone(): ...
"""
FAILING_DRIVER = """
    import foundations
    from models.model import alone, load, report, train

    foundations.set_project_name("failing")
    rows = foundations.create_stage(load)("a.csv")
    model = foundations.create_stage(train)(rows, 0.5)
    reported = foundations.create_stage(report)(model)
    last = foundations.create_stage(lambda report, other: None)(reported, foundations.create_stage(alone)())
    last.run(job_name="bad")
"""


@pytest.fixture(scope="module")
def failing(make_project: Any) -> Any:
    project = make_project("failing")
    project.write("models/model.py", FAILING_MODEL)
    project.write("driver.py", FAILING_DRIVER)
    project.write("config/local.config.yaml", "job_deployment_env: local\nstage_config: {threads: 1}\n")
    return project, project.python("driver.py")


TRACE = """\
Traceback (most recent call last):
  File "models/model.py", line 18, in evaluate
    return {}["loss"]
KeyError: 'loss'

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "models/model.py", line 13, in train
    return evaluate(rows)
  File "models/model.py", line 20, in evaluate
    raise ValueError(f"no loss for {len(rows)} rows") from error
ValueError: no loss for 3 rows"""


def without_carets(text: str) -> str:
    """Each minor version of Python sets them a little differently."""
    return "\n".join(line for line in text.splitlines() if not line or set(line) - set(" ~^"))


def test_a_failed_job_ends_its_driver_with_the_users_own_traceback_once(failing: Any) -> None:
    _, ended = failing
    assert ended.returncode == 1
    assert without_carets(ended.stderr).endswith(
        f"foundations.errors.JobFailedError: job bad failed in stage train\n\n{TRACE}"
    )
    assert ended.stderr.count("no loss for 3 rows") == 1
    assert str(OURS) not in ended.stderr
    assert "worker" not in ended.stderr
    assert ended.stdout == "loading a.csv\ntraining\n"


def test_only_the_stage_that_raised_has_failed(failing: Any) -> None:
    project, _ = failing
    assert project.statuses("bad") == {
        "load": "succeeded",
        "train": "failed",
        "report": "skipped",
        "alone": "not run",
        "<lambda>": "skipped",
    }


def test_the_trace_of_a_failed_job_can_be_read(failing: Any) -> None:
    project, _ = failing
    ids = {row["stage_name"]: row["stage_id"] for row in project.stages("bad")}
    trace = project.reader.get_error_information("bad")
    assert trace != without_carets(trace) == TRACE
    assert project.reader.get_error_information("bad", ids["train"]) == trace
    for other in ("load", "report", "alone"):
        assert project.reader.get_error_information("bad", ids[other]) is None


def test_what_a_failed_job_left_up_to_then_is_there(failing: Any) -> None:
    project, _ = failing
    row = project.metrics("failing").to_dict("records")[0]
    assert (row["status"], row["rows"], row["rate"]) == ("Failed", 3, 0.5)
    assert project.log("bad", "stdout") == ["loading a.csv", "training"]
    assert without_carets("\n".join(project.log("bad", "error"))) == TRACE


ENDINGS_MODEL = """
    import ctypes
    import os
    import signal
    import sys

    import foundations


    def leave():
        foundations.log_metric("seen", 1)
        print("last words", flush=True)
        os._exit(3)


    def crash():
        print("last words")
        ctypes.string_at(0)


    def be_killed():
        print("last words")
        os.kill(os.getpid(), signal.SIGKILL)


    def exit_politely():
        sys.exit("the reason")


    def exit_well():
        sys.exit()


    def interrupt():
        raise KeyboardInterrupt


    def need_a_package():
        import a_package_that_nobody_has


    def need_a_broken_module():
        import models.broken


    def run_a_job():
        foundations.create_stage(exit_well)().run()


    def run_a_driver():
        import models.driver_without_guard


    def close_its_streams():
        sys.stdout.close()
        sys.stderr = None
        return 3


    def unhashable():
        return [1]


    def take(numbers):
        return len(numbers)


    def recurse():
        recurse()


    class Odd(Exception):
        def __init__(self, one, two):
            super().__init__(one)

        def __reduce__(self):
            raise TypeError


    def raise_what_can_not_be_pickled():
        raise Odd("odd", 2)
"""
ENDINGS_DRIVER = """
    import json

    import foundations
    import models.model as model

    def ending(name, stage):
        try:
            stage.run(job_name=name)
        except foundations.JobFailedError as error:
            return {"state": error.state, "stage": error.stage == stage.uuid(), "text": str(error)}
        return {"state": "Completed"}

    NAMES = (
        "leave crash be_killed exit_politely exit_well interrupt need_a_package need_a_broken_module run_a_job "
        "run_a_driver close_its_streams recurse raise_what_can_not_be_pickled"
    )
    found = {name: ending(name, foundations.create_stage(getattr(model, name))()) for name in NAMES.split()}
    numbers = {foundations.create_stage(model.unhashable)()}
    found["unhashable"] = ending("unhashable", foundations.create_stage(model.take)(numbers))
    print()
    print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def endings(make_project: Any) -> Any:
    project = make_project("endings")
    project.write("models/model.py", ENDINGS_MODEL)
    project.write("models/broken.py", "x = 1\ndef f(:\n")
    project.write("models/driver_without_guard.py", "import foundations\nfoundations.create_stage(print)().run()\n")
    project.write("driver.py", ENDINGS_DRIVER)
    ended = project.drive()
    return project, json.loads(ended.stdout.splitlines()[-1]), ended


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("leave", "the worker exited with status 3 before its job had ended: something called os._exit"),
        ("crash", "the worker died of SIGSEGV, a segmentation fault: native code read or wrote where it must not"),
        ("be_killed", "the worker died of SIGKILL, someone killed it, or the host ran out of memory"),
        ("exit_politely", "SystemExit: the reason"),
        ("exit_well", "SystemExit"),
        ("interrupt", "KeyboardInterrupt"),
        ("need_a_package", "ModuleNotFoundError: No module named 'a_package_that_nobody_has'"),
        ("need_a_broken_module", "SyntaxError: invalid syntax"),
        ("run_a_job", "RuntimeError: run() was called inside the job run_a_job: a stage can't start jobs"),
        ("run_a_driver", "RuntimeError: run() was called inside the job run_a_driver: a stage can't start jobs"),
        ("recurse", "RecursionError: maximum recursion depth exceeded"),
        ("raise_what_can_not_be_pickled", "models.model.Odd: odd"),
        ("unhashable", "TypeError: unhashable type: 'list'"),
    ],
)
def test_a_job_that_can_not_go_on_has_failed_and_says_why(endings: Any, name: str, text: str) -> None:
    project, found, _ = endings
    said = found[name]["text"]
    assert found[name] == {"state": "Failed", "stage": True, "text": said}
    assert text in said
    assert str(OURS) not in said
    assert "foundations-" not in said
    assert project.reader.get_error_information(name) == said.partition("\n\n")[2]
    assert list(project.statuses(name).values())[-1] == "failed"


def test_a_missing_package_says_where_it_belongs(endings: Any) -> None:
    _, found, _ = endings
    assert "a package belongs into requirements.txt" in found["need_a_package"]["text"]


def test_a_worker_that_died_takes_neither_its_log_nor_its_metrics_along(endings: Any) -> None:
    project, *_ = endings
    for name in ("leave", "crash", "be_killed"):
        assert project.log(name, "stdout") == ["last words"]
    frame = project.metrics("default").set_index("job_id")
    assert frame["seen"]["leave"] == 1
    assert frame["status"].drop("close_its_streams").unique().tolist() == ["Failed"]


def test_a_stage_that_closes_its_streams_takes_nothing_else_along(endings: Any) -> None:
    _, found, _ = endings
    assert found["close_its_streams"] == {"state": "Completed"}
