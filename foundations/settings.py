"""Which environment a job runs in, and what that means: from its config file and environment variables."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from foundations.errors import SettingsError, UnknownEnvironment
from foundations.processors import usable_processors
from foundations.schema import EITHER, did_you_mean, read_config
from foundations.verbosity import Verbosity
from foundations_archive.errors import ArchiveMisconfigured
from foundations_archive.leases import LEASE_SECONDS
from foundations_archive.location import DirectoryLocation, parse_location

LOCAL = "local"
_DOCKER_JOBS = 4
_LONGEST_LEASE_SECONDS = 3600
_SUFFIX = ".config.yaml"
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_selected: str | None = None


@dataclass(frozen=True)
class DockerSettings:
    """The container's part of an environment; None leaves the choice to Docker or to us."""

    host: str | None = None
    base_image: str | None = None
    network: str | None = None
    memory: str | None = None
    cpus: float | None = None
    gpus: int = 0


@dataclass(frozen=True)
class S3Options:
    """How to reach a bucket where AWS's own conventions don't say it; what is secret is not shown."""

    endpoint_url: str | None = None
    region: str | None = None
    profile: str | None = None
    access_key_id: str | None = field(default=None, repr=False)
    secret_access_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class StageSettings:
    """How many stages of a job run at once; None leaves it to the processors that the job has."""

    threads: int | None = None
    processes: int | None = None


@dataclass(frozen=True)
class Environment:
    """Where jobs run, and where what they leave goes.

    `cache` is None where it is the archive; where it is read-only, jobs are served from it and add nothing to it.
    """

    name: str
    source: Path | None
    kind: Literal["local", "docker"]
    docker: DockerSettings
    archive: str
    cache: str | None
    s3: S3Options
    log_level: str
    stages: StageSettings = StageSettings()
    error_verbosity: Verbosity = "normal"
    concurrent_jobs: int = 1
    signing_key_file: Path | None = None
    outage_seconds: float = 3600.0
    lease_seconds: float = LEASE_SECONDS
    cache_read_only: bool = False


def home() -> Path:
    """Return the user's folder for Foundations: FOUNDATIONS_HOME, or ~/.foundations."""
    text = os.environ.get("FOUNDATIONS_HOME") or "~/.foundations"
    try:
        return Path.cwd() / Path(text).expanduser()
    except RuntimeError as error:
        message = f"no home directory is known for {text!r}; set FOUNDATIONS_HOME to a full path"
        raise SettingsError(message, key="FOUNDATIONS_HOME") from error


def set_environment(name: str) -> None:
    """Select the environment of the jobs to come; raise `ValueError` if it can't be a name.

    foundations.set_environment("gpu")      # config/gpu.config.yaml
    """
    global _selected
    _selected = _safe_name(name)


def selected_environment() -> str:
    """Return the name that the driver set, else FOUNDATIONS_ENVIRONMENT, else `local`.

    `foundations deploy --env` sets the variable anew for its driver.
    """
    return _selected or os.environ.get("FOUNDATIONS_ENVIRONMENT") or LOCAL


def load_environment(name: str | None, root: Path) -> Environment:
    """Return the environment called `name`, or the selected one, for the project at `root`.

    Its file is `<name>.config.yaml` in the project's `config`, else in that of `home()`; `local` needs none.
    Raise `UnknownEnvironment` where there is no file, `SettingsError` where it can't be right.
    """
    name = _safe_name(selected_environment() if name is None else name)
    files = (folder / f"{name}{_SUFFIX}" for folder in _folders(root))
    source = next((file for file in files if file.is_file()), None)
    if source is not None:
        return _environment(name, source, read_config(source, _label(source, root)), root)
    if name == LOCAL:
        return _environment(name, None, {"job_deployment_env": LOCAL}, root)
    raise _unknown(name, root)


def environment_files(root: Path) -> dict[str, tuple[Path, ...]]:
    """Return the environments that there are by name, each with its config files: the one that counts, then the hidden.

    `local` is always there, with no file where nobody wrote one.
    """
    found: dict[str, tuple[Path, ...]] = {LOCAL: ()}
    for folder in _folders(root):
        for file in sorted(folder.glob(f"*{_SUFFIX}")):
            if file.is_file():
                name = file.name.removesuffix(_SUFFIX)
                found[name] = (*found.get(name, ()), file)
    return found


def _folders(root: Path) -> tuple[Path, Path]:
    return (root / "config", home() / "config")


def _environment(name: str, source: Path | None, config: dict[str, Any], root: Path) -> Environment:
    results = config.get("results_config", {})
    archive, cache = results.get("archive_end_point"), config.get("cache_config", {}).get("end_point")
    override = _override()
    return Environment(
        name=name,
        source=source,
        kind=config["job_deployment_env"],
        docker=DockerSettings(**config.get("docker_config", {})),
        archive=override or (_location(archive, root) if archive else str(home() / "archive")),
        cache=_location(cache, root) if cache and not override else None,
        s3=S3Options(**results.get("s3", {})),
        log_level=config.get("log_level", "INFO"),
        error_verbosity=config.get("error_verbosity", "normal"),
        stages=StageSettings(**config.get("stage_config", {})),
        concurrent_jobs=config.get("search_config", {}).get("concurrent_jobs") or _concurrent_jobs(config),
        signing_key_file=_signing_key_file(config, source, root),
        outage_seconds=float(results.get("outage_seconds", 3600.0)),
        lease_seconds=_lease_seconds(),
        cache_read_only=bool(_either("read_only", config)),
    )


def _lease_seconds() -> float:
    text = os.environ.get("FOUNDATIONS_LEASE_SECONDS")
    if not text:
        return LEASE_SECONDS
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= _LONGEST_LEASE_SECONDS:
        message = f"FOUNDATIONS_LEASE_SECONDS is {text!r}; write a number above 0, up to {_LONGEST_LEASE_SECONDS}"
        raise SettingsError(message, key="FOUNDATIONS_LEASE_SECONDS")
    return seconds


def _signing_key_file(config: dict[str, Any], source: Path | None, root: Path) -> Path | None:
    text = _either("signing_key_file", config)
    return signing_key_override() or (_key_file(text, root, source) if text else None)


def signing_key_override() -> Path | None:
    """Return the signing key's file that the environment variable names, which comes before all settings."""
    text = os.environ.get("FOUNDATIONS_SIGNING_KEY_FILE")
    return _key_file(text, Path.cwd(), None) if text else None


def _either(key: str, config: dict[str, Any]) -> Any:
    """Return what may be set in either of two sections, or None."""
    return next((config[section][key] for section in EITHER[key] if key in config.get(section, {})), None)


def _key_file(text: str, folder: Path, source: Path | None) -> Path:
    try:
        return folder / Path(text).expanduser()
    except RuntimeError as error:
        message = f"no home directory is known for {text!r}; give the signing key file's full path"
        raise SettingsError(message, path=source, key="signing_key_file") from error


def _concurrent_jobs(config: dict[str, Any]) -> int:
    # a container says of itself what it may use, and its engine may be another machine: a small number does no harm
    return _DOCKER_JOBS if config["job_deployment_env"] == "docker" else usable_processors()


def _override() -> str | None:
    text = os.environ.get("FOUNDATIONS_ARCHIVE")
    if not text:
        return None
    try:
        return _location(text, Path.cwd())
    except ArchiveMisconfigured as error:
        raise SettingsError(f"FOUNDATIONS_ARCHIVE: {error}", key="FOUNDATIONS_ARCHIVE") from error


def _location(text: str, folder: Path) -> str:
    location = parse_location(text, folder)
    return str(location.path) if isinstance(location, DirectoryLocation) else text


def _safe_name(name: str) -> str:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} can't be an environment's name; use letters, digits, '.', '_' and '-'")
    return name


def _label(source: Path, root: Path) -> str:
    return source.relative_to(root).as_posix() if source.is_relative_to(root) else str(source)


def _unknown(name: str, root: Path) -> UnknownEnvironment:
    known = sorted(filter(_NAME.fullmatch, environment_files(root)))
    message = f"there is no environment {name!r}{did_you_mean(name, known) or ';'} known ones: {', '.join(known)}"
    looked = " and ".join(map(str, _folders(root)))
    meant = next((file for folder in _folders(root) for file in _misnamed(folder, name)), None)
    rename = f"; {meant} is not read: rename it to {name}{_SUFFIX}" if meant else ""
    return UnknownEnvironment(f"{message}; looked for {name}{_SUFFIX} in {looked}{rename}", name=name)


def _misnamed(folder: Path, name: str) -> Iterator[Path]:
    return (file for ending in (".config.yml", ".yaml", ".yml") if (file := folder / f"{name}{ending}").is_file())
