"""GPUs of a Docker engine: how a container asks for them, and whether there are any, before anything is built."""

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from foundations_runner.engine import refusals
from foundations_runner.errors import EngineRefused

if TYPE_CHECKING:
    from docker import DockerClient

_NO_PROGRAM = "/foundations-has-no-such-program"


def refuse_missing_gpus(client: "DockerClient", count: int) -> None:
    """Raise `EngineRefused` where GPUs are asked for and the engine can't give containers any."""
    if not count:
        return
    with refusals("looking for GPUs"):
        info = client.info()
        devices = [str(device.get("ID")) for device in info.get("DiscoveredDevices") or ()]
        known = "nvidia" in (info.get("Runtimes") or {}) or any(name.startswith("nvidia.com/gpu") for name in devices)
        if known or not _has_no_driver(client):
            return
    raise EngineRefused(
        f"the job asks for GPUs (num_gpus in set_job_resources, or docker_config.gpus) and the Docker engine at "
        f"{client.api.base_url} has none for containers; install the NVIDIA container toolkit there, or ask for 0"
    )


def gpu_requests(count: int) -> list[Any] | None:
    """Return what asks the engine for so many GPUs of a container, -1 for all; None for none."""
    if not count:
        return None
    from docker.types import DeviceRequest

    return [DeviceRequest(count=count, capabilities=[["gpu"]])]


def _has_no_driver(client: "DockerClient") -> bool:
    """Return whether the engine refuses a container for its GPU: it says so before it looks for the program."""
    from docker.errors import APIError

    images = client.api.images(quiet=True)
    if not images:
        return False  # there is nothing to try it with; starting the job will tell
    config = client.api.create_host_config(device_requests=gpu_requests(1))
    container = client.api.create_container(images[0], entrypoint=[_NO_PROGRAM], command=[], host_config=config)["Id"]
    try:
        client.api.start(container)
    except APIError as error:
        return "could not select device driver" in str(error)
    finally:
        with suppress(APIError):
            client.api.remove_container(container, force=True, v=True)
    return False
