"""An image is there when it is needed, and nothing secret is in it."""

import base64
import io
import os
import ssl
import threading
import uuid
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import docker
import pytest

from foundations_images import (
    BaseMissing,
    BuildFailed,
    BuildSettings,
    Image,
    ImageError,
    Requirements,
    build_settings,
    ensure_image,
    find_base,
)

pytestmark = pytest.mark.docker

HUMANIZE = Requirements((("requirements.txt", "humanize==4.9.0\n"),))


@pytest.fixture
def ensure(engine: docker.DockerClient, project: str, python: str, base: str) -> Callable[..., Image]:
    def call(requirements: Requirements = HUMANIZE, **changes: Any) -> Image:
        arguments = {"name": project, "python": python, "configured_base": base, "say": print} | changes
        return ensure_image(arguments.pop("client", engine), requirements=requirements, **arguments)

    return call


def run(engine: docker.DockerClient, image: Image, code: str) -> str:
    output: bytes = engine.containers.run(image.tag, ["python3", "-c", code], remove=True, network_mode="none")
    return output.decode().strip()


def fresh_settings() -> BuildSettings:
    """This machine's settings and one more, so that the installer runs whatever earlier builds left in the cache."""
    settings = build_settings(os.environ)
    return replace(settings, environment=(*settings.environment, ("NONCE", uuid.uuid4().hex)))


def test_what_is_asked_for_is_installed_and_compiled(
    engine: docker.DockerClient, ensure: Callable[..., Image], tags: Callable[[], list[str]]
) -> None:
    image = ensure()
    assert image.built
    assert tags() == [image.tag]
    code = "import humanize, os; print(humanize.__version__, os.path.exists(humanize.__cached__))"
    assert run(engine, image, code) == "4.9.0 True"


def test_the_installer_and_its_settings_are_gone(engine: docker.DockerClient, ensure: Callable[..., Image]) -> None:
    code = "import glob, shutil; print(shutil.which('uv'), glob.glob('/run/foundations/*/*') + glob.glob('/tmp/*'))"
    assert run(engine, ensure(), code) == "None []"


def test_the_second_time_costs_inspections_only(engine: docker.DockerClient, ensure: Callable[..., Image]) -> None:
    first = ensure(Requirements())
    asked: list[str] = []
    engine.api.hooks["response"].append(lambda response, **_: asked.append(response.request.path_url))
    try:
        second = ensure(Requirements())
    finally:
        engine.api.hooks["response"].clear()
    assert (first.built, second.built, first.id) == (True, False, second.id)
    assert len(asked) == 2
    assert all(path.endswith("/json") for path in asked)


def test_a_tag_on_somebody_elses_image_is_not_trusted(
    engine: docker.DockerClient, ensure: Callable[..., Image], base: str
) -> None:
    first = ensure(Requirements())
    engine.images.remove(first.tag)
    engine.images.get(base).tag(first.tag)
    second = ensure(Requirements())
    assert second.built
    assert engine.images.get(second.tag).labels["foundations.env"] == "1"


def test_an_unknown_package_is_blamed_and_leaves_nothing(
    ensure: Callable[..., Image], tags: Callable[[], list[str]]
) -> None:
    text = "# ours\nhumanize==4.9.0\nno-such-package-of-foundations>=1\n"
    with pytest.raises(BuildFailed) as caught:
        ensure(Requirements((("requirements.txt", text),)))
    assert caught.value.requirement == "no-such-package-of-foundations>=1"
    assert "requirements.txt, line 3" in str(caught.value)
    assert "was not found in the package registry" in caught.value.tail
    assert tags() == []


def test_output_is_told_while_it_comes(ensure: Callable[..., Image]) -> None:
    said: list[str] = []
    image = ensure(say=said.append, settings=fresh_settings())
    assert said[0] == f"building {image.tag} on {image.base.name}"
    assert any("+ humanize==4.9.0" in line for line in said)


def test_two_drivers_that_want_one_image_both_get_it(
    ensure: Callable[..., Image], tags: Callable[[], list[str]]
) -> None:
    settings = fresh_settings()
    ready = threading.Barrier(2)

    def drive() -> Image:
        client = docker.from_env()
        try:
            ready.wait()
            return ensure(client=client, settings=settings)
        finally:
            client.close()

    with ThreadPoolExecutor() as pool:
        first, second = [future.result() for future in [pool.submit(drive), pool.submit(drive)]]
    assert (first.tag, first.id) == (second.tag, second.id)
    assert tags() == [first.tag]


def test_no_base_image_says_the_ways_out(engine: docker.DockerClient) -> None:
    with pytest.raises(BaseMissing, match=r"lacks python:3\.99-slim and foundations/base:3\.99.*base_image\.sh"):
        find_base(engine, "3.99", None, pull=False, say=print)
    with pytest.raises(LookupError, match="lacks example/none:1"):
        find_base(engine, "3.99", "example/none:1", pull=False, say=print)


def test_a_base_of_another_platform_is_refused(ensure: Callable[..., Image], foreign_base: str) -> None:
    with pytest.raises(ImageError, match=r"is an image for linux/s390x, and the engine runs linux/"):
        ensure(configured_base=foreign_base)


@pytest.fixture
def private_index() -> Iterator[tuple[str, str]]:
    """An index on this machine that asks for a password: its URL with the password, and the password."""
    secret = f"hush-{uuid.uuid4().hex}"
    wheel = "foundations_private-1.0-py3-none-any.whl"
    pages = {
        "/index/foundations-private/": f'<a href="/{wheel}">{wheel}</a>'.encode(),
        f"/{wheel}": _wheel("foundations_private"),
    }
    expected = "Basic " + base64.b64encode(f"me:{secret}".encode()).decode()

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            allowed = self.headers["Authorization"] == expected
            body = pages.get(self.path) if allowed else b""
            self.send_response(401 if not allowed else 404 if body is None else 200)
            if not allowed:
                self.send_header("WWW-Authenticate", "Basic")
            self.send_header("Content-Type", "text/html" if self.path.endswith("/") else "application/zip")
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body or b"")

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://me:{secret}@127.0.0.1:{server.server_port}/index", secret
        server.shutdown()
        thread.join()


def test_secrets_reach_the_build_and_not_the_image(
    engine: docker.DockerClient, ensure: Callable[..., Image], private_index: tuple[str, str], tmp_path: Path
) -> None:
    url, secret = private_index
    planted = f"planted-{uuid.uuid4().hex}"
    ca = tmp_path / "ca.pem"
    known = os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile
    assert known is not None
    ca.write_text(f"# {planted}\n" + Path(known).read_text(encoding="utf-8"), encoding="utf-8")
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine 127.0.0.1 login other password {planted}\n")
    environ = dict(os.environ) | {"PIP_EXTRA_INDEX_URL": url, "PIP_CERT": str(ca), "NETRC": str(netrc)}
    said: list[str] = []
    requirements = Requirements((("requirements.txt", "foundations-private==1.0\nhumanize==4.9.0\n"),))
    image = ensure(requirements, settings=build_settings(environ), say=said.append)
    assert run(engine, image, "import foundations_private as p; print(p.__name__)") == "foundations_private"
    kept = repr(engine.images.get(image.tag).history()) + repr(engine.images.get(image.tag).attrs) + "".join(said)
    for text in (secret, planted):
        assert text not in kept
        assert not _saved_image_has(engine, image, text.encode())
    assert _saved_image_has(engine, image, b"foundations_private")


def _saved_image_has(engine: docker.DockerClient, image: Image, text: bytes) -> bool:
    end = b""
    for chunk in engine.images.get(image.tag).save():
        if text in end + chunk:
            return True
        end = chunk[-len(text) :]
    return False


def _wheel(name: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(f"{name}.py", "")
        info = f"{name}-1.0.dist-info"
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return buffer.getvalue()
