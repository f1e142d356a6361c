"""From a stage to an ended job: everything that can fail is tried before the archive hears of the job."""

import getpass
import platform
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from foundations import current, excepthook
from foundations.archives import archive_of
from foundations.bundle import pack, summary, upload
from foundations.deployment import Deployment, raise_unless_completed
from foundations.describe import describe, shown
from foundations.graph import StageGraph
from foundations.hosts import host_of
from foundations.job_id import checked_job_name, new_job_id
from foundations.pickling import pickle_graph
from foundations.pictures.latest import note_job
from foundations.progress import Progress
from foundations.project import driver_directory, find_root, import_paths
from foundations.settings import Environment, home, load_environment
from foundations.stage import Stage, refuse_in_job
from foundations_archive.archive import Archive
from foundations_archive.manifest import Manifest
from foundations_archive.records import JobSpec, Value
from foundations_archive.s3 import S3Settings, resolve
from foundations_images import Requirements, read_requirements
from foundations_images.redaction import without_credentials
from foundations_runner.host import JobRequest
from foundations_runner.run import run_job

_WORKER = "foundations.worker:main"


def run_stage(stage: Stage, *, parameters: Mapping[str, Any], job_name: str | None) -> Deployment:
    """Run a stage as a job in the selected environment; see `Stage.run`."""
    refuse_in_job()
    excepthook.install()
    graph = stage.graph(parameters)
    job_id = new_job_id() if job_name is None else checked_job_name(job_name)
    project = _Project.found()
    environment = load_environment(None, project.root)
    progress = Progress(level=environment.log_level)
    bundle = project.bundle(environment)
    pickled = pickle_graph(graph, project.root, directory=project.directory)
    requirements = read_requirements(project.root) if environment.kind == "docker" else Requirements()
    archive = archive_of(environment)
    request = _request(job_id, environment)
    host = host_of(environment, root=project.root, requirements=requirements, progress=progress)
    archive.check()
    progress.say(f"model directory {project.root}: {summary(bundle)}")
    spec = _submit(
        archive,
        project,
        job_id=job_id,
        graph=graph,
        parameters=parameters,
        pickled=pickled,
        bundle=bundle,
        requirements=requirements,
        environment=environment,
    )
    deployment = Deployment(archive, spec)
    note_job(stage, deployment)
    try:
        progress.begin(spec)
        record = run_job(host, request, archive=archive, spec=spec, on_event=progress.event)
    except (KeyboardInterrupt, SystemExit):
        ended = archive.sealed(job_id)
        progress.say(f"job {job_id} {ended.state.lower() if ended else 'left to its host, which did not answer'}")
        raise
    finally:
        progress.close()
    raise_unless_completed(spec, record)
    return deployment


@dataclass(frozen=True)
class _Project:
    """The model directory and how its modules are found."""

    root: Path
    paths: tuple[str, ...]
    directory: str

    @classmethod
    def found(cls) -> "_Project":
        root = find_root(driver_directory())
        here = Path.cwd().resolve()
        directory = here.relative_to(root).as_posix() if here.is_relative_to(root) else "."
        return cls(root, import_paths(root, sys.path), directory)

    def bundle(self, environment: Environment) -> Manifest:
        places = (environment.archive, environment.cache)
        ours = [Path(place) for place in places if place and not place.startswith("s3://")]
        return pack(self.root, paths=self.paths, excluded=(home(), *ours))


def _request(job_id: str, environment: Environment) -> JobRequest:
    s3 = S3Settings(**asdict(environment.s3))
    on_s3 = any(place and place.startswith("s3://") for place in (environment.archive, environment.cache))
    return JobRequest(
        job_id=job_id,
        archive=environment.archive,
        cache=environment.cache,
        s3=asdict(resolve(s3)) if on_s3 else {},
        worker=_WORKER,
    )


def _submit(
    archive: Archive,
    project: _Project,
    *,
    job_id: str,
    graph: StageGraph,
    parameters: Mapping[str, Any],
    pickled: bytes,
    bundle: Manifest,
    requirements: Requirements,
    environment: Environment,
) -> JobSpec:
    """Archive what a job consists of, then the job; a crash on the way leaves blobs that nothing names."""
    stages, sources = describe(graph)
    upload(archive.blobs, project.root, bundle)
    spec = JobSpec(
        job_id=job_id,
        project=current.project,
        user=_user(),
        created=time.time(),
        target=graph.target,
        stages=stages,
        graph=Value("pickle5", (archive.blobs.put_bytes(pickled),)),
        bundle=archive.blobs.put(bundle.to_bytes()),
        paths=project.paths,
        directory=project.directory,
        python=f"{sys.version_info.major}.{sys.version_info.minor}",
        environment=environment.name,
        sources=sources,
        requirements=without_credentials(requirements.normalised),
        parameters={name: shown(value, {}) for name, value in parameters.items()},
        facts=_facts(),
        concurrency={name: count for name, count in asdict(environment.stages).items() if count},
    )
    archive.submit(spec)
    return spec


def _facts() -> dict[str, str]:
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "foundations": version("foundations"),
    }


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user id without a name, as in some containers
        return "unknown"
