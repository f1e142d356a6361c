"""The host of an environment: this machine, or a Docker engine with the image for the project."""

import re
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from foundations.board import seconds_text
from foundations.progress import Listener
from foundations.settings import Environment, home
from foundations_images import Image, Requirements, ensure_image
from foundations_runner.host import Host
from foundations_runner.process_host import ProcessHost
from foundations_runner.runtime import Runtime, ensure_runtime

if TYPE_CHECKING:
    from docker import DockerClient


def host_of(environment: Environment, *, root: Path, requirements: Requirements, progress: Listener) -> Host:
    """Return the host that an environment names; raise where it does not answer or can't use the archive."""
    if environment.kind == "local":
        return ProcessHost(_runtime())
    from foundations_runner.container import Limits
    from foundations_runner.docker_host import DockerHost
    from foundations_runner.engine import connect

    docker = environment.docker
    client = connect(docker.host)
    image_of = partial(_image, environment=environment, root=root, requirements=requirements, progress=progress)
    limits = Limits(memory=docker.memory, cpus=docker.cpus, gpus=docker.gpus, network=docker.network)
    host = DockerHost(client, _runtime(), image_of=image_of, limits=limits)
    for place in (environment.archive, environment.cache):
        if place:
            host.refuse_unshared(place)
    return host


def _runtime() -> Runtime:
    return ensure_runtime(home(), worker=("foundations",), libraries=("cloudpickle",))


def _image(
    client: "DockerClient", *, environment: Environment, root: Path, requirements: Requirements, progress: Listener
) -> Image:
    image = ensure_image(
        client,
        name=_name(root),
        python=f"{sys.version_info.major}.{sys.version_info.minor}",
        configured_base=environment.docker.base_image,
        requirements=requirements,
        say=progress.building,
    )
    progress.say(f"image {image.tag} {'built' if image.built else 'present'} in {seconds_text(image.seconds)}")
    return image


def _name(root: Path) -> str:
    return re.sub(r"[^a-z0-9]+", "-", root.name.lower()).strip("-") or "project"
