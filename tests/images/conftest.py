"""A Docker engine, a base image on it, and the clean-up of what tests build."""

import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest
from docker.errors import DockerException

from foundations_images import BaseMissing, find_base

SCRIPT = Path(__file__).parents[2] / "scripts" / "base_image.sh"


@pytest.fixture(scope="session")
def engine() -> Iterator[docker.DockerClient]:
    """A client of the engine; without one the test is skipped, but where CI is true it fails."""
    try:
        client = docker.from_env()
        client.ping()
    except DockerException as error:
        reason = f"no Docker engine answers ({error}); run scripts/engine.sh start"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    yield client
    client.close()


@pytest.fixture(scope="session")
def python() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture(scope="session")
def base(engine: docker.DockerClient, python: str) -> str:
    """The name of a base image for the Python that runs the tests."""
    try:
        return find_base(engine, python, None, pull=False, say=print).name
    except BaseMissing:
        done = subprocess.run([SCRIPT, "--python", python], stdout=subprocess.PIPE, text=True, check=True)
        return done.stdout.split()[-1]


@pytest.fixture
def project(engine: docker.DockerClient) -> Iterator[str]:
    """A project's name that no other test uses; its images are removed afterwards."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    yield name
    for tag in tags_of(engine, name):
        engine.images.remove(tag)


def tags_of(engine: docker.DockerClient, project: str) -> list[str]:
    images = engine.images.list(filters={"reference": f"foundations/env:{project}-*"})
    return [tag for image in images for tag in image.tags if project in tag]


@pytest.fixture
def foreign_base(engine: docker.DockerClient) -> Iterator[str]:
    """The name of an image with one empty layer, for a platform that nobody has."""
    name = f"foundations/test-foreign:{uuid.uuid4().hex[:12]}"
    layer = _archive({})
    config = {
        "os": "linux",
        "architecture": "s390x",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
    }
    manifest = [{"Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"]}]
    files = {"config.json": json.dumps(config).encode(), "layer.tar": layer}
    engine.images.load(_archive(files | {"manifest.json": json.dumps(manifest).encode()}))
    yield name
    engine.images.remove(name)


def _archive(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


@pytest.fixture
def tags(engine: docker.DockerClient, project: str) -> Callable[[], list[str]]:
    """Call it for the tags that the project has on the engine now."""
    return lambda: tags_of(engine, project)
