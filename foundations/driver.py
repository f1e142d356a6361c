"""From a stage to an ended job: everything that can fail is tried before the archive hears of the job."""

from collections.abc import Iterable, Mapping
from typing import Any

from foundations import excepthook
from foundations.cache_use import refreshed
from foundations.deployment import Deployment, raise_unless_completed
from foundations.errors import JobFailedError
from foundations.job_id import checked_job_name, new_job_id
from foundations.launch import Destination, Origin
from foundations.left_behind import left_behind
from foundations.pictures.latest import forget_job, note_job
from foundations.progress import Progress
from foundations.stage import Stage
from foundations_archive.errors import JobTaken
from foundations_archive.records import JobRecord, JobSpec


def run_stage(
    stage: Stage,
    *,
    parameters: Mapping[str, Any],
    job_name: str | None = None,
    wait: bool = True,
    refresh: Iterable[Any] = (),
) -> Deployment:
    """Run a stage as a job in the selected environment; see `Stage.run`."""
    excepthook.install()
    graph = refreshed(stage.graph(parameters), refresh, is_stage=lambda one: isinstance(one, Stage))
    job_id = new_job_id() if job_name is None else checked_job_name(job_name)
    origin = Origin.found()
    with Progress(level=origin.environment.log_level) as progress:
        cargo = origin.cargo(graph, job_id=job_id, parameters=parameters)
        destination = Destination(origin, progress)
        spec = destination.spec(cargo)
        deployment = Deployment(destination.archive, spec)
        try:
            progress.begin(spec)
            note_job(stage, deployment)
            record = destination.job(spec, progress.event, detached=not wait).submit(looked=True)
        except JobTaken:
            forget_job(stage)
            raise
        except (KeyboardInterrupt, SystemExit):
            ended = destination.archive.sealed(job_id)
            progress.say(f"job {job_id} {ended.state.lower() if ended else 'left to its host, which did not answer'}")
            raise
        deployment._know(record)
        goes_on = record.state == "Running"
        if goes_on:
            progress.say(f"job {job_id} goes on without this driver")
    if not goes_on:
        _raise_unless_completed(spec, record, origin)
    return deployment


def _raise_unless_completed(spec: JobSpec, record: JobRecord, origin: Origin) -> None:
    try:
        raise_unless_completed(spec, record)
    except JobFailedError as error:
        hint = left_behind(error.__cause__, origin.root, directory=origin.directory)
        if hint:
            error.add_note(f"\n{hint}")
        raise
