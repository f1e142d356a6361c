"""`foundations archive`: the commands as users run them."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from foundations_archive import S3Settings, S3Store, layout
from foundations_archive.archive import Archive, open_archive
from foundations_archive.s3_connection import connection
from foundations_archive.upkeep.s3_server import BUCKET
from tests.archive.archives import ended, key, keys, started
from tests.foundations.cli.conftest import Shell

READY_WITHIN = 90


@pytest.fixture
def archive(shell: Shell) -> Archive:
    """The archive of the environment `local`."""
    return open_archive(str(shell.home / "archive"))


def told(shell: Shell, *arguments: str, status: int = 0, **variables: str) -> dict[str, Any]:
    done = shell.foundations("archive", *arguments, "--json", **variables)
    assert (done.returncode, done.stderr) == (status, ""), done.stdout
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_an_archive_is_checked_and_mended(shell: Shell, archive: Archive) -> None:
    ended(archive)
    assert "all is well" in shell.foundations("archive", "check").stdout
    row = key(archive.store, "row")
    archive.store.delete(row)
    shown = shell.foundations("archive", "check")
    assert shown.returncode == 1
    assert f"warning  {row}: job job has ended and has no row in the index\n" in shown.stdout
    [finding] = told(shell, "check", status=1)["findings"]
    assert finding["severity"] == "warning"
    assert finding["key"] == row
    assert "writes the row" in finding["repair"]
    mended = told(shell, "check", "--repair")
    assert ([one["key"] for one in mended["repaired"]], mended["findings"]) == ([row], [])
    assert told(shell, "check")["status"] == 0


def test_what_is_lost_has_a_status_of_its_own(shell: Shell, archive: Archive) -> None:
    ended(archive)
    blob = key(archive.store, "blob")
    archive.store.put(blob, archive.store.get(blob)[:-1] + b"?")
    assert told(shell, "check")["deep"] is False
    answer = told(shell, "check", "--deep", status=2)
    assert answer["findings"][0]["key"] == blob
    shown = shell.foundations("archive", "check", "--deep", "--repair")
    assert shown.returncode == 2
    assert f"damage   {blob}" in shown.stdout
    assert "1 lost or damaged" in shown.stdout


def test_what_nothing_names_is_collected(shell: Shell, archive: Archive) -> None:
    ended(archive)
    archive.blobs.put(b"nobody's")
    now = ("--grace", "0", "--min-interval", "0")
    [looked] = told(shell, "gc", *now, "--dry-run")["stores"]
    assert (looked["deleted"], keys(archive.store, "cycle")) == ({"count": 0, "bytes": 0}, [])
    [first] = told(shell, "gc", *now)["stores"]
    assert first["waiting"] == {"count": 1, "bytes": 12}
    assert "deleted 1 blob of 12 B" in shell.foundations("archive", "gc", *now).stdout
    archive.store.put(layout.spec("job"), b"")
    [stopped] = told(shell, "gc", *now, status=1)["stores"]
    assert layout.spec("job") in stopped["obstacles"][0]


def test_an_archive_is_counted(shell: Shell, archive: Archive) -> None:
    ended(archive)
    ended(archive, "two", project="other\x1b[31m")
    started(archive, "three")
    archive.blobs.put(b"nobody's")
    answer = told(shell, "stats")
    assert answer["projects"] == {"demo": {"Completed": 1, "Running": 1}, "other\x1b[31m": {"Completed": 1}}
    assert answer["objects"]["spec"]["count"] == 3
    assert answer["objects"]["blob"] == {
        "count": len(keys(archive.store, "blob")),
        "bytes": sum(entry.size for entry in archive.store.list(layout.BLOBS)),
    }
    assert answer["unreferenced"] == {"count": 1, "bytes": 12}
    assert {job["job_id"] for job in answer["largest_jobs"]} == {"job", "two", "three"}
    names = set(map(layout.digest_in, keys(archive.store, "blob")))
    assert {blob["digest"] for blob in answer["largest_blobs"]} <= names
    shown = shell.foundations("archive", "stats").stdout
    assert "1 Completed, 1 Running" in shown
    assert "\x1b" not in shown
    damaged = key(archive.store, "done")
    archive.store.put(damaged, b"")
    assert told(shell, "stats")["unreferenced"] is None
    assert damaged in shell.foundations("archive", "stats").stdout


def test_an_archive_is_copied(shell: Shell, archive: Archive, tmp_path: Path) -> None:
    ended(archive)
    copy = tmp_path / "copy"
    answer = told(shell, "copy", archive.location, str(copy))
    assert answer["copied"]["count"] == len([*archive.store.list("")]) - 1
    assert told(shell, "check", "--deep", "--archive", str(copy))["findings"] == []
    blob = key(archive.store, "blob")
    archive.store.put(blob, b"")
    assert told(shell, "copy", archive.location, str(copy), status=1)["damaged"] == [blob]
    shown = shell.foundations("archive", "copy", str(tmp_path / "nothing"), str(copy))
    assert (shown.returncode, shown.stdout) == (1, "")
    assert f"there is no archive at {tmp_path / 'nothing'}" in shown.stderr


@pytest.mark.parametrize("command", ["check", "gc", "stats", "compact"])
def test_the_archive_may_be_that_of_an_environment_or_any_other(
    shell: Shell, archive: Archive, tmp_path: Path, command: str
) -> None:
    elsewhere = open_archive(str(tmp_path / "elsewhere"))
    ended(archive)
    ended(elsewhere)
    ended(elsewhere, "two")
    config = f"job_deployment_env: local\nresults_config: {{archive_end_point: '{elsewhere.location}'}}\n"
    shell.write("config/lab.config.yaml", config)
    places = [
        told(shell, command),
        told(shell, command, "--env", "lab"),
        told(shell, command, "--archive", elsewhere.location),
        told(shell, command, FOUNDATIONS_ARCHIVE=elsewhere.location),
    ]
    assert all(str(archive.location) in json.dumps(place) for place in places[:1])
    assert all(elsewhere.location in json.dumps(place) for place in places[1:])


@pytest.mark.parametrize("command", ["check", "gc", "stats", "compact"])
def test_where_there_is_no_archive_none_is_made(shell: Shell, tmp_path: Path, command: str) -> None:
    nothing = tmp_path / "nothing"
    done = shell.foundations("archive", command, "--archive", str(nothing))
    assert (done.returncode, done.stdout) == (1, "")
    assert f"there is no archive at {nothing}" in done.stderr
    assert not nothing.exists()


def test_a_folder_of_something_else_is_no_archive_and_stays_as_it_is(shell: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "scripts"
    folder.mkdir()
    (folder / "run.sh").write_text("echo")
    done = shell.foundations("archive", "check", "--repair", "--archive", str(folder))
    assert (done.returncode, done.stdout) == (1, "")
    assert f"there is no archive at {folder}" in done.stderr
    assert [path.name for path in folder.iterdir()] == ["run.sh"]


def test_a_copy_does_not_go_into_its_source(shell: Shell, archive: Archive) -> None:
    ended(archive)
    for target in (archive.location, f"{archive.location}/inside"):
        done = shell.foundations("archive", "copy", archive.location, target)
        assert (done.returncode, done.stdout) == (1, "")
        assert "name another place" in done.stderr


def test_the_signing_key_of_the_environment_variable_counts_for_any_archive(
    shell: Shell, archive: Archive, tmp_path: Path
) -> None:
    ended(archive)
    key_file = tmp_path / "signing.key"
    key_file.write_text("ab" * 32)
    key_file.chmod(0o600)
    named = {"FOUNDATIONS_SIGNING_KEY_FILE": str(key_file)}
    findings = told(shell, "check", "--archive", archive.location, **named)["findings"]
    assert {one["severity"] for one in findings} == {"note"}
    assert all("is not signed" in one["what"] for one in findings)
    assert findings
    assert told(shell, "check", "--archive", archive.location)["findings"] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["chek"], "there is no command 'chek'; did you mean 'check'?"),
        (["check", "--depe"], "there is no option --depe; did you mean '--deep'?"),
        (["--deep"], "there is no option --deep"),
        (["check", "--env", "lbo"], "there is no environment 'lbo'"),
        (["gc", "--grace", "-1"], "must be 0 or more"),
        (["gc", "--grace", "soon"], "invalid number value: 'soon'"),
        (["copy", "one"], "DST"),
        (["serve", "d", "--port", "70000"], "must be from 1 to 55,535"),
    ],
)
def test_a_wrong_command_line_is_explained(shell: Shell, arguments: list[str], said: str) -> None:
    done = shell.foundations("archive", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    as_json = shell.foundations("archive", *arguments, "--json")
    assert as_json.returncode == 2
    assert said in json.loads(as_json.stdout)["error"]


def test_a_later_format_is_refused(shell: Shell, archive: Archive) -> None:
    archive.store.put(layout.DESCRIPTOR, b'{"format": 9, "min_reader": 9}')
    for command in ("check", "gc", "stats", "compact"):
        assert "upgrade foundations" in told(shell, command, status=1)["error"]


def test_all_of_it_works_on_s3(shell: Shell, moto_settings: S3Settings, tmp_path: Path) -> None:
    archive = open_archive(str(tmp_path / "source"))
    connection(moto_settings).client.create_bucket(Bucket="commands")
    ended(archive)
    variables = {
        "AWS_ENDPOINT_URL": moto_settings.endpoint_url or "",
        "AWS_ACCESS_KEY_ID": "unchecked",
        "AWS_SECRET_ACCESS_KEY": "unchecked",
    }
    place = "s3://commands/archive"
    told(shell, "copy", archive.location, place, **variables)
    settings = {"endpoint_url": moto_settings.endpoint_url, "access_key_id": "a", "secret_access_key": "b"}
    lab = {"job_deployment_env": "local", "results_config": {"archive_end_point": place, "s3": settings}}
    shell.write("config/lab.config.yaml", json.dumps(lab))
    for command in ("check", "stats", "gc", "compact", "check"):
        assert place in json.dumps(told(shell, command, "--env", "lab"))
    back = told(shell, "copy", place, str(tmp_path / "back"), "--source-env", "lab")
    assert back["copied"]["count"] == len([*open_archive(str(tmp_path / "back")).store.list("")]) - 1


Serve = Callable[..., dict[str, Any]]


class Served:
    """A server that a test has started, as a user does."""

    def __init__(self, shell: Shell, directory: Path, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "foundations", "archive", "serve", str(directory), "--json", *arguments],
            cwd=shell.folder,
            env=shell.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ready(self) -> dict[str, str]:
        """Return how to reach it, as variables, once it answers."""
        assert self.process.stdout
        text = ""
        for line in self.process.stdout:
            text += line
            if line == "}\n":
                break
        answer = json.loads(text)
        assert answer["archive"] == f"s3://{BUCKET}/archive"
        variables: dict[str, str] = answer["environment"]
        return variables

    def end(self, number: int) -> tuple[int, str]:
        """Send it a signal, and return how it ended and what else it said."""
        self.process.send_signal(number)
        rest, errors = self.process.communicate(timeout=READY_WITHIN)
        return self.process.returncode, rest + errors


@pytest.fixture
def serve(shell: Shell) -> Iterator[Callable[..., Served]]:
    with ExitStack() as stack:

        def started(directory: Path, *arguments: str) -> Served:
            served = Served(shell, directory, *arguments)
            stack.callback(served.process.communicate)
            stack.callback(served.process.terminate)
            return served

        yield started


@pytest.mark.s3
def test_a_job_runs_against_a_server_on_a_directory_and_is_there_after_it_was_ended(
    shell: Shell, serve: Callable[..., Served], tmp_path: Path, shared_home: dict[str, str]
) -> None:
    directory = tmp_path / "with spaces" / "s3"
    shell.foundations("init", "churn")
    first = serve(directory, "--port", str(free_port()))
    variables = first.ready()
    home = {"FOUNDATIONS_HOME": shared_home["FOUNDATIONS_HOME"], "FOUNDATIONS_ARCHIVE": f"s3://{BUCKET}/archive"}
    ran = shell.python("driver.py", cwd=shell.folder / "churn", **home, **variables)
    assert ran.returncode == 0, ran.stderr
    assert "accuracy 0.9" in ran.stdout

    second = shell.foundations("archive", "serve", str(directory))
    assert second.returncode == 1
    assert "is served already, by process" in second.stderr

    assert {path.name: path.stat().st_mode & 0o777 for path in directory.iterdir()}["identities.json"] == 0o600
    assert first.end(signal.SIGINT) == (0, "")
    assert not server_processes(directory)

    again = serve(directory, "--port", str(free_port()))
    variables = again.ready()
    assert told(shell, "check", "--deep", **home, **variables)["findings"] == []
    assert told(shell, "stats", **home, **variables)["projects"] == {"churn": {"Completed": 1}}
    read = shell.python("results.py", cwd=shell.folder / "churn", **home, **variables)
    assert read.returncode == 0, read.stderr
    assert again.end(signal.SIGTERM) == (0, "")
    assert not server_processes(directory)


@pytest.mark.s3
def test_a_server_whose_command_was_killed_keeps_the_directory_and_can_be_ended(
    shell: Shell, serve: Callable[..., Served], tmp_path: Path
) -> None:
    directory = tmp_path / "s3"
    served = serve(directory, "--port", str(free_port()))
    variables = served.ready()
    served.end(signal.SIGKILL)
    store = S3Store(BUCKET, "archive", S3Settings(*variables.values()))
    store.check()
    [left] = server_processes(directory)
    refused = shell.foundations("archive", "serve", str(directory))
    assert f"is served already, by process {left}; end that first" in refused.stderr
    os.kill(left, signal.SIGKILL)
    while server_processes(directory):
        time.sleep(0.05)
    assert serve(directory, "--port", str(free_port())).ready()["AWS_ACCESS_KEY_ID"] == variables["AWS_ACCESS_KEY_ID"]


@pytest.mark.s3
def test_a_server_that_ends_by_itself_is_an_error_with_its_last_words(
    serve: Callable[..., Served], tmp_path: Path
) -> None:
    served = serve(tmp_path / "s3", "--port", str(free_port()))
    served.ready()
    [server] = server_processes(tmp_path / "s3")
    os.kill(server, signal.SIGKILL)
    said, _ = served.process.communicate(timeout=READY_WITHIN)
    assert served.process.returncode == 1
    assert "the S3 server ended with status -9" in said


def test_a_port_that_is_taken_is_refused(shell: Shell, tmp_path: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", free_port())) as taken:
        port = str(taken.getsockname()[1])
        done = shell.foundations("archive", "serve", str(tmp_path / "s3"), "--port", port)
    assert done.returncode == 1
    assert f"port {port} of 127.0.0.1" in done.stderr
    assert "is taken; give another --port" in done.stderr


def test_without_the_program_the_line_that_installs_it_is_told(shell: Shell, tmp_path: Path) -> None:
    code = f"""
import sys
sys.executable = "/nowhere/python"
from foundations.cli import main
sys.exit(main(["archive", "serve", {str(tmp_path / "s3")!r}]))
"""
    done = shell.python("-c", code, PATH="/nowhere")
    assert done.returncode == 1
    assert "pip install 'foundations[server]'" in done.stderr
    assert not (tmp_path / "s3").exists()


@pytest.mark.parametrize("text", ["", "{}", '{"identities": []}'])
def test_credentials_that_can_not_be_read_are_not_replaced(shell: Shell, tmp_path: Path, text: str) -> None:
    file = tmp_path / "s3" / "identities.json"
    file.parent.mkdir()
    file.write_text(text)
    done = shell.foundations("archive", "serve", str(file.parent), "--port", str(free_port()))
    assert done.returncode == 1
    assert f"{file} can't be read as credentials" in done.stderr
    assert file.read_text() == text


def test_a_directory_that_can_not_be_written_to_is_explained(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = shell.foundations("archive", "serve", str(tmp_path / "file" / "s3"))
    assert done.returncode == 1
    assert "can't be served" in done.stderr


def free_port() -> int:
    from foundations_archive.upkeep.s3_server import _free_ports

    return _free_ports("127.0.0.1", 1)[0]


def server_processes(directory: Path) -> list[int]:
    """The processes that serve a directory."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if f"-dir={directory / 'data'}".encode() in words:
            found.append(int(process.name))
    return found
