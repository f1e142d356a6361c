"""What the jobs of one run, or of a whole search, have in common: where they come from and where they go."""

import getpass
import json
import platform
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from foundations import current
from foundations.archives import archive_of
from foundations.bundle import pack, summary, upload
from foundations.cache_use import as_allowed, without_cache
from foundations.describe import describe, shown
from foundations.graph import StageGraph
from foundations.hosts import host_of
from foundations.pickling import pickle_graph
from foundations.progress import Listener
from foundations.project import driver_directory, find_root, import_paths
from foundations.resources import with_resources
from foundations.settings import Environment, home, load_environment
from foundations.tracking import parameters_to_come, tags_to_come
from foundations.verbosity import configure, error_verbosity
from foundations_archive.location import is_on_s3
from foundations_archive.manifest import Manifest
from foundations_archive.records import JobSpec, Value, plain
from foundations_archive.s3_connection import S3Settings, resolve
from foundations_images import Requirements, read_requirements
from foundations_images.redaction import without_credentials
from foundations_runner.dry_run import dry_run
from foundations_runner.host import JobRequest
from foundations_runner.run import JobRun, OnEvent

_WORKER = "foundations.worker:main"


@dataclass(frozen=True)
class Cargo:
    """One job before anything of it is written: its graph, pickled, and the parameters that went into it."""

    job_id: str
    graph: StageGraph
    pickled: bytes = field(repr=False)
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class Origin:
    """Where jobs come from: the driver's model directory, packed, and the environment that it selects."""

    root: Path
    paths: tuple[str, ...]
    directory: str
    environment: Environment
    bundle: Manifest

    @classmethod
    def found(cls) -> "Origin":
        """Return the origin of the jobs of this driver, here and now; raise for whatever can't be right with it."""
        root = find_root(driver_directory())
        environment = load_environment(None, root)
        configure(environment.error_verbosity)
        here = Path.cwd().resolve()
        directory = here.relative_to(root).as_posix() if here.is_relative_to(root) else "."
        paths = import_paths(root, sys.path)
        places = (environment.archive, environment.cache)
        ours = [Path(place) for place in places if place and not is_on_s3(place)]
        secret = [environment.signing_key_file] if environment.signing_key_file else []
        bundle = pack(root, paths=paths, excluded=(home(), *ours, *secret))
        return cls(root, paths, directory, environment, bundle)

    def cargo(self, graph: StageGraph, *, job_id: str, parameters: Mapping[str, Any]) -> Cargo:
        """Return a job from here; raise `UnpicklableStage` where its graph can't travel."""
        graph = as_allowed(graph)
        pickled = pickle_graph(graph, self.root, directory=self.directory)
        return Cargo(job_id, graph, pickled, parameters)


class Destination:
    """Where jobs go: an archive that lets us write, and a host that answers.

    Made only where both do, and before anything of a job is written.
    """

    def __init__(self, origin: Origin, progress: Listener) -> None:
        self._origin = origin
        environment = with_resources(origin.environment, say=progress.say)
        on_docker = environment.kind == "docker"
        self._requirements = read_requirements(origin.root) if on_docker else Requirements()
        self.archive = archive_of(environment)
        _credentials(environment)  # what is wrong with them is said before anything else is tried
        self.host = host_of(environment, root=origin.root, requirements=self._requirements, progress=progress)
        self._bundle: str | None = None
        self.archive.check(writes_cache=not environment.cache_read_only)
        progress.say(f"model directory {origin.root}: {summary(origin.bundle)}")

    def upload(self) -> None:
        """Archive what every job from the origin needs, once; a crash on the way leaves blobs that nothing names."""
        if self._bundle is None:
            self._bundle = upload(self.archive.blobs, self._origin.root, self._origin.bundle)

    def spec(self, cargo: Cargo) -> JobSpec:
        """Archive what one job consists of, and return the spec that makes a job of it."""
        with ThreadPoolExecutor(2) as pool:
            free = pool.submit(self.archive.refuse_taken, cargo.job_id)
            graph = pool.submit(self.archive.blobs.put_bytes, cargo.pickled)
            self.upload()
        free.result()
        assert self._bundle is not None
        stages, sources = describe(cargo.graph)
        origin = self._origin
        return JobSpec(
            job_id=cargo.job_id,
            project=current.project,
            user=_user(),
            created=time.time(),
            target=cargo.graph.target,
            stages=stages,
            graph=Value("pickle5", (graph.result(),)),
            bundle=self._bundle,
            paths=origin.paths,
            directory=origin.directory,
            python=f"{sys.version_info.major}.{sys.version_info.minor}",
            environment=origin.environment.name,
            sources=sources,
            requirements=without_credentials(self._requirements.normalised),
            parameters={
                **parameters_to_come(),
                **{name: shown(value, {}) for name, value in cargo.parameters.items()},
            },
            tags=tags_to_come(),
            facts=_facts(),
            concurrency={name: count for name, count in asdict(origin.environment.stages).items() if count},
            error_verbosity=error_verbosity(),
            given=tuple(cargo.parameters),
        )

    def job(self, spec: JobSpec, on_event: OnEvent, *, detached: bool = False) -> JobRun:
        """Return the run of a job that is still to be submitted."""
        request = self._request(spec, detached=detached)
        return JobRun(self.host, request, archive=self.archive, spec=spec, on_event=on_event)

    def rehearse(self, spec: JobSpec, on_event: Callable[[Mapping[str, Any]], None]) -> None:
        """Let the host say what would become of a job's stages, see `dry_run`; nothing of the job is archived."""
        dry_run(self.host, self._request(spec, dry=json.dumps(plain(spec))), on_event)

    def _request(self, spec: JobSpec, **more: Any) -> JobRequest:
        environment = self._origin.environment
        return JobRequest(
            job_id=spec.job_id,
            archive=environment.archive,
            cache=environment.cache,
            s3=_credentials(environment),
            signing=self.archive.signing.exported() if self.archive.signing else (),
            outage_seconds=environment.outage_seconds,
            lease_seconds=environment.lease_seconds,
            cache_read_only=environment.cache_read_only,
            worker=_WORKER,
            **more,
        )


def _credentials(environment: Environment) -> dict[str, str | None]:
    on_s3 = any(place and is_on_s3(place) for place in (environment.archive, environment.cache))
    return asdict(resolve(S3Settings(**asdict(environment.s3)))) if on_s3 else {}


def _facts() -> dict[str, str]:
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "foundations": version("foundations"),
        **({"cache": "not used"} if without_cache() else {}),
    }


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user id without a name, as in some containers
        return "unknown"
