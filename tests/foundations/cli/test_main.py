import json
import os
import re
import signal
import socket
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from foundations.cli import main
from tests.foundations.cli.conftest import Shell

REPOSITORY = Path(__file__).parents[3]
COMMANDS = ["archive", "cache", "deploy", "info", "init", "plan", "why"]
OF_ARCHIVES = ["check", "compact", "copy", "gc", "serve", "stats"]
HEAVY = {"docker", "boto3", "yaml", "pandas", "cloudpickle", "requests", "importlib.metadata", "foundations.errors"}


def test_help_lists_every_command_and_each_says_what_it_takes(shell: Shell) -> None:
    shown = shell.foundations("--help")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert re.findall(r"^  (\w+)  +\w", shown.stdout.partition("commands:")[2], re.MULTILINE) == COMMANDS
    for command in [*COMMANDS, *(f"archive {name}" for name in OF_ARCHIVES)]:
        own = shell.foundations(*command.split(), "--help")
        assert (own.returncode, own.stderr) == (0, "")
        assert own.stdout.startswith(f"usage: foundations {command} ")


def test_a_command_line_without_a_command_shows_the_help(shell: Shell) -> None:
    assert shell.foundations().stdout == shell.foundations("--help").stdout


def test_a_group_of_commands_lists_each_of_them(shell: Shell) -> None:
    shown = shell.foundations("archive").stdout
    assert re.findall(r"^  (\w+)  +\w", shown.partition("commands:")[2], re.MULTILINE) == OF_ARCHIVES
    assert shown == shell.foundations("archive", "--help").stdout


@pytest.mark.parametrize(("name", "commands"), [("cli", COMMANDS), ("archive", OF_ARCHIVES)])
def test_the_pages_on_the_commands_name_every_command_and_option(
    name: str, commands: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    page = (REPOSITORY / "docs" / f"{name}.md").read_text()
    for command in commands if name == "cli" else [f"archive {command}" for command in commands]:
        assert main([*command.split(), "--help"]) == 0
        assert f"foundations {command}" in page
        options = set(
            re.findall(r"^  .*?(--[a-z-]+)", capsys.readouterr().out.partition("\noptions:")[2], re.MULTILINE)
        )
        assert {option for option in options - {"--help"} if f"`{option}" not in page} == set()


def test_the_help_loads_nothing_that_takes_time(shell: Shell) -> None:
    code = "import sys; from foundations.cli import main; main(['--help']); print(*sys.modules)"
    loaded = set(shell.python("-c", code).stdout.splitlines()[-1].split())
    assert "foundations.cli" in loaded
    assert loaded & HEAVY == set()
    assert [name for name in loaded if name.startswith(("foundations_", "foundations.cli.in"))] == []


def test_the_version_is_the_packages(shell: Shell) -> None:
    assert shell.foundations("--version").stdout == f"foundations {version('foundations')}\n"


def test_the_installed_command_is_the_module(shell: Shell) -> None:
    installed = subprocess.run(
        [Path(sys.executable).with_name("foundations"), "--help"], capture_output=True, text=True, check=True
    )
    assert installed.stdout == shell.foundations("--help").stdout


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("inof", "there is no command 'inof'; did you mean 'info'?"),
        ("zzz", "there is no command 'zzz'; commands: archive, cache, deploy, info, init, plan, why"),
        ("--versoin", "there is no option --versoin; did you mean '--version'?; see `foundations --help`"),
        ("init x --jsno", "there is no option --jsno; did you mean '--json'?; see `foundations init --help`"),
        ("init x --js", "there is no option --js; did you mean '--json'?; see `foundations init --help`"),
        ("info --timeuot=3", "there is no option --timeuot; did you mean '--timeout'?; see `foundations info --help`"),
        ("deploy --epoch 3 driver.py", "there is no option --epoch; see `foundations deploy --help`"),
        ("info --hlep", "there is no option --hlep; did you mean '--help'?; see `foundations info --help`"),
        ("init a b", "'b' is one argument too many; see `foundations init --help`"),
        ("init", "the following arguments are required: NAME; see `foundations init --help`"),
        ("info --timeout x", "argument --timeout: invalid seconds value: 'x'; see `foundations info --help`"),
        ("info --timeout 0", "argument --timeout: must be more than 0 and at most 3600 seconds, not 0; see "),
        ("info --timeout nan", "argument --timeout: must be more than 0 and at most 3600 seconds, not nan; see "),
        ("deploy --evn docker driver.py", "there is no option --evn; did you mean '--env'?; see `foundations deploy "),
    ],
)
def test_a_wrong_command_line_is_told_the_nearest_right_one(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(line.split()) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"foundations: {said}")
    assert captured.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("line", ["init --json", "init x y --json", "--json", "nope --json", "info --json --timeout x"])
def test_a_wrong_command_line_is_told_in_json_where_json_is_asked_for(shell: Shell, line: str) -> None:
    ended = shell.foundations(*line.split())
    assert (ended.returncode, ended.stderr) == (2, "")
    assert json.loads(ended.stdout)["kind"] == "UsageError"
    assert json.loads(ended.stdout)["error"]


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("line", ["--help", "--version", "info", "info --json", "info --help", "nope --json"])
def test_a_reader_who_has_gone_is_no_error(shell: Shell, line: str, unbuffered: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as nobody:
        ended = subprocess.run(
            [sys.executable, "-m", "foundations", *line.split()],
            cwd=shell.folder,
            env={**shell.environment, "PYTHONUNBUFFERED": unbuffered},
            stdout=nobody,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (ended.returncode, ended.stderr) == (141, "")


def test_a_closed_standard_output_is_no_error(shell: Shell) -> None:
    line = f"{sys.executable} -m foundations info >&-"
    ended = subprocess.run(line, shell=True, cwd=shell.folder, env=shell.environment, capture_output=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"")


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("line", ["--help", "info", "info --help"])
def test_a_full_disk_behind_standard_output_is_told(shell: Shell, line: str, unbuffered: str) -> None:
    line = f"{sys.executable} -m foundations {line} >/dev/full"
    environment = {**shell.environment, "PYTHONUNBUFFERED": unbuffered}
    ended = subprocess.run(line, shell=True, cwd=shell.folder, env=environment, capture_output=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr.splitlines() == [b"foundations: the answer can't be written: No space left on device"]


def test_ctrl_c_ends_the_command_without_a_word_whatever_it_waits_for(shell: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        shell.write("config/dead.config.yaml", f"job_deployment_env: docker\ndocker_config: {{host: '{host}'}}\n")
        process = subprocess.Popen(
            [sys.executable, "-m", "foundations", "info", "--timeout", "120"],
            cwd=shell.folder,
            env=shell.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        connection, _ = silent.accept()  # now it waits for an answer
        with connection:
            process.send_signal(signal.SIGINT)
            assert process.communicate(timeout=60) == (b"", b"")
    assert process.returncode == 130


def test_a_terminal_that_lacks_a_letter_gets_it_escaped(shell: Shell) -> None:
    ended = shell.foundations("init", "grüße", PYTHONIOENCODING="ascii")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("project gr\\xfc\\xdfe made in ")


def test_no_output_has_colour_codes(shell: Shell) -> None:
    for line in (["--help"], ["info"], ["init", "x"]):
        assert "\x1b" not in shell.foundations(*line, FORCE_COLOR="1", CLICOLOR_FORCE="1").stdout


def test_an_error_that_is_no_ones_mistake_but_ours_shows_where_it_happened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("foundations.cli.init.run", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        main(["init", "x"])
