"""What a person sees on a terminal while a job runs, and after it: drivers on real ptys, an emulator's screen."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.foundations.terminals import Terminal
from tests.foundations.test_display import bottom

MODEL = """
    import os
    import sys
    import time

    def wait_for(path):
        print("waiting", flush=True)
        while not os.path.exists(path):
            time.sleep(0.01)
        print("an error line", file=sys.stderr)
        return path

    def talk(path):
        print("\\x1b[31mred\\x1b[0m", "w" * 100, "grüße 日本", flush=True)
        print()
        print("to stderr", file=sys.stderr)
        return path

    def fail(path):
        raise ValueError("the model is wrong")

    def count(path):
        for number in range(5000):
            print("number", number)
"""

DRIVER = """
    import sys

    import foundations, model

    foundations.set_project_name("seen")
    waited = foundations.create_stage(model.wait_for)(sys.argv[1])
    foundations.create_stage(getattr(model, sys.argv[2]))(waited).run(job_name=sys.argv[3])
    print("the driver goes on")
"""

DISPLAY = re.compile(r"stages? done,|running:|[━╸╺]")


@pytest.fixture(scope="module")
def project(make_project: Any) -> Any:
    project = make_project("seen")
    project.write("model.py", MODEL)
    project.write("driver.py", DRIVER)
    return project


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    with Terminal() as terminal:
        yield terminal


@pytest.fixture
def go(tmp_path: Path) -> Path:
    """The file that the first stage waits for."""
    return tmp_path / "go"


def start(terminal: Terminal, project: Any, *arguments: Any, **settings: Any) -> "subprocess.Popen[bytes]":
    places = {"FOUNDATIONS_HOME": str(project.home), "FOUNDATIONS_ARCHIVE": str(project.archive_path)}
    return terminal.start("driver.py", *map(str, arguments), cwd=project.root, **places, **settings)


def ended(terminal: Terminal, process: "subprocess.Popen[bytes]") -> int:
    terminal.rest()
    return process.wait(60)


def running(rows: list[str]) -> bool:
    return bool(rows) and rows[-1] == "  running: wait_for"


def leftovers(terminal: Terminal) -> list[str]:
    return [row for row in terminal.everything if DISPLAY.search(row)]


def joined(terminal: Terminal) -> str:
    """Everything on the screen as one text, as it was before the terminal wrapped it."""
    return "".join(terminal.everything).replace(" ", "")


def test_a_display_stays_below_the_log_and_is_gone_at_the_end(terminal: Terminal, project: Any, go: Path) -> None:
    process = start(terminal, project, go, "talk", "display")
    terminal.until(bottom("waiting", r"━{40} 0 of 2 stages done, \d:\d\d", "  running: wait_for"))
    go.touch()
    assert ended(terminal, process) == 0
    rows = terminal.everything
    assert [row for row in leftovers(terminal) if "job Completed" not in row] == []
    assert "an error line" in rows[rows.index("waiting") :]
    assert re.fullmatch(r"foundations: job Completed in \d+\.\d\d s, stages: 2 succeeded", rows[-2])
    assert rows[-1] == "the driver goes on"


def test_the_users_lines_are_written_byte_for_byte(terminal: Terminal, project: Any, go: Path) -> None:
    go.touch()
    process = start(terminal, project, go, "talk", "bytes")
    assert ended(terminal, process) == 0
    assert "\x1b[31mred\x1b[0m " + "w" * 100 + " grüße 日本\r\n" in terminal.seen
    assert "to stderr\r\n" in terminal.seen


def test_thousands_of_lines_come_whole_and_in_order(terminal: Terminal, project: Any, go: Path) -> None:
    go.touch()
    process = start(terminal, project, go, "count", "many")
    assert ended(terminal, process) == 0
    numbers = [row for row in terminal.everything if row.startswith("number")]
    assert numbers == [f"number {number}" for number in range(5000)]
    assert [row for row in leftovers(terminal) if "job Completed" not in row] == []


def test_a_failed_job_leaves_its_traceback_and_no_display(terminal: Terminal, project: Any, go: Path) -> None:
    process = start(terminal, project, go, "fail", "failed")
    terminal.until(running)
    go.touch()
    assert ended(terminal, process) == 1
    assert leftovers(terminal) == []
    assert "ValueError:themodeliswrong" in joined(terminal)
    assert "stages:1succeeded,1failed" in joined(terminal)


def test_ctrl_c_leaves_no_display_and_says_what_became_of_the_job(terminal: Terminal, project: Any, go: Path) -> None:
    process = start(terminal, project, go, "talk", "cancelled")
    terminal.until(running)
    terminal.press("\x03")
    assert ended(terminal, process) != 0
    assert leftovers(terminal) == []
    assert "foundations: job cancelled cancelled" in terminal.everything
    assert terminal.everything[-1] == "KeyboardInterrupt"
    assert not any("^C" in row for row in terminal.everything if not row.startswith("^C"))


@pytest.mark.parametrize("settings", [{"TERM": "dumb"}, {"TERM": ""}])
def test_a_terminal_that_can_do_nothing_gets_plain_lines(
    terminal: Terminal, project: Any, go: Path, settings: dict[str, str]
) -> None:
    go.touch()
    process = start(terminal, project, go, "wait_for", f"dumb-{len(settings['TERM'])}", **settings)
    assert ended(terminal, process) == 0
    assert "\x1b" not in terminal.seen
    assert "foundations: job Completed in" in terminal.seen


def test_output_into_a_pipe_is_the_users_lines_while_the_display_is_on_the_terminal(
    terminal: Terminal, project: Any, go: Path
) -> None:
    process = start(terminal, project, go, "count", "piped", stdout=subprocess.PIPE)
    terminal.until(running)
    go.touch()
    assert process.stdout
    piped = process.stdout.read().decode()
    assert ended(terminal, process) == 0
    process.stdout.close()
    assert piped == "waiting\n" + "".join(f"number {number}\n" for number in range(5000)) + "the driver goes on\n"
    assert "an error line" in terminal.everything
    assert "number" not in "".join(terminal.everything)


def test_errors_into_a_pipe_mean_plain_lines(terminal: Terminal, project: Any, go: Path) -> None:
    go.touch()
    process = start(terminal, project, go, "wait_for", "errors-piped", stderr=subprocess.PIPE)
    assert process.stderr
    said = process.stderr.read().decode()
    assert ended(terminal, process) == 0
    process.stderr.close()
    assert "\x1b" not in said + terminal.seen
    assert "an error line\n" in said
    assert "foundations: job Completed in" in said


def test_who_reads_the_output_may_go_away(terminal: Terminal, project: Any, go: Path) -> None:
    process = start(terminal, project, go, "count", "head", stdout=subprocess.PIPE)
    terminal.until(running)
    assert process.stdout
    process.stdout.close()
    go.touch()
    ended(terminal, process)
    assert project.archive.sealed("head").state == "Completed"
    assert [row for row in leftovers(terminal) if "job Completed" not in row] == []


def test_a_quiet_environment_shows_the_users_lines_only(terminal: Terminal, project: Any, go: Path) -> None:
    project.write("config/quiet.config.yaml", "job_deployment_env: local\nlog_level: WARNING\n")
    go.touch()
    process = start(terminal, project, go, "wait_for", "quiet", FOUNDATIONS_ENVIRONMENT="quiet")
    assert ended(terminal, process) == 0
    assert set(terminal.seen.splitlines()) == {"an error line", "the driver goes on", "waiting"}
