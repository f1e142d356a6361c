"""What the driver of a failed job sees, with real jobs in the environment `local`."""

import json
from pathlib import Path
from typing import Any

import pytest

import foundations

OURS = str(Path(foundations.__file__).parent)

MODEL_ERRORS = """
    class BadData(ValueError):
        def __init__(self, row, *, column):
            super().__init__(f"bad cell in row {row}")
            self.row, self.column = row, column
"""

DRIVER = """
    import json
    import os
    import time

    import foundations
    from models.errors import BadData

    def parse(text):
        try:
            return int(text)
        except ValueError as error:
            raise BadData(3, column="price") from error

    def load(text):
        return (lambda one: parse(one))(text)

    def noted():
        error = KeyError("price")
        error.add_note("look at line 7")
        raise error

    def several():
        raise ExceptionGroup("two of them", [ValueError("one"), BadData(4, column="name")])

    class Mine(Exception):
        pass

    def mine():
        raise Mine("of the driver")

    def sleep():
        time.sleep(30)

    def die():
        os._exit(3)

    def fail(function, *args):
        return end(foundations.create_stage(function)(*args), function.__name__)

    def end(stage, name):
        try:
            stage.run(job_name=name)
        except foundations.JobFailedError as error:
            cause = error.__cause__
            return [str(error), error.stage_name, error.exception_type, type(cause).__name__, vars(cause or error)]

    if __name__ == "__main__":
        slow = foundations.create_stage(sleep)().options(timeout=0.2)
        dying = foundations.create_stage(die)().options(process=True)
        found = {"load": fail(load, "x"), "noted": fail(noted), "several": fail(several), "mine": fail(mine)}
        found |= {"sleep": end(slow, "sleep"), "die": end(dying, "die")}
        print(json.dumps(found, default=str))
"""


@pytest.fixture(scope="module")
def failures(make_project: Any) -> Any:
    project = make_project("errors")
    project.write("models/errors.py", MODEL_ERRORS)
    project.write("driver.py", DRIVER)
    # its lines travel with the code that needs them, though the file stays behind
    project.write(".foundationsignore", "driver.py\n")
    return project, json.loads(project.drive().stdout)


def test_the_error_is_the_users_own_traceback_with_the_drivers_lines(failures: Any) -> None:
    project, found = failures
    text, stage, kind, cause, attributes = found["load"]
    lines = [line for line in text.splitlines() if "^" not in line]
    assert lines == [
        "job load failed in stage load",
        "",
        "Traceback (most recent call last):",
        '  File "driver.py", line 10, in parse',
        "    return int(text)",
        "ValueError: invalid literal for int() with base 10: 'x'",
        "",
        "The above exception was the direct cause of the following exception:",
        "",
        "Traceback (most recent call last):",
        '  File "driver.py", line 15, in load',
        "    return (lambda one: parse(one))(text)",
        '  File "driver.py", line 15, in <lambda>',
        "    return (lambda one: parse(one))(text)",
        '  File "driver.py", line 12, in parse',
        '    raise BadData(3, column="price") from error',
        "models.errors.BadData: bad cell in row 3",
    ]
    assert (stage, kind, cause) == ("load", "models.errors.BadData", "BadData")
    assert attributes == {"row": 3, "column": "price"}
    assert project.reader.get_error_information("load") == text.partition("\n\n")[2]


def test_notes_and_groups_are_shown(failures: Any) -> None:
    _, found = failures
    assert found["noted"][0].endswith("KeyError: 'price'\nlook at line 7")
    assert found["noted"][2:4] == ["KeyError", "KeyError"]
    assert found["several"][2:4] == ["ExceptionGroup", "ExceptionGroup"]
    assert "  | ExceptionGroup: two of them (2 sub-exceptions)" in found["several"][0]
    assert "    | models.errors.BadData: bad cell in row 4" in found["several"][0]


def test_a_type_of_the_drivers_own_file_is_kept(failures: Any) -> None:
    _, found = failures
    assert found["mine"][1:4] == ["mine", "Mine", "Mine"]


def test_what_we_run_a_stage_with_is_not_seen(failures: Any) -> None:
    _, found = failures
    text, stage, kind, cause, _ = found["sleep"]
    lines = [line for line in text.splitlines() if "^" not in line]
    assert lines[2:5] == ["Traceback (most recent call last):", lines[3], "    time.sleep(30)"]
    assert lines[3].endswith(", in sleep")
    assert len(lines) == 6
    assert (stage, kind, cause) == ("sleep", "TimeoutError", "TimeoutError")
    [said] = found["die"][0].splitlines()[2:]
    assert said.startswith(
        "foundations.stage_processes.StageProcessDied: the process of stage die exited with status 3"
    )


def test_a_driver_whose_job_failed_prints_the_users_traceback_once_and_exits_with_1(failures: Any) -> None:
    project, _ = failures
    project.write(
        "uncaught.py",
        """
        import foundations
        from models.errors import BadData

        def load():
            try:
                {}["price"]
            except KeyError as error:
                raise BadData(3, column="price") from error

        foundations.create_stage(load)().run()
        """,
    )
    ended = project.python("uncaught.py")
    assert ended.returncode == 1
    assert (ended.stdout + ended.stderr).count("models.errors.BadData: bad cell in row 3") == 1
    assert ended.stderr.count("direct cause") == 1
    assert OURS not in ended.stderr


@pytest.mark.parametrize("way", ["call", "config"])
def test_our_frames_are_shown_where_they_are_asked_for(make_project: Any, way: str) -> None:
    project = make_project(f"verbose-{way}")
    if way == "config":
        project.write("config/local.config.yaml", "job_deployment_env: local\nerror_verbosity: verbose\n")
    call = "foundations.set_error_verbosity('verbose')" if way == "call" else ""
    project.write(
        "driver.py", f"import foundations\n{call}\ndef fail():\n    1 / 0\nfoundations.create_stage(fail)().run()\n"
    )
    said = project.python("driver.py").stderr
    assert "/worker/foundations/execute.py" in said
    assert f"{OURS}/driver.py" in said
    assert "in fail\n    1 / 0" in said


def test_a_verbosity_that_there_is_not_names_the_line(make_project: Any) -> None:
    project = make_project("loud")
    project.write("config/local.config.yaml", "job_deployment_env: local\nerror_verbosity: verbos\n")
    project.write("driver.py", "import foundations\nfoundations.create_stage(dict)().run()\n")
    said = project.python("driver.py").stderr.splitlines()[-1]
    assert said.endswith(
        "config/local.config.yaml, line 2: error_verbosity must be normal or verbose, not 'verbos'; "
        "did you mean 'verbose'?"
    )


def test_a_file_that_stayed_behind_is_told_of_below_the_users_own_traceback(make_project: Any) -> None:
    project = make_project("stayed")
    project.write(".gitignore", "data/\n")
    project.write("data/train.csv", "1,2\n")
    project.write(
        "driver.py",
        """
        import foundations

        def load(path):
            return open(path).read()

        foundations.create_stage(load)("data/train.csv").run()
        """,
    )
    ended = project.python("driver.py")
    lines = ended.stderr.rstrip().splitlines()
    assert lines[-3] == "FileNotFoundError: [Errno 2] No such file or directory: 'data/train.csv'"
    assert lines[-1].startswith("foundations: data/train.csv is in the model directory and stays behind")
    project.write(".foundationsignore", "!data/\n")
    project.drive()
