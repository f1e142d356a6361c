"""Which engine is meant, and what is said when it does not answer."""

import gc
import hashlib
import json
import os
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import docker
import pytest
from docker.errors import APIError

from foundations_runner import engine as engine_module
from foundations_runner.engine import connect, is_local, refusals
from foundations_runner.errors import EngineRefused, EngineUnreachable

WAYS_OUT = ["start one", "docker_config.host", "DOCKER_HOST", "FOUNDATIONS_ENVIRONMENT=local"]


# docker-py leaves a socket that it could not connect to the garbage collector
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Nothing in the caller's environment or home says which engine is meant."""
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    yield
    gc.collect()


@pytest.fixture
def serve() -> Iterator[Callable[[bytes | None], str]]:
    """Serve one and the same answer to whoever connects; None never answers."""
    listeners: list[socket.socket] = []

    def served(reply: bytes | None) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        threading.Thread(target=answer, args=(listener, reply), daemon=True).start()
        return f"tcp://127.0.0.1:{listener.getsockname()[1]}"

    yield served
    for listener in listeners:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def answer(listener: socket.socket, reply: bytes | None) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            connection.recv(65536)
            if reply is None:
                connection.recv(1)
            else:
                connection.sendall(reply)


def http(status: str, body: str, kind: str = "application/json") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return (head + body).encode()


def test_where_there_is_no_socket_the_error_says_so_and_what_to_do() -> None:
    with pytest.raises(EngineUnreachable) as raised:
        connect("unix:///nonexistent/docker.sock")
    assert raised.value.tried == "unix:///nonexistent/docker.sock"
    for part in ["unix:///nonexistent/docker.sock (docker_config.host): No such file or directory", *WAYS_OUT]:
        assert part in str(raised.value)


def test_where_nobody_listens_the_connection_is_refused(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as abandoned:
        abandoned.bind(str(tmp_path / "docker.sock"))
    for address in (f"unix://{tmp_path}/docker.sock", "tcp://127.0.0.1:1"):
        with pytest.raises(EngineUnreachable, match="Connection refused"):
            connect(address)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (b"garbage\r\n\r\n", "garbage"),
        (b"", "closed connection without response"),
        (http("200 OK", "<html>hello</html>", "text/html"), "is no Docker engine"),
        (http("200 OK", "[]"), "is no Docker engine"),
        (http("200 OK", "{}"), "is no Docker engine"),
        (http("500 Internal Server Error", '{"message": "it broke"}'), "it broke"),
        (http("200 OK", '{"ApiVersion": "1.12"}'), "1.24"),
        (None, "timed out"),
    ],
    ids=["garbage", "nothing", "html", "list", "nameless", "failure", "old", "silence"],
)
def test_what_is_no_engine_is_not_taken_for_one(
    serve: Callable[[bytes | None], str], reply: bytes | None, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "_ANSWER_SECONDS", 0.5)
    address = serve(reply)
    with pytest.raises(EngineUnreachable, match=f"no Docker engine answers at {address} .*{reason}"):
        connect(address)


@pytest.mark.parametrize(
    "address", ["not a url", "foo://bar", "tcp://127.0.0.1", "tcp://127.0.0.1:port", "npipe:////./p"]
)
def test_an_address_that_makes_no_sense_is_named(address: str) -> None:
    with pytest.raises(EngineUnreachable) as raised:
        connect(address)
    assert f"{address} (docker_config.host)" in str(raised.value)


def test_an_engine_over_ssh_names_the_way_around() -> None:
    with pytest.raises(EngineUnreachable, match=r"ssh -nNT -L /tmp/engine.sock:/var/run/docker.sock me@gpu1`"):
        connect("ssh://me@gpu1")


def test_the_config_counts_before_the_environment_and_the_environment_before_the_context(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///from/the/environment")
    monkeypatch.setenv("DOCKER_CONTEXT", write_context(tmp_path, "gpu1", "unix:///from/the/context"))
    with pytest.raises(EngineUnreachable, match=r"/from/the/config \(docker_config.host\)"):
        connect("unix:///from/the/config")
    with pytest.raises(EngineUnreachable, match=r"/from/the/environment \(DOCKER_HOST\)"):
        connect()
    monkeypatch.delenv("DOCKER_HOST")
    with pytest.raises(EngineUnreachable, match=r"/from/the/context \(Docker context 'gpu1'\)"):
        connect()


def test_the_context_that_was_chosen_with_docker_context_use_is_taken(tmp_path: Path) -> None:
    name = write_context(tmp_path, "gpu2", "unix:///from/the/context")
    (tmp_path / "docker" / "config.json").write_text(json.dumps({"currentContext": name}))
    with pytest.raises(EngineUnreachable, match=r"/from/the/context \(Docker context 'gpu2'\)"):
        connect()


def test_a_context_that_does_not_exist_is_not_taken_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_CONTEXT", "gone")
    with pytest.raises(EngineUnreachable, match="there is no Docker context 'gone'"):
        connect()


def write_context(folder: Path, name: str, host: str) -> str:
    meta = folder / "docker" / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest()
    meta.mkdir(parents=True)
    endpoints = {"docker": {"Host": host, "SkipTLSVerify": False}}
    (meta / "meta.json").write_text(json.dumps({"Name": name, "Metadata": {}, "Endpoints": endpoints}))
    (folder / "docker" / "config.json").write_text("{}")
    return name


@pytest.mark.docker
@pytest.mark.usefixtures("engine")
def test_the_usual_socket_is_taken_where_nothing_else_is_said() -> None:
    client = connect()
    assert client.ping()
    assert is_local(client)
    client.close()


@pytest.mark.docker
def test_what_the_engine_refuses_is_said_in_its_own_words(engine: docker.DockerClient) -> None:
    said = "failed looking for nothing: No such container: nothing"
    with pytest.raises(EngineRefused, match=said) as raised, refusals("looking for nothing"):
        engine.api.inspect_container("nothing")
    assert isinstance(raised.value.__cause__, APIError)


class Engine(BaseHTTPRequestHandler):
    """As much of an engine as answers which version it has."""

    def do_GET(self) -> None:
        body = b'{"ApiVersion": "1.41"}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def tls_engine(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """An engine that asks for a client's certificate, and the folder with the certificates."""
    folder = tmp_path / "certificates"
    folder.mkdir()
    make_certificates(folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Engine)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    context.load_verify_locations(folder / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"tcp://127.0.0.1:{server.server_address[1]}", folder
    server.shutdown()
    thread.join()
    server.server_close()


def make_certificates(folder: Path) -> None:
    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=ca")
    (folder / "server.ext").write_text("subjectAltName=IP:127.0.0.1")
    (folder / "client.ext").write_text("extendedKeyUsage=clientAuth")
    for name, out_key, out in (("server", "server.key", "server.pem"), ("client", "key.pem", "cert.pem")):
        openssl("req", *key, "-keyout", out_key, "-out", f"{name}.csr", "-subj", f"/CN={name}")
        signing = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", f"{name}.ext")
        openssl("x509", "-req", "-in", f"{name}.csr", "-out", out, *signing)


def test_an_engine_over_tls_is_checked_with_its_own_authority(
    tls_engine: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, folder = tls_engine
    monkeypatch.setenv("DOCKER_HOST", address)
    monkeypatch.setenv("DOCKER_CERT_PATH", str(folder))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", write_foreign_authority(folder))
    client = connect()
    assert client.api.base_url.startswith("https://")
    assert not is_local(client)
    client.close()


def test_an_engine_with_the_certificate_of_another_authority_is_refused(
    tls_engine: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, folder = tls_engine
    Path(folder / "ca.pem").write_text(Path(write_foreign_authority(folder)).read_text())
    monkeypatch.setenv("DOCKER_CERT_PATH", str(folder))
    with pytest.raises(EngineUnreachable, match=r"(?i)certificate.verify.failed"):
        connect(address)


def write_foreign_authority(folder: Path) -> str:
    foreign = folder / "foreign"
    foreign.mkdir()
    make_certificates(foreign)
    return str(foreign / "ca.pem")


@pytest.mark.parametrize("text", ["", "x = 1", "raise RuntimeError('of the user')", "import docker_is_not_here"])
def test_a_file_of_the_users_called_docker_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "docker.py").write_text(text)
    done = connecting_from(tmp_path)
    assert done.returncode == 1
    assert f"ShadowedModule: import docker found {tmp_path}/docker.py" in done.stderr


def test_a_package_of_the_users_called_docker_is_named(tmp_path: Path) -> None:
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker" / "__init__.py").touch()
    assert f"import docker found {tmp_path}/docker/__init__.py" in connecting_from(tmp_path).stderr


def test_a_folder_called_docker_is_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker" / "Dockerfile").touch()
    assert "no Docker engine answers" in connecting_from(tmp_path).stderr


def connecting_from(folder: Path) -> "subprocess.CompletedProcess[str]":
    driver = folder / "driver.py"
    driver.write_text("from foundations_runner.engine import connect\nconnect('unix:///nonexistent')\n")
    return subprocess.run([sys.executable, driver], capture_output=True, text=True, env=dict(os.environ), check=False)
