"""A Docker engine as a host: image and runtime made sure of, then one container a job."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from foundations_images import Image
from foundations_runner import container
from foundations_runner.engine import refusals, require_shared
from foundations_runner.host import JobRequest
from foundations_runner.runtime import Runtime
from foundations_runner.volume import ensure_volume

if TYPE_CHECKING:
    from docker import DockerClient


class DockerHost:
    """Runs jobs as containers on one engine; `image_of` gives the image, building it where it is missing."""

    def __init__(
        self,
        client: "DockerClient",
        runtime: Runtime,
        *,
        image_of: Callable[["DockerClient"], Image],
        limits: container.Limits,
    ) -> None:
        self._client, self._runtime, self._image_of, self._limits = client, runtime, image_of, limits
        self._image: Image | None = None
        self._volume = ""

    def prepare(self) -> None:
        """Make sure that the engine has the image and the runtime."""
        with refusals("looking for the image"):
            self._image = self._image_of(self._client)
        self._volume = ensure_volume(self._client, self._runtime, image=self._image.id)

    def refuse_unshared(self, archive: str) -> None:
        """Raise `EngineRefused` for an archive in a directory that a remote engine can't see."""
        require_shared(self._client, archive)

    def start(self, request: JobRequest) -> container.ContainerJob:
        """Start the container of a job and hand its order over."""
        if self._image is None:
            self.prepare()
        assert self._image is not None
        with refusals("starting a job's container"):
            created = container.create(
                self._client, request, image=self._image.id, volume=self._volume, limits=self._limits
            )
            job = container.ContainerJob(self._client, created)
            try:
                job.start(
                    container.order_of(
                        request,
                        image=self._image.tag,
                        environment_key=self._image.tag.rpartition("-")[2],
                        limits=self._limits,
                    )
                )
            except BaseException:
                job.remove()
                raise
        return job
