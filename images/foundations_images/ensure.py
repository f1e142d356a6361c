"""Make sure that the engine has the image of a job."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from foundations_images.build import build
from foundations_images.errors import BaseMissing, ImageError
from foundations_images.requirements import Requirements
from foundations_images.settings import BuildSettings, build_settings
from foundations_images.spec import ImageSpec

if TYPE_CHECKING:
    from docker import DockerClient


@dataclass(frozen=True)
class Base:
    """An image that others are built on."""

    name: str
    id: str
    platform: str


@dataclass(frozen=True)
class Image:
    """The image of a job: where it is, whether it had to be built, and how long that took."""

    tag: str
    id: str
    built: bool
    base: Base
    seconds: float


def find_base(
    client: "DockerClient",
    python: str,
    configured: str | None,
    *,
    pull: bool = True,
    say: Callable[[str], None],
) -> Base:
    """Return the base image for a minor version of Python, pulled when need be; raise BaseMissing else.

    It is what the user configured; else python:<minor>-slim, or the image that scripts/base_image.sh makes.
    """
    names = [configured] if configured else [f"python:{python}-slim", f"foundations/base:{python}"]
    for name in names:
        found = _inspect(client, name)
        if found is not None:
            return _base(name, found)
    reason = _pull(client, names[0], say) if pull else "and pulling is off"
    if reason is None:
        return _base(names[0], client.images.get(names[0]).attrs)
    tried = " and ".join(names)
    raise BaseMissing(
        f"no base image for Python {python}: the engine lacks {tried}, {reason}; "
        "make one with scripts/base_image.sh (make base), or name one in docker_config.base_image"
    )


def ensure_image(
    client: "DockerClient",
    *,
    name: str,
    python: str,
    configured_base: str | None,
    requirements: Requirements,
    say: Callable[[str], None],
    settings: BuildSettings | None = None,
) -> Image:
    """Return the image for `requirements`, building it only if the engine lacks it.

    When it is there, that costs an inspection of the base and one of the image: no build and no network.
    """
    began = time.monotonic()
    base = find_base(client, python, configured_base, say=say)
    spec = ImageSpec(name, base.name, base.id, python, base.platform, requirements)
    found = _inspect(client, spec.tag)
    # The tag alone proves nothing: anyone can give it to any image.
    if found is not None and (found["Config"].get("Labels") or {}).get("foundations.spec") == spec.digest:
        return Image(spec.tag, str(found["Id"]), built=False, base=base, seconds=time.monotonic() - began)
    _check_platform(client, base)
    say(f"building {spec.tag} on {base.name}")
    image_id = build(client, spec, settings or build_settings(os.environ, requirements), say)
    return Image(spec.tag, image_id, built=True, base=base, seconds=time.monotonic() - began)


def _inspect(client: "DockerClient", name: str) -> dict[str, Any] | None:
    from docker.errors import ImageNotFound

    try:
        found: dict[str, Any] = client.images.get(name).attrs
    except ImageNotFound:
        return None
    return found


def _pull(client: "DockerClient", name: str, say: Callable[[str], None]) -> str | None:
    """Pull an image with the user's registry logins; return why that failed, None when it did not."""
    from docker.errors import APIError

    say(f"pulling {name}")
    try:
        client.images.pull(name)
    except (APIError, OSError) as error:
        return f"and {name} cannot be pulled ({getattr(error, 'explanation', None) or error})"
    return None


def _base(name: str, found: dict[str, Any]) -> Base:
    parts = (found.get("Os"), found.get("Architecture"), found.get("Variant"))
    return Base(name, str(found["Id"]), "/".join(part for part in parts if part))


def _check_platform(client: "DockerClient", base: Base) -> None:
    """Refuse emulation: it is slow, and where it is not set up its errors say nothing."""
    version = client.version()
    engine = f"{version['Os']}/{version['Arch']}"
    if base.platform.split("/")[:2] != engine.split("/"):
        raise ImageError(
            f"{base.name} is an image for {base.platform}, and the engine runs {engine}; "
            "pull or name a base image for that platform"
        )
