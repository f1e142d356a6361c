"""Have the engine build an image, and see that it is what was asked for."""

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

from foundations_images.blame import find_blamed
from foundations_images.errors import BuildFailed, ImageError
from foundations_images.progress import Progress
from foundations_images.recipe import context
from foundations_images.redaction import without_credentials
from foundations_images.settings import BuildSettings
from foundations_images.spec import ImageSpec
from foundations_images.trace import read_status

if TYPE_CHECKING:
    from docker import DockerClient
    from requests import Response

_OURS = "foundations: "


def build(client: "DockerClient", spec: ImageSpec, settings: BuildSettings, say: Callable[[str], None]) -> str:
    """Build the image of `spec` with BuildKit, tag it and return its id; raise BuildFailed if that fails.

    `say` gets each line of output as it comes, without the passwords that `settings` hold.
    """
    progress = Progress(lambda line: say(settings.redact(line)))
    image_id = None
    for message in _messages(client, spec, settings):
        if message.get("error"):
            progress.close()
            raise _failure(spec, str(message["error"]), progress, settings)
        image_id = _take(message, progress) or image_id
    progress.close()
    if image_id is None:
        raise BuildFailed(f"the engine ended the build of {spec.tag} with neither image nor error; try again")
    _check_base(client, spec)
    return image_id


def _messages(client: "DockerClient", spec: ImageSpec, settings: BuildSettings) -> Iterator[dict[str, Any]]:
    """Send the build to the engine and yield its answers."""
    try:
        with closing(_post(client, spec, settings)) as response:
            if response.status_code >= 400:
                raise ImageError(
                    f"the engine refused to build {spec.tag} with BuildKit ({response.text.strip()}); "
                    "use Docker 20.10 or newer, and do not turn BuildKit off in the engine's configuration"
                )
            for line in response.iter_lines():
                if line:
                    yield _decoded(line)
    except OSError as error:  # requests' errors are all of this kind
        raise ImageError(f"the engine broke off the build of {spec.tag} ({error}); try again") from error


def _post(client: "DockerClient", spec: ImageSpec, settings: BuildSettings) -> "Response":
    """Ask for a build; docker-py has no method for BuildKit, but is a requests session that reaches any engine."""
    api = client.api
    parameters = {"version": "2", "t": spec.tag}
    if settings.network:
        parameters["networkmode"] = settings.network
    return api.post(
        f"{api.base_url}/v{api.api_version}/build",
        params=parameters,
        data=context(spec, settings),
        headers={"Content-Type": "application/x-tar"},
        stream=True,
        timeout=None,
    )


def _decoded(line: bytes) -> dict[str, Any]:
    try:
        message = json.loads(line)
    except ValueError as error:
        raise ImageError(f"the engine's answer to a build is cut off or not JSON ({line[:80]!r}); try again") from error
    return message if isinstance(message, dict) else {}


def _take(message: dict[str, Any], progress: Progress) -> str | None:
    """Take in one answer of the engine; return the image's id when it is the one that tells it."""
    aux = message.get("aux")
    if message.get("id") == "moby.buildkit.trace" and isinstance(aux, str):
        try:
            progress.add(read_status(base64.b64decode(aux)))
        except ValueError as error:
            raise ImageError(f"the engine's report of a build cannot be read ({error})") from error
    elif isinstance(aux, dict) and aux.get("ID"):
        return str(aux["ID"])
    elif message.get("stream"):
        progress.write("", str(message["stream"]).encode())
    return None


def _failure(spec: ImageSpec, error: str, progress: Progress, settings: BuildSettings) -> BuildFailed:
    tail = settings.redact(progress.tail or error)
    follow = f"; the last lines of the build follow\n{tail}"
    ours = [line.removeprefix(_OURS) for line in progress.lines if line.startswith(_OURS)]
    if ours:
        return BuildFailed(f"no image can be made from {spec.base}: {ours[-1]}{follow}", tail=tail)
    blamed = find_blamed(progress.lines, spec.requirements)
    if blamed is None:
        return BuildFailed(f"the image of {spec.name!r} could not be built on {spec.base}{follow}", tail=tail)
    text = without_credentials(blamed.text)
    where = f"{blamed.file}, line {blamed.line}; base image {spec.base}"
    return BuildFailed(
        f"the installer could not install {text!r} ({where}); {_remedy(progress)}{follow}",
        requirement=text,
        tail=tail,
    )


def _remedy(progress: Progress) -> str:
    if any("Failed to build" in line for line in progress.lines):
        return "no wheel of it fits: ask for a version that has one, or name a base image with what its build needs"
    if any("unsafe-best-match" in line for line in progress.lines):
        return "set UV_INDEX_STRATEGY=unsafe-best-match if all your indexes are to be trusted alike"
    return "correct that line"


def _check_base(client: "DockerClient", spec: ImageSpec) -> None:
    """Remove the tag again when somebody moved the base's name to another image meanwhile."""
    base = client.images.get(spec.base_id).attrs["RootFS"]["Layers"]
    layers = client.images.get(spec.tag).attrs["RootFS"]["Layers"]
    if layers[: len(base)] != base:
        client.images.remove(spec.tag)
        raise ImageError(f"{spec.base} became another image while {spec.tag} was built on it; try again")
