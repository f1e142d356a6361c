"""The runtime on a Docker host: a read-only volume, filled once.

A volume can't be filled and published in one step, so each driver that finds none fills one of its own, and then
creates the *pointer*: a second volume whose label names the first. Creating a volume of a taken name returns the one
that is there, so exactly one pointer wins and nobody ever mounts a volume that is being written.
"""

import io
import secrets
import tarfile
from typing import TYPE_CHECKING

from foundations_runner.engine import refusals
from foundations_runner.interrupts import interrupts_held
from foundations_runner.runtime import Runtime

if TYPE_CHECKING:
    from docker import DockerClient

RUNTIME_LABEL = "foundations.runtime"
_TARGET_LABEL = "foundations.runtime.volume"
_MOUNT = "/runtime"


def ensure_volume(client: "DockerClient", runtime: Runtime, *, image: str) -> str:
    """Return the name of the host's volume with this runtime, filling one (through `image`) if it has none."""
    pointer = f"foundations-runtime-{runtime.digest}"
    with refusals("looking for the runtime volume"):
        found = _filled(client, pointer, runtime)
    if found:
        return found
    with refusals("filling the runtime volume"), interrupts_held():
        name = f"{pointer}-{secrets.token_hex(4)}"
        labels = {RUNTIME_LABEL: runtime.digest}
        client.api.create_volume(name, labels=labels)
        try:
            _fill(client, name, runtime, image)
            client.api.create_volume(pointer, labels={**labels, _TARGET_LABEL: name})
            winner = _labels(client, pointer)[_TARGET_LABEL]
        except BaseException:
            client.api.remove_volume(name)
            raise
        if winner != name:
            client.api.remove_volume(name)
        return winner


def _filled(client: "DockerClient", pointer: str, runtime: Runtime) -> str | None:
    """Return the volume that the pointer names; a pointer is removed whose volume somebody has removed."""
    name = _labels(client, pointer).get(_TARGET_LABEL)
    if name is None:
        return None
    # one without our label is what the engine makes, empty, when a container asks for a volume that is not there
    if _labels(client, name).get(RUNTIME_LABEL) == runtime.digest:
        return name
    client.api.remove_volume(pointer)
    return None


def _labels(client: "DockerClient", name: str) -> dict[str, str]:
    from docker.errors import NotFound

    try:
        return client.api.inspect_volume(name)["Labels"] or {}
    except NotFound:
        return {}


def _fill(client: "DockerClient", name: str, runtime: Runtime, image: str) -> None:
    mount = client.api.create_host_config(binds=[f"{name}:{_MOUNT}"], network_mode="none")
    container = client.api.create_container(
        image, command=["true"], host_config=mount, labels={RUNTIME_LABEL: runtime.digest}
    )["Id"]
    try:
        client.api.put_archive(container, _MOUNT, _packed(runtime))
    finally:
        client.api.remove_container(container, force=True)


def _packed(runtime: Runtime) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        tar.add(runtime.path, arcname=".", filter=_readable)
    return buffer.getvalue()


def _readable(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o755 if member.isdir() else 0o644
    return member
