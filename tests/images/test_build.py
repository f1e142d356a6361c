"""Builds: refusals of an engine, and the images that a real one makes."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import docker
import pytest

from foundations_images import BuildFailed, BuildSettings, ImageError, ImageSpec, Requirements, build, find_base

SPEC = ImageSpec("project", "python:3.11-slim", "sha256:1234", "3.11", "linux/amd64", Requirements())


@contextmanager
def engine_that_answers(body: bytes, status: int = 200, announce: int | None = None) -> Iterator[docker.DockerClient]:
    """An engine that gives one answer to everything, and may announce more bytes than it sends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Length", str(announce or len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        client = docker.DockerClient(f"tcp://127.0.0.1:{server.server_port}", version="1.41")
        client.api.trust_env = False
        try:
            yield client
        finally:
            client.close()
            server.shutdown()
            thread.join()


def test_an_engine_without_buildkit_is_named() -> None:
    with (
        engine_that_answers(b'{"message":"buildkit is off"}', 400) as client,
        pytest.raises(ImageError, match=r"refused to build .* with BuildKit .*buildkit is off"),
    ):
        build(client, SPEC, BuildSettings(), print)


def test_an_end_without_an_image_is_an_error() -> None:
    with (
        engine_that_answers(b'{"stream":"hello\\n"}\n') as client,
        pytest.raises(BuildFailed, match="neither image nor error"),
    ):
        build(client, SPEC, BuildSettings(), print)


def test_a_connection_that_breaks_is_an_error() -> None:
    with (
        engine_that_answers(b'{"stream":"hello\\n"}\n', announce=1000) as client,
        pytest.raises(ImageError, match="broke off the build"),
    ):
        build(client, SPEC, BuildSettings(), print)


def test_an_answer_that_is_no_json_is_an_error() -> None:
    with engine_that_answers(b"<html>a proxy</html>") as client, pytest.raises(ImageError, match="not JSON"):
        build(client, SPEC, BuildSettings(), print)


def test_passwords_stay_out_of_what_is_said_and_raised() -> None:
    answers = [{"stream": "GET https://u:hush-hush@example.org/index\n"}, {"error": "401 for hush-hush"}]
    said: list[str] = []
    settings = BuildSettings((("PIP_INDEX_URL", "https://u:hush-hush@example.org/index"),))
    with (
        engine_that_answers("\n".join(map(json.dumps, answers)).encode()) as client,
        pytest.raises(BuildFailed) as caught,
    ):
        build(client, SPEC, settings, said.append)
    assert said == ["GET https://***@example.org/index"]
    assert "hush-hush" not in str(caught.value) + caught.value.tail


@pytest.fixture
def spec(engine: docker.DockerClient, base: str, python: str, project: str) -> Callable[..., ImageSpec]:
    """Call it with the text of requirements.txt for a spec on the base image."""
    found = find_base(engine, python, base, pull=False, say=print)

    def make(text: str = "", **changes: str) -> ImageSpec:
        requirements = Requirements((("requirements.txt", text),) if text else ())
        facts = {"base": base, "base_id": found.id, "python": python, "platform": found.platform} | changes
        return ImageSpec(name=project, requirements=requirements, **facts)

    return make


@pytest.mark.docker
def test_an_image_has_our_labels_and_what_the_base_has(
    engine: docker.DockerClient, base: str, spec: Callable[..., ImageSpec]
) -> None:
    wanted = spec()
    image = engine.images.get(build(engine, wanted, BuildSettings(), print))
    assert image.labels["foundations.spec"] == wanted.digest
    assert image.labels["foundations.env"] == "1"
    below = engine.images.get(base).attrs
    assert image.attrs["Config"]["Env"] == below["Config"]["Env"]


@pytest.mark.docker
def test_another_python_in_the_base_is_named(
    engine: docker.DockerClient, base: str, python: str, spec: Callable[..., ImageSpec], tags: Callable[[], list[str]]
) -> None:
    with pytest.raises(BuildFailed, match=rf"{base}: its python3 is {python}, and 3\.99 is wanted"):
        build(engine, spec(python="3.99"), BuildSettings(), print)
    assert tags() == []


@pytest.mark.docker
def test_a_base_that_was_swapped_is_noticed(
    engine: docker.DockerClient, foreign_base: str, spec: Callable[..., ImageSpec], tags: Callable[[], list[str]]
) -> None:
    seen_before = str(engine.images.get(foreign_base).id)
    with pytest.raises(ImageError, match="became another image"):
        build(engine, spec(base_id=seen_before), BuildSettings(), print)
    assert tags() == []
