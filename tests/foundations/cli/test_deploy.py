import signal
from pathlib import Path

import pytest

from foundations_archive.archive import open_archive
from tests.foundations.cli.conftest import Shell

TELL = """\
import os, sys
from pathlib import Path
print(sys.argv, __name__, __file__, __spec__, sys.path[0], os.getcwd(), sys.stdin.read())
"""
SELECTED = """\
import foundations
from foundations.settings import selected_environment
{set}
print(selected_environment())
"""
JOBS = """\
import foundations

@foundations.create_stage
def one():
    return 1

for name in (None, "own", None):
    one().run(**({"job_name": name} if name else {}))
"""


@pytest.mark.parametrize("driver", ["driver.py", "deep/driver.py", "./driver.py", "../folder/driver.py", "no_suffix"])
@pytest.mark.parametrize("arguments", [[], ["--epochs", "3", "-x", "--json", "--help", "--", "a b", "", "é"]])
def test_a_driver_sees_what_python_would_show_it(shell: Shell, driver: str, arguments: list[str]) -> None:
    shell.write(driver, TELL)
    plain = shell.python(driver, *arguments)
    assert plain.returncode == 0
    deployed = shell.foundations("deploy", driver, *arguments)
    assert (deployed.returncode, deployed.stdout, deployed.stderr) == (0, plain.stdout, "")


def test_a_driver_with_an_absolute_path_is_run_from_where_the_user_is(shell: Shell, tmp_path: Path) -> None:
    driver = str(shell.write("driver.py", TELL))
    assert shell.foundations("deploy", driver, cwd=tmp_path).stdout == shell.python(driver, cwd=tmp_path).stdout


def test_a_driver_whose_name_begins_with_a_dash_is_no_option(shell: Shell) -> None:
    shell.write("-c.py", "print('ran')\n")
    assert shell.foundations("deploy", "--", "-c.py").stdout == "ran\n"


@pytest.mark.parametrize(
    "code", ["pass", "sys.exit(3)", "sys.exit('a word')", "os.kill(os.getpid(), 15)", "1 / 0", "(["]
)
def test_the_driver_ends_as_it_would_have(shell: Shell, code: str) -> None:
    shell.write("driver.py", f"import os, sys\n{code}\n")
    plain, deployed = shell.python("driver.py"), shell.foundations("deploy", "--env", "local", "driver.py")
    assert (deployed.returncode, deployed.stdout, deployed.stderr) == (plain.returncode, plain.stdout, plain.stderr)


def test_a_driver_that_a_signal_ended_is_seen_as_that(shell: Shell) -> None:
    shell.write("driver.py", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n")
    assert shell.foundations("deploy", "driver.py").returncode == -signal.SIGKILL


@pytest.mark.parametrize(
    ("driver", "option", "variable", "selected"),
    [
        ("one", "two", "three", "one"),
        ("one", "two", None, "one"),
        ("one", None, "three", "one"),
        (None, "two", "three", "two"),
        (None, "two", None, "two"),
        (None, None, "three", "three"),
        (None, None, None, "local"),
    ],
)
def test_the_driver_decides_then_the_option_then_the_variable(
    shell: Shell, driver: str | None, option: str | None, variable: str | None, selected: str
) -> None:
    shell.write("driver.py", SELECTED.format(set=f"foundations.set_environment({driver!r})" if driver else ""))
    shell.write("config/two.config.yaml", "job_deployment_env: local\n")
    line = ["deploy", *(["--env", option] if option else []), "driver.py"]
    ended = shell.foundations(*line, **({"FOUNDATIONS_ENVIRONMENT": variable} if variable else {}))
    assert (ended.stdout, ended.stderr) == (f"{selected}\n", "")


def test_jobs_run_in_the_environment_and_under_the_name_of_the_command(shell: Shell, foundations_home: Path) -> None:
    shell.write("driver.py", JOBS)
    archive = "results_config: {archive_end_point: kept}\n"
    shell.write("config/other.config.yaml", f"job_deployment_env: local\n{archive}")
    shell.write(".foundationsignore", "kept/\n")
    line = ("deploy", "--env", "other", "--job-name", "mine", "driver.py")
    ended = shell.foundations(*line, FOUNDATIONS_HOME=str(foundations_home))
    assert ended.returncode == 0, ended.stderr
    jobs = open_archive(str(shell.folder / "kept")).jobs()
    assert [(spec.job_id, spec.environment) for spec, _ in jobs] == [
        ("mine", "other"),
        ("own", "other"),
        ("mine-2", "other"),
    ]
    again = shell.foundations(*line, FOUNDATIONS_HOME=str(foundations_home))
    assert again.returncode == 1
    assert "a job named 'mine' is in the archive" in again.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (["drivr.py"], "there is no driver 'drivr.py'; did you mean 'driver.py'?"),
        (["sub/drive.py"], "there is no driver 'sub/drive.py'; did you mean 'sub/driver.py'?"),
        (["nowhere/driver"], "there is no driver 'nowhere/driver'"),
        (["sub"], "'sub' is a folder; name the driver's file in it"),
        ([""], "'' is a folder; name the driver's file in it"),
        (
            ["--env", "gup", "driver.py"],
            "there is no environment 'gup'; did you mean 'gpu'? known ones: bad, gpu, local",
        ),
        (["--env", "a/b", "driver.py"], "'a/b' can't be an environment's name; use letters, "),
        (["--env", "", "driver.py"], "'' can't be an environment's name; use letters, "),
        (["--env", "bad", "driver.py"], "config/bad.config.yaml, line 1: unknown key 'job_env'"),
        (["--job-name", "a b", "driver.py"], "'a b' can't be the name of a job; use 1 to 128 "),
        (["--job-name", "", "driver.py"], "'' can't be the name of a job; use 1 to 128 "),
        (["--env", "gpu"], "the following arguments are required: DRIVER; see `foundations deploy --help`"),
    ],
)
def test_a_mistake_is_told_before_the_driver_starts(shell: Shell, line: list[str], said: str) -> None:
    shell.write("driver.py", "print('ran')\n")
    shell.write("sub/driver.py", "print('ran')\n")
    shell.write("config/gpu.config.yaml", "job_deployment_env: docker\n")
    shell.write("config/bad.config.yaml", "job_env: docker\n")
    ended = shell.foundations("deploy", *line)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith(f"foundations: {said}")
    assert ended.stderr.count("\n") == 1


def test_the_environment_is_the_one_of_the_drivers_project(shell: Shell) -> None:
    shell.write("project/driver.py", SELECTED.format(set=""))
    shell.write("project/config/there.config.yaml", "job_deployment_env: local\n")
    assert shell.foundations("deploy", "--env", "there", "project/driver.py").stdout == "there\n"
