import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import docker
import pytest

from foundations_archive import S3Settings, S3Store
from foundations_archive.archive import Archive, open_archive
from tests.foundations.cli.conftest import Shell

Listen = Callable[[Callable[[socket.socket], None]], str]

DOCKER = "job_deployment_env: docker\n"
LOCAL = "job_deployment_env: local\n"


def on(host: str) -> str:
    return f"{DOCKER}docker_config: {{host: '{host}'}}\n"


def at(place: str) -> str:
    return f"{LOCAL}results_config: {{archive_end_point: '{place}'}}\n"


def told(shell: Shell, *options: str, status: int = 0, **variables: str) -> dict[str, Any]:
    ended = shell.foundations("info", "--json", *options, **variables)
    assert (ended.returncode, ended.stderr) == (status, "")
    answer: dict[str, Any] = json.loads(ended.stdout)
    return answer


def environments(answer: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {environment["name"]: environment for environment in answer["environments"]}


@pytest.fixture
def listen() -> Iterator[Listen]:
    """Start a server on this machine that does as it is told with each connection; returns its address."""
    with ExitStack() as stack:

        def started(serve: Callable[[socket.socket], None]) -> str:
            server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

            def accept() -> None:
                while True:
                    try:
                        connection, _ = server.accept()
                    except OSError:
                        return
                    stack.enter_context(connection)
                    threading.Thread(target=serve, args=(connection,), daemon=True).start()

            threading.Thread(target=accept, daemon=True).start()
            stack.callback(server.shutdown, socket.SHUT_RDWR)
            return f"127.0.0.1:{server.getsockname()[1]}"

        yield started


def say_nothing(_: socket.socket) -> None:
    pass


def test_without_any_file_there_is_local_and_nothing_is_written(shell: Shell) -> None:
    before = list(shell.folder.parent.rglob("*"))
    answer = told(shell)
    assert answer["selected"] == {"name": "local", "by": "default"}
    assert answer["project"] == str(shell.folder)
    [local] = answer["environments"]
    place = str(shell.home / "archive")
    assert local.pop("archive").items() >= {"place": place, "answers": True}.items()
    assert local == {
        "name": "local",
        "kind": "local",
        "source": None,
        "hides": [],
        "selected": True,
        "answers": True,
        "fault": None,
        "engine": None,
        "cache": None,
    }
    assert list(shell.folder.parent.rglob("*")) == before


def test_the_text_says_the_same(shell: Shell) -> None:
    hidden = shell.home / "config" / "far.config.yaml"
    shell.write(str(hidden), LOCAL)
    shell.write("config/far.config.yaml", at("kept"))
    shell.write("config/wrong.config.yaml", "job_deployment_env: docker\ndocker_config:\n  gpus: two\n")
    open_archive(str(shell.folder / "kept")).check()
    ended = shell.foundations("info")
    lines = [line.partition(", answered in")[0] for line in ended.stdout.splitlines()[1:]]
    assert lines == [
        f"project      {shell.folder}",
        "selected     local (default), where a driver sets none itself",
        "",
        "  far  local, config/far.config.yaml",
        f"    hides    {hidden}",
        f"    archive  ok: {shell.folder / 'kept'}, ready",
        "",
        "* local  local, built in",
        f"    archive  ok: {shell.home / 'archive'}, not there yet: the first job makes it",
        "",
        "  wrong  broken, config/wrong.config.yaml",
        (
            "    error  config/wrong.config.yaml, line 3: docker_config.gpus must be a whole number, or -1 for all, "
            "not the text 'two'"
        ),
    ]


def test_a_folder_below_the_projects_sees_the_projects_environments(shell: Shell) -> None:
    shell.write("config/far.config.yaml", LOCAL)
    below = shell.write("deep/er/x", "").parent
    ended = shell.foundations("info", "--json", cwd=below)
    assert json.loads(ended.stdout)["project"] == str(shell.folder)
    assert set(environments(json.loads(ended.stdout))) == {"far", "local"}


@pytest.mark.parametrize(
    ("options", "variables", "selected", "by"),
    [
        ((), {}, "local", "default"),
        ((), {"FOUNDATIONS_ENVIRONMENT": ""}, "local", "default"),
        ((), {"FOUNDATIONS_ENVIRONMENT": "far"}, "far", "FOUNDATIONS_ENVIRONMENT"),
        (("--env", "near"), {"FOUNDATIONS_ENVIRONMENT": "far"}, "near", "--env"),
    ],
)
def test_it_says_which_environment_is_selected_and_why(
    shell: Shell, options: tuple[str, ...], variables: dict[str, str], selected: str, by: str
) -> None:
    for name in ("far", "near"):
        shell.write(f"config/{name}.config.yaml", LOCAL)
    answer = told(shell, *options, **variables)
    assert answer["selected"] == {"name": selected, "by": by}
    assert [one["name"] for one in answer["environments"] if one["selected"]] == [selected]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "fra",
            "there is no environment 'fra'; did you mean 'far'? known ones: far, local; looked for fra.config.yaml in ",
        ),
        ("../x", "'../x' can't be an environment's name; use letters, digits"),
        ("", "'' can't be an environment's name; use letters, digits"),
    ],
)
def test_a_selected_environment_that_is_not_there_is_told_in_its_place(shell: Shell, name: str, said: str) -> None:
    shell.write("config/far.config.yaml", LOCAL)
    found = environments(told(shell, "--env", name, status=1))
    assert found[name]["fault"]["message"].startswith(said)
    assert (found[name]["selected"], found[name]["answers"], found[name]["kind"]) == (True, False, None)
    assert found["far"]["answers"]


def test_a_broken_file_is_told_in_its_place_with_line_and_key(shell: Shell) -> None:
    broken = shell.write("config/broken.config.yaml", "job_deployment_env: docker\ndocker_config:\n  memroy: 8g\n")
    shell.write("config/empty.config.yaml", "")
    shell.write("config/odd name.config.yaml", LOCAL)
    shell.write("config/binary.config.yaml", "").write_bytes(b"\xff\xfe\x00")
    found = environments(told(shell))
    assert found["broken"]["fault"] == {
        "message": "config/broken.config.yaml, line 3: unknown key 'memroy' in docker_config; did you mean 'memory'? "
        "valid keys: host, base_image, network, memory, cpus, gpus",
        "file": str(broken),
        "line": 3,
        "key": "docker_config.memroy",
    }
    assert "the file is empty" in found["empty"]["fault"]["message"]
    assert "'odd name' can't be an environment's name" in found["odd name"]["fault"]["message"]
    assert "this is not UTF-8" in found["binary"]["fault"]["message"]
    assert all("\n" not in found[name]["fault"]["message"] for name in found if found[name]["fault"])
    assert found["local"]["answers"]
    told(shell, "--env", "broken", status=1)


def test_an_override_of_every_archive_is_told_and_a_wrong_one_too(shell: Shell, tmp_path: Path) -> None:
    shell.write("config/far.config.yaml", at("kept"))
    answer = told(shell, FOUNDATIONS_ARCHIVE=str(tmp_path / "over"))
    assert answer["archive_override"] == str(tmp_path / "over")
    assert {one["archive"]["place"] for one in answer["environments"]} == {str(tmp_path / "over")}
    wrong = told(shell, status=1, FOUNDATIONS_ARCHIVE="ftp://x")
    assert all("FOUNDATIONS_ARCHIVE" in one["fault"]["message"] for one in wrong["environments"])


def test_an_archive_that_could_not_be_written_or_read_is_told(shell: Shell) -> None:
    shell.write("file", "")
    shell.write("newer/foundations.json", '{"format": 9, "min_reader": 9}')
    shell.write("damaged/foundations.json", "{")
    for name in ("file", "newer", "damaged"):
        shell.write(f"config/{name}.config.yaml", at(name))
    found = environments(told(shell))
    said = {name: found[name]["archive"]["says"] for name in ("file", "newer", "damaged")}
    assert "can't be a directory" in said["file"]
    assert "upgrade foundations" in said["newer"]
    assert "can't be read" in said["damaged"]
    assert not any(found[name]["answers"] for name in said)


def test_an_archive_on_s3_answers_is_missing_or_is_unreachable(shell: Shell, moto_settings: S3Settings) -> None:
    import boto3

    secret = {"access_key_id": "unchecked", "secret_access_key": "unchecked", "region": "us-east-1"}
    client = boto3.client(
        "s3", endpoint_url=moto_settings.endpoint_url, aws_access_key_id="x", aws_secret_access_key="x"
    )
    for bucket in ("info-used", "info-new"):
        client.create_bucket(Bucket=bucket)
    Archive(S3Store("info-used", "", moto_settings)).check()
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]
    for name, endpoint in [
        ("used", moto_settings.endpoint_url),
        ("new", moto_settings.endpoint_url),
        ("missing", moto_settings.endpoint_url),
        ("down", f"http://me:word@127.0.0.1:{free}"),
    ]:
        s3 = json.dumps({**secret, "endpoint_url": endpoint})
        config = f"{LOCAL}results_config: {{archive_end_point: 's3://info-{name}', s3: {s3}}}\n"
        shell.write(f"config/{name}.config.yaml", config)
    found = environments(told(shell, "--timeout", "60", no_proxy="127.0.0.1"))
    says = {name: found[name]["archive"]["says"] for name in ("used", "new", "missing", "down")}
    assert says["used"] == "ready"
    assert says["new"] == "not there yet: the first job makes it"
    assert says["missing"].startswith("there is no bucket for s3://info-missing")
    assert "can't be reached" in says["down"]
    assert "word" not in says["down"]
    assert "Contents" not in client.list_objects_v2(Bucket="info-new")
    assert [found[name]["answers"] for name in says] == [True, True, False, False]


def test_a_cache_of_its_own_is_asked_too(shell: Shell) -> None:
    shell.write("file", "")
    shell.write("config/far.config.yaml", f"{LOCAL}cache_config: {{end_point: file}}\n")
    far = environments(told(shell, "--env", "far", status=1))["far"]
    assert (far["archive"]["answers"], far["cache"]["answers"]) == (True, False)
    assert far["cache"]["place"] == str(shell.folder / "file")


def test_a_signing_key_that_no_job_could_use_is_told(shell: Shell, tmp_path: Path) -> None:
    shell.write("config/signed.config.yaml", f"{LOCAL}archive: {{signing_key_file: signing.key}}\n")
    said = environments(told(shell, "--env", "signed", status=1))["signed"]["archive"]
    assert "signing.key can't be read" in said["says"]
    assert not said["answers"]
    key = tmp_path / "mine"
    key.write_text("k" * 32)
    key.chmod(0o600)
    archives = environments(told(shell, FOUNDATIONS_SIGNING_KEY_FILE=str(key)))
    assert archives["signed"]["archive"]["answers"]


def test_a_host_that_never_answers_is_left_behind(shell: Shell, listen: Listen) -> None:
    host = f"tcp://{listen(say_nothing)}"
    shell.write("config/dead.config.yaml", on(host))
    found = environments(told(shell, "--timeout", "2", "--env", "dead", status=1))
    assert found["dead"]["engine"] == {
        "place": host,
        "says": f"no answer from {host} within 2 s; is it up, and the network too? --timeout waits longer",
        "seconds": 2,
        "answers": False,
    }
    assert found["local"]["answers"]


def test_all_are_asked_at_once(shell: Shell, listen: Listen) -> None:
    together = threading.Barrier(5)
    met: list[int] = []

    def hang_up_when_all_are_here(connection: socket.socket) -> None:
        met.append(together.wait(100))
        connection.shutdown(socket.SHUT_RDWR)

    for number in range(together.parties):
        address = listen(hang_up_when_all_are_here)
        shell.write(f"config/host{number}.config.yaml", on(f"tcp://{address}"))
    found = environments(told(shell, "--timeout", "100"))
    said = [found[f"host{number}"]["engine"]["says"] for number in range(together.parties)]
    assert sorted(met)[:5] == [0, 1, 2, 3, 4]
    assert [says.partition(" answers at ")[0] for says in said] == ["no Docker engine"] * together.parties


def test_environments_that_share_an_engine_ask_it_once(shell: Shell, listen: Listen) -> None:
    connections = []

    def hang_up(connection: socket.socket) -> None:
        connections.append(connection)
        connection.shutdown(socket.SHUT_RDWR)

    host = f"tcp://{listen(hang_up)}"
    for number in range(5):
        shell.write(f"config/host{number}.config.yaml", on(host))
    found = environments(told(shell))
    assert len({found[f"host{number}"]["engine"]["says"] for number in range(5)}) == 1
    assert len(connections) == 1


def test_an_engine_that_is_not_there_says_what_to_do_in_one_line(shell: Shell, tmp_path: Path) -> None:
    shell.write("config/docker.config.yaml", DOCKER)
    host = f"unix://{tmp_path}/none.sock"
    docker_environment = environments(told(shell, "--env", "docker", status=1, DOCKER_HOST=host))["docker"]
    assert docker_environment["engine"]["place"] == host
    assert docker_environment["engine"]["says"].startswith(f"no Docker engine answers at {host} (DOCKER_HOST): ")
    assert "FOUNDATIONS_ENVIRONMENT=local" in docker_environment["engine"]["says"]


@pytest.mark.docker
def test_an_engine_tells_its_version(shell: Shell, engine: docker.DockerClient) -> None:
    shell.write("config/docker.config.yaml", DOCKER)
    found = environments(told(shell, "--env", "docker", "--timeout", "60"))["docker"]
    assert found["engine"]["says"] == f"Docker {engine.version()['Version']}"
    assert 0 < found["engine"]["seconds"] < 60


@pytest.mark.docker
def test_a_remote_engine_that_cannot_see_the_archive_is_told(
    shell: Shell, engine: docker.DockerClient, listen: Listen
) -> None:
    del engine
    path = os.environ.get("DOCKER_HOST", "").removeprefix("unix://") or "/var/run/docker.sock"

    def forward(connection: socket.socket) -> None:
        with socket.socket(socket.AF_UNIX) as real:
            real.connect(path)
            answers = threading.Thread(target=copy, args=(real, connection))
            answers.start()
            copy(connection, real)
            answers.join()

    shell.write("config/far.config.yaml", on(f"tcp://{listen(forward)}"))
    far = environments(told(shell, "--env", "far", "--timeout", "60", status=1, NO_PROXY="127.0.0.1"))["far"]
    assert "is on another machine and can't see the archive in" in far["engine"]["says"]
    assert far["archive"]["answers"]


def copy(source: socket.socket, target: socket.socket) -> None:
    """Copy what comes until nothing more does."""
    while data := source.recv(65536):
        target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def test_a_file_in_the_way_of_the_docker_library_is_named(shell: Shell) -> None:
    shell.write("config/docker.config.yaml", DOCKER)
    shadow = shell.write("docker.py", "raise ImportError('not the library')\n")
    found = environments(told(shell, "--env", "docker", status=1))["docker"]
    assert str(shadow) in found["engine"]["says"]


def test_a_file_name_cannot_command_the_terminal(shell: Shell) -> None:
    shell.write("config/a\x1b[31m\nb.config.yaml", LOCAL)
    ended = shell.foundations("info")
    assert "\x1b" not in ended.stdout
    assert "\n  a\\x1b[31m\\nb  broken, config/a\\x1b[31m\\nb.config.yaml\n" in ended.stdout


def test_a_home_that_can_be_none_is_one_line(shell: Shell) -> None:
    ended = shell.foundations("info", FOUNDATIONS_HOME="~no-such-user/x")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("foundations: no home directory is known")
    assert ended.stderr.count("\n") == 1
