"""How this machine reaches its package indexes, for the time of a build."""

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from foundations_images.netrc_entries import read_netrc
from foundations_images.pip_config import read_pip_config
from foundations_images.redaction import without_credentials
from foundations_images.requirements import Requirements

_CERTIFICATES = ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_PROXIES = tuple(case(f"{name}_proxy") for name in ("http", "https", "all", "no") for case in (str.upper, str.lower))
_AS_THEY_ARE = re.compile(
    r"PIP_DEFAULT_TIMEOUT|PIP_RETRIES|PIP_TRUSTED_HOST"
    r"|UV_HTTP_TIMEOUT|UV_INSECURE_HOST|UV_INDEX_STRATEGY|UV_INDEX_\w+_(USERNAME|PASSWORD)"
)
_HOST = re.compile(r"://(?:[^\s/@]+@)?(\[[\da-fA-F:]+\]|[^\s/:@,]+)")
_PASSWORD = re.compile(r"://[^\s/:@]*:([^\s/@]+)@")
_SECRET = ("PASSWORD", "TOKEN", "KEY", "SECRET")
_LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}


@dataclass(frozen=True, repr=False)
class BuildSettings:
    """Indexes, proxies, certificates and passwords of this machine; a build mounts them and keeps none."""

    environment: tuple[tuple[str, str], ...] = ()
    ca_bundle: bytes | None = None
    netrc: str | None = None

    def __repr__(self) -> str:
        """Show names only: the values may be secrets."""
        names = [name for name, _ in self.environment]
        files = [name for name in ("ca_bundle", "netrc") if getattr(self, name) is not None]
        return f"BuildSettings(environment={names}, files={files})"

    @property
    def network(self) -> str | None:
        """`host` when an index or a proxy is on localhost, which a container's own network cannot reach."""
        return "host" if _LOOPBACK & _hosts(value for _, value in self.environment) else None

    def files(self, where: str) -> dict[str, bytes]:
        """Return the files to be mounted at `where`: `environment` for a shell to source, and the rest."""
        environment, files = dict(self.environment), {}
        if self.ca_bundle is not None:
            files["ca.pem"] = self.ca_bundle
            environment |= dict.fromkeys(_CERTIFICATES, f"{where}/ca.pem")
        if self.netrc is not None:
            files["netrc"] = self.netrc.encode()
            environment["NETRC"] = f"{where}/netrc"
        exports = [f"export {name}={shlex.quote(value)}\n" for name, value in sorted(environment.items())]
        return {"environment": "".join(exports).encode(), **files}

    def redact(self, text: str) -> str:
        """Return `text` without the passwords that these settings hold."""
        secrets = [value for name, value in self.environment if name.endswith(_SECRET)]
        secrets += [secret for _, value in self.environment for secret in _PASSWORD.findall(value)]
        secrets += re.findall(r"\bpassword (\S+)", self.netrc or "")
        for secret in secrets:
            # Shorter ones would make the text unreadable rather than anything safe.
            if len(secret) > 3:
                text = text.replace(secret, "***")
        return without_credentials(text)


def build_settings(environ: Mapping[str, str], requirements: Requirements | None = None) -> BuildSettings:
    """Return what pip and uv on this machine would use, and the variables that `requirements` refer to.

    Places that exist on this machine only (file:// indexes, directories of wheels) are left out: a container
    cannot reach them.
    """
    pip = read_pip_config(environ)
    environment = {name: environ[name] for name in environ if _AS_THEY_ARE.fullmatch(name)}
    environment |= {name: environ[name] for name in _PROXIES if environ.get(name)}
    if trusted := pip.get("trusted-host"):
        environment.setdefault("PIP_TRUSTED_HOST", " ".join(trusted.split()))
    if trusted := environment.get("PIP_TRUSTED_HOST"):
        environment.setdefault("UV_INSECURE_HOST", trusted)
    environment |= _indexes(environ, pip)
    requirements = requirements or Requirements()
    environment |= {name: environ[name] for name in requirements.variables if name in environ}
    hosts = _hosts([*environment.values(), requirements.normalised])
    return BuildSettings(tuple(sorted(environment.items())), _ca_bundle(environ, pip), read_netrc(environ, hosts))


def _indexes(environ: Mapping[str, str], pip: Mapping[str, str]) -> dict[str, str]:
    defaults = [environ.get(name, "") for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL")]
    default = _remote(*defaults, pip.get("index-url", ""))[:1]
    extra = _remote(
        *(environ.get(name, "") for name in ("UV_INDEX", "UV_EXTRA_INDEX_URL")),
        environ.get("PIP_EXTRA_INDEX_URL") or pip.get("extra-index-url", ""),
    )
    links = _remote(environ.get("UV_FIND_LINKS", "").replace(",", " "))
    links += _remote(environ.get("PIP_FIND_LINKS") or pip.get("find-links", ""))
    found = {
        "UV_DEFAULT_INDEX": " ".join(default),
        "UV_INDEX": " ".join(extra),
        "UV_FIND_LINKS": ",".join(links),
        "PIP_INDEX_URL": " ".join(map(_unnamed, default)),
        "PIP_EXTRA_INDEX_URL": " ".join(map(_unnamed, extra)),
        "PIP_FIND_LINKS": " ".join(links),
    }
    return {name: value for name, value in found.items() if value}


def _remote(*values: str) -> list[str]:
    words = [word for value in values for word in value.split()]
    return list(dict.fromkeys(word for word in words if _unnamed(word).startswith(("http://", "https://"))))


def _unnamed(index: str) -> str:
    """Drop the name that uv allows before an index: `name=https://...`."""
    return re.sub(r"^[\w.-]+=(?=https?://)", "", index)


def _ca_bundle(environ: Mapping[str, str], pip: Mapping[str, str]) -> bytes | None:
    named = [environ.get("PIP_CERT"), pip.get("cert"), *(environ.get(name) for name in _CERTIFICATES[1:])]
    for path in (Path(name) for name in named if name):
        # Some tools take a directory in these variables; pip and uv want one file.
        if path.is_file():
            return path.read_bytes()
    return None


def _hosts(texts: Iterable[str]) -> set[str]:
    return {host for text in texts for host in _HOST.findall(text)}
