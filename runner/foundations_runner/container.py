"""A job as a container: what it may do, its order over standard input, its output, its end."""

import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit, urlunsplit

from foundations_archive.location import is_on_s3
from foundations_runner import cause
from foundations_runner.engine import refusals
from foundations_runner.gpus import gpu_requests
from foundations_runner.host import Ending, JobRequest, Stream
from foundations_runner.order import Order

if TYPE_CHECKING:
    from docker import DockerClient

JOB_LABEL = "foundations.job"

_RUNTIME = "/foundations/runtime"
_DIRECTORY = "/foundations/job"
_PRIVATE = "/foundations/private"
_HOST_NAME = "host.docker.internal"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_NOBODY = 65534
_PIDS = 4096
_GRACE_SECONDS = 4
# what the courier needs to drop its worker to another user, to end it, and to keep files in the caller's name
_CAPABILITIES = ["SETUID", "SETGID", "KILL", "CHOWN", "DAC_OVERRIDE", "FOWNER"]
_STREAMS: dict[int, Stream] = {1: "stdout", 2: "stderr"}


@dataclass(frozen=True)
class Limits:
    """What a job's container may use; None is the engine's own default."""

    memory: str | None = None
    cpus: float | None = None
    gpus: int = 0
    network: str | None = None


def order_of(request: JobRequest, *, image: str, environment_key: str, limits: Limits) -> Order:
    """Return the courier's order, with places as they are inside the container."""
    mounted = any(not is_on_s3(place) for place in (request.archive, request.cache) if place)
    return replace(
        Order.of(request, runtime=_RUNTIME, directory=_DIRECTORY, python="python3"),
        archive=_inside(request.archive, "archive"),
        cache=_inside(request.cache, "cache") if request.cache else None,
        s3={**request.s3, "endpoint_url": _endpoint(request, limits)},
        image=image,
        environment_key=environment_key,
        owner=(os.getuid(), os.getgid()),
        worker_user=_NOBODY,
        private=_PRIVATE if mounted else None,
        memory=limits.memory,
    )


def create(client: "DockerClient", request: JobRequest, *, image: str, volume: str, limits: Limits) -> str:
    """Create, but do not start, the container of a job, and return its id."""
    host_config = client.api.create_host_config(
        mounts=[_mount(_RUNTIME, volume, "volume", read_only=True), *_archive_mounts(request)],
        network_mode=limits.network or "bridge",
        extra_hosts={_HOST_NAME: "host-gateway"} if _reaches_out(request, limits) else None,
        cap_drop=["ALL"],
        cap_add=_CAPABILITIES,
        security_opt=["no-new-privileges"],
        log_config=_log_config(),
        pids_limit=_PIDS,
        nano_cpus=int(limits.cpus * 1e9) if limits.cpus else None,
        device_requests=gpu_requests(limits.gpus),
        mem_limit=limits.memory,
        memswap_limit=limits.memory,
        auto_remove=request.detached,
    )
    created = client.api.create_container(
        image,
        # a job's name is its archive's, and an engine may run jobs of many archives
        name=f"foundations-{request.job_id}-{secrets.token_hex(4)}",
        entrypoint=["python3", "-I", "-S", f"{_RUNTIME}/start_courier.py"],
        command=[],
        user="0:0",
        working_dir="/",
        stdin_open=True,
        labels={JOB_LABEL: request.job_id},
        host_config=host_config,
    )
    return str(created["Id"])


class ContainerJob:
    """A job that runs in a container."""

    def __init__(self, client: "DockerClient", container: str, *, detached: bool = False) -> None:
        self._client, self._container, self._detached = client, container, detached
        self._socket: Any = None
        self._raw_socket: Any = None
        self._begun = False
        self._memory: str | None = None

    def start(self, order: Order) -> None:
        """Start the container and hand the order over."""
        self._memory = order.memory
        streams = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
        self._socket = self._client.api.attach_socket(self._container, params=streams)
        # docker-py gives a read-only file over the socket; the socket below it is the only way to write and to close
        self._raw_socket = getattr(self._socket, "_sock", self._socket)
        self._client.api.start(self._container)
        self._raw_socket.sendall(order.encoded())

    def output(self) -> Iterator[tuple[Stream, bytes]]:
        """Yield what the courier writes, as it comes, until it has ended."""
        from docker.utils.socket import frames_iter

        for stream, chunk in frames_iter(self._socket, tty=False):  # type: ignore[no-untyped-call]
            self._begun = True
            yield _STREAMS.get(stream, "stderr"), chunk

    def wait(self) -> Ending:
        """Wait until the courier has ended, and return how."""
        from docker.errors import NotFound

        with refusals("waiting for a job's container"):
            try:
                self._client.api.wait(self._container)
                state = self._client.api.inspect_container(self._container)["State"]
            except NotFound:
                return Ending(None, None if self._detached else "its container was removed from outside")
        killed = f"its container was {cause.for_memory(self._memory)}"
        remark = killed if state.get("OOMKilled") else state.get("Error") or None
        return Ending(state["ExitCode"], remark)

    def stop(self) -> None:
        """Ask the courier to end its job, force it after a grace period, and return once it is gone."""
        from docker.errors import NotFound

        # whoever reads no more holds the engine up, which would wait for us before it stops anything
        if self._raw_socket is not None:
            with suppress(OSError):
                self._raw_socket.shutdown(socket.SHUT_RDWR)
        # before its first word a courier may not listen to signals yet, and has nothing that it could end in order
        seconds = _GRACE_SECONDS if self._begun else 0
        with refusals("stopping a job's container"):
            try:
                self._client.api.stop(self._container, timeout=seconds)
            except NotFound:
                return

    def release(self) -> None:
        """Stop reading; the engine goes on to take what the courier writes, and removes the container at its end."""
        self._close()

    def remove(self) -> None:
        """Remove the container and its anonymous volumes."""
        from docker.errors import APIError, NotFound

        self._close()
        with refusals("removing a job's container"):
            try:
                self._client.api.remove_container(self._container, force=True, v=True)
            except NotFound:
                return
            except APIError as error:
                if error.status_code != 409:  # its removal is in progress already
                    raise

    def _close(self) -> None:
        for stream in (self._socket, self._raw_socket):
            if stream is not None:
                stream.close()


def _mount(target: str, source: str, kind: Literal["bind", "volume"], *, read_only: bool = False) -> Any:
    from docker.types import Mount

    return Mount(target, source, type=kind, read_only=read_only)


def _archive_mounts(request: JobRequest) -> list[Any]:
    places = [("archive", request.archive), ("cache", request.cache)]
    return [_mount(f"{_PRIVATE}/{name}", place, "bind") for name, place in places if place and not is_on_s3(place)]


def _inside(place: str, name: str) -> str:
    return place if is_on_s3(place) else f"{_PRIVATE}/{name}"


def _reaches_out(request: JobRequest, limits: Limits) -> bool:
    endpoint = request.s3.get("endpoint_url")
    return bool(endpoint) and limits.network != "host" and urlsplit(endpoint or "").hostname in _LOOPBACK


def _endpoint(request: JobRequest, limits: Limits) -> str | None:
    """Return the endpoint as the container reaches it: its own loopback is not its host's."""
    endpoint = request.s3.get("endpoint_url")
    if endpoint is None or not _reaches_out(request, limits):
        return endpoint
    parts = urlsplit(endpoint)
    port = f":{parts.port}" if parts.port else ""
    return urlunsplit(parts._replace(netloc=f"{_HOST_NAME}{port}"))


def _log_config() -> Any:
    """Return how much the engine keeps of the output: the archive has the log, the engine's copy is for looking in."""
    from docker.types import LogConfig

    return LogConfig(type=LogConfig.types.JSON, config={"max-size": "10m", "max-file": "2"})
