"""What tests in every room share: no AWS settings of whoever runs them, the two S3 servers, the Docker engine."""

import gc
import os
import signal
import subprocess
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import docker
import pytest

from foundations_archive import S3Settings
from foundations_images import BaseMissing, find_base
from foundations_runner.engine import connect
from foundations_runner.errors import EngineUnreachable

REPOSITORY = Path(__file__).parents[1]
BASE_IMAGE = REPOSITORY / "scripts" / "base_image.sh"
S3_SERVER = REPOSITORY / "scripts" / "s3_server.sh"


# a shell that runs the tests in its background has told them to ignore these, and they would tell their children
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(autouse=True)
def aws_isolation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing in the caller's environment or home says where S3 is, or who asks."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, ",".join(filter(None, (os.environ.get(name), "127.0.0.1", "localhost"))))


@pytest.fixture(scope="session")
def moto_settings() -> Iterator[S3Settings]:
    """A moto server: quick, forgets all at the end, and checks no credentials."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield S3Settings(f"http://{host}:{port}", "us-east-1", "unchecked", "unchecked")
    server.stop()


@pytest.fixture(scope="session")
def s3_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Settings]:
    """A real S3 server, with authentication, that containers reach too; tests that use it are marked s3."""
    directory = str(tmp_path_factory.mktemp("s3"))
    started = s3_server("start", directory)
    if started.returncode != 0:
        cannot(f"no real S3 server: {started.stderr.strip()}")
    says = dict(line.removeprefix("export ").split("=", 1) for line in started.stdout.splitlines())
    try:
        yield S3Settings(
            says["AWS_ENDPOINT_URL"],
            says["AWS_DEFAULT_REGION"],
            says["AWS_ACCESS_KEY_ID"],
            says["AWS_SECRET_ACCESS_KEY"],
        )
    finally:
        s3_server("stop", directory).check_returncode()


@pytest.fixture(scope="session")
def engine() -> Iterator[docker.DockerClient]:
    """A client of the Docker engine; tests that use it are marked docker."""
    client, reason = None, ""
    with warnings.catch_warnings():
        # docker-py leaves the socket open whose connection is refused
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            client = connect()
        except EngineUnreachable as error:
            reason = str(error)
        gc.collect()
    if client is None:
        cannot(reason)
    yield client
    client.close()


@pytest.fixture(scope="session")
def base_image(engine: docker.DockerClient) -> str:
    """The name of a base image for the Python that runs the tests, made where the engine has none."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    try:
        return find_base(engine, python, None, pull=False, say=print).name
    except BaseMissing:
        done = subprocess.run([BASE_IMAGE, "--python", python], stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            cannot(f"no base image for Python {python} can be had here")
        return done.stdout.split()[-1]


def s3_server(command: str, directory: str, *options: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHON": sys.executable}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    return subprocess.run(
        [S3_SERVER, command, "--dir", directory, *options], env=environment, capture_output=True, text=True, check=False
    )


def cannot(reason: str) -> NoReturn:
    """Skip, but fail where everything has to be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say once why tests were skipped, however many they are."""
    reports = terminalreporter.stats.get("skipped", ())
    reasons = Counter(report.longrepr[2] for report in reports if isinstance(report.longrepr, tuple))
    for reason, count in reasons.items():
        terminalreporter.write_line(f"{count} skipped: {reason.removeprefix('Skipped: ')}")
