"""The Docker engine: which one is meant, whether it answers, and what it refused in words of ours."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from foundations_archive.location import is_on_s3
from foundations_runner.errors import EngineRefused, EngineUnreachable, ShadowedModule

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.tls import TLSConfig

_DEFAULT = "unix:///var/run/docker.sock"
_HINTS = {
    "bind source path does not exist": (
        "the engine does not see this directory of the driver's machine; keep the archive where both see it, or on S3"
    ),
}
_ANSWER_SECONDS = 15


def connect(host: str | None = None) -> "DockerClient":
    """Return a client of the engine at `host`, else of `DOCKER_HOST`, else of the current Docker context.

    Raise `EngineUnreachable` when it does not answer, `ShadowedModule` when a file of the user's is imported in
    place of the Docker SDK.
    """
    _import_docker()
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    address = _address(host)
    url, source = address.url, address.source
    if url.startswith("ssh://"):
        raise EngineUnreachable(
            f"the engine at {url} ({source}) can't be used: ssh is not supported yet; forward its socket with "
            f"`ssh -nNT -L /tmp/engine.sock:/var/run/docker.sock {url.removeprefix('ssh://')}` and set "
            "docker_config.host to unix:///tmp/engine.sock",
            tried=url,
        )
    try:
        return _client(address, version=_version(address), seconds=60)
    except (DockerException, RequestException, OSError, ValueError) as error:
        raise EngineUnreachable(
            f"no Docker engine answers at {url} ({source}): {_reason(error)}; start one (`make engine`, or "
            "`systemctl start docker`), name another (docker_config.host, DOCKER_HOST), or run without Docker: "
            "FOUNDATIONS_ENVIRONMENT=local",
            tried=url,
        ) from error


def is_local(client: "DockerClient") -> bool:
    """Tell whether the engine is reached over a socket of this machine, so that it may share its directories."""
    return str(client.api.base_url).startswith("http+docker://") and "ssh" not in str(client.api.base_url)


def require_shared(client: "DockerClient", archive: str) -> None:
    """Raise `EngineRefused` for an archive in a directory that a remote engine can't see."""
    if not is_on_s3(archive) and not is_local(client):
        raise EngineRefused(
            f"the engine at {client.api.base_url} is on another machine and can't see the archive in "
            f"{archive}; set results_config.archive_end_point to an s3:// address"
        )


@contextmanager
def refusals(doing: str) -> Iterator[None]:
    """Turn what the engine refuses while `doing` something into `EngineRefused`."""
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    try:
        yield
    except (DockerException, RequestException) as error:
        reason = _reason(error)
        hint = next((f"; {hint}" for said, hint in _HINTS.items() if said in reason), "")
        raise EngineRefused(f"the Docker engine failed {doing}: {reason}{hint}") from error


def _import_docker() -> None:
    try:
        import docker
    except Exception as error:
        path = _found("docker")
        if path and "site-packages" not in path and "dist-packages" not in path:
            raise ShadowedModule("docker", path) from error
        raise
    if not hasattr(docker, "DockerClient"):
        raise ShadowedModule("docker", str(getattr(docker, "__file__", None) or next(iter(docker.__path__))))


def _found(module: str) -> str | None:
    from importlib.util import find_spec

    found = find_spec(module)
    return found.origin if found else None


@dataclass(frozen=True)
class _Address:
    """Where an engine is, who says so, and how it proves itself."""

    url: str
    source: str
    tls: "TLSConfig | bool" = False


def _address(host: str | None) -> _Address:
    for url, source in ((host, "docker_config.host"), (os.environ.get("DOCKER_HOST"), "DOCKER_HOST")):
        if url:
            return _Address(url, source, _tls(url))
    from docker.context import ContextAPI
    from docker.context.config import get_current_context_name

    name = os.environ.get("DOCKER_CONTEXT") or get_current_context_name()
    context = ContextAPI.get_context(name)
    if context is None:
        raise EngineUnreachable(
            f"there is no Docker context {name!r}, which DOCKER_CONTEXT or Docker's config.json names; "
            "`docker context ls` shows what there is, and docker_config.host can name an engine instead",
            tried=name,
        )
    if context.name == "default" or not context.Host:
        return _Address(_DEFAULT, "the default socket")
    return _Address(str(context.Host), f"Docker context {context.name!r}", context.TLSConfig or False)


def _client(address: _Address, *, version: str, seconds: int) -> "DockerClient":
    import docker

    client = docker.DockerClient(base_url=address.url, version=version, tls=address.tls, timeout=seconds)
    if address.tls:
        client.api.trust_env = False  # REQUESTS_CA_BUNDLE and its like would replace the engine's own authority
    return client


def _version(address: _Address) -> str:
    """Ask the engine which version of its API it speaks."""
    from docker.constants import MINIMUM_DOCKER_API_VERSION
    from docker.errors import DockerException
    from requests.exceptions import JSONDecodeError

    with closing(_client(address, version=MINIMUM_DOCKER_API_VERSION, seconds=_ANSWER_SECONDS)) as client:
        try:
            return str(client.api.version(api_version=False)["ApiVersion"])
        except (LookupError, TypeError, JSONDecodeError) as error:
            raise DockerException("what answers there is no Docker engine") from error


def _tls(url: str) -> "TLSConfig | bool":
    from docker.tls import TLSConfig

    folder = os.environ.get("DOCKER_CERT_PATH")
    if not url.startswith(("tcp://", "https://")) or not (folder or os.environ.get("DOCKER_TLS_VERIFY")):
        return False
    certificates = Path(folder) if folder else Path.home() / ".docker"
    pair = (str(certificates / "cert.pem"), str(certificates / "key.pem"))
    return TLSConfig(client_cert=pair, ca_cert=str(certificates / "ca.pem"), verify=True)


def _reason(error: BaseException) -> str:
    explanation = getattr(error, "explanation", None)
    if explanation:
        return str(explanation)
    # the innermost error says it best: "No such file or directory", "Permission denied", "Connection refused"
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        cause = cause.__cause__ or cause.__context__
    return str(error)
