"""What the tests of this room share: the base image under a shorter name, and the clean-up of what they build."""

import hashlib
import io
import json
import sys
import tarfile
import uuid
from collections.abc import Callable, Iterator

import docker
import pytest


@pytest.fixture(scope="session")
def python() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture(scope="session")
def base(base_image: str) -> str:
    """The name of a base image for the Python that runs the tests."""
    return base_image


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
