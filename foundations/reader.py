"""What an archive says of jobs: metrics, stages, results, sources and errors."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from foundations import excepthook
from foundations.archives import selected_archive, spec_of
from foundations.downloads import artifacts_frame, download
from foundations.errors import UnknownProject
from foundations.frames import information_frame, results_frame
from foundations.job_frames import table_frame
from foundations.results import result_of
from foundations_archive.archive import Archive
from foundations_archive.manifest import Manifest
from foundations_archive.records import JobRecord, JobSpec, StageRecord, StageSpec
from foundations_archive.unpacking import unpack

if TYPE_CHECKING:
    import pandas

_Found = TypeVar("_Found")


def get_metrics_for_all_jobs(project_name: str, include_input_params: bool = True) -> "pandas.DataFrame":
    """Return a frame with one row for each job of a project, oldest first.

    Its columns are `project_name`, `job_id`, `user`, `status`, `start_time` and `completed_time` (with time zone),
    then the run's parameters, a column `<argument>-<n>` for each argument of the n-th stage (left out where
    `include_input_params` is false), a column `tag_<key>` a tag, and one a metric: a list where it was logged more
    than once. Raise `UnknownProject`, a `ValueError`, for a project that has no job.
    """
    excepthook.install()
    if not isinstance(project_name, str):
        raise TypeError(f"project_name is a text, got {project_name!r} of type {type(project_name).__name__}")
    archive = selected_archive()
    table = archive.table(project_name)
    if not table and not archive.job_ids(project_name, hidden=True):
        raise _unknown(archive, project_name)
    return table_frame(table, include_input_params=include_input_params)


class JobPersister:
    """The way to the selected environment's archive."""

    @staticmethod
    @contextmanager
    def load_archiver_fetch() -> Iterator[Archive]:
        """Open the archive of the selected environment for a `ResultReader`."""
        yield selected_archive()


class ResultReader:
    """Reads what jobs have left; without an argument from the archive of the selected environment.

    >>> with JobPersister.load_archiver_fetch() as fetch:
    ...     reader = ResultReader(fetch)
    >>> reader.get_job_information()
    """

    def __init__(self, fetch: Archive | None = None) -> None:
        excepthook.install()
        if fetch is not None and not isinstance(fetch, Archive):
            raise TypeError(
                f"ResultReader takes what JobPersister.load_archiver_fetch() opens, or nothing, got {fetch!r}; another "
                "archive is named by the environment: results_config.archive_end_point, or FOUNDATIONS_ARCHIVE"
            )
        self._archive = selected_archive() if fetch is None else fetch

    def get_results(self) -> "pandas.DataFrame":
        """Return a frame with a row for each stage, of any project, that logged a metric or kept its output.

        Columns: `job_name`, `stage_id`, `stage_name`, `has_unstructured_result`, and one a metric.
        """
        return results_frame(self._archive.jobs())

    def get_job_information(self) -> "pandas.DataFrame":
        """Return a frame with a row for each stage of each job.

        Columns: `project_name`, `job_name`, `stage_status` (succeeded, failed, cached, skipped or not run),
        `stage_id`, `parent_ids`, `stage_name`, `args`, `kwargs`, `start_time`, `end_time`, `delta_time`, and one
        a run parameter.
        """
        return information_frame(self._archive.jobs())

    def get_source_code(self, stage_id: str) -> str | None:
        """Return the source of a stage's function as the newest job that has the stage ran it, or None."""
        for spec, _ in reversed(self._archive.jobs(hidden=True)):
            for stage in spec.stages:
                if stage.id == stage_id:
                    return spec.sources.get(stage.source or "")
        return None

    def get_unstructured_results(self, job_id: str, stage_id: str | Sequence[str]) -> list[Any]:
        """Return the kept outputs of one stage, or of several, of a job: None for one that was not persisted.

        Outputs are unpickled, which runs code of whoever wrote them. Raise `KeyError` for an unknown job or stage,
        `TypeError` for an output that could not be serialized, `ArchiveUntrusted` where a signing key is configured
        and an output is a pickle that is not signed.
        """
        spec, record = self._job(job_id)
        wanted = [stage_id] if isinstance(stage_id, str) else stage_id
        stages = {stage.id: (stage, became) for stage, became in zip(spec.stages, record.stages, strict=True)}
        return [self._output(job_id, *_stage(stages, job_id, one)) for one in wanted]

    def get_error_information(self, job_id: str, stage_id: str | None = None) -> str | None:
        """Return the stack trace of a job, or of one of its stages; None where nothing failed.

        Raise `KeyError` for an unknown job or stage.
        """
        _, record = self._job(job_id)
        if stage_id is None:
            return record.error
        return _stage({became.id: became for became in record.stages}, job_id, stage_id).error

    def get_artifacts(self, job_id: str) -> "pandas.DataFrame":
        """Return a frame with a row for each artifact of a job, see `Deployment.get_artifacts`.

        Raise `KeyError` for an unknown job.
        """
        return artifacts_frame(*self._job(job_id))

    def download_artifact(
        self, job_id: str, key: str, path: str | os.PathLike[str], *, stage_id: str | None = None
    ) -> Path:
        """Write an artifact of a job to `path`, see `Deployment.download_artifact`, and return that."""
        return download(self._archive, self._job(job_id)[1], key, path, stage_id=stage_id)

    def create_working_copy(self, job_name: str, path: str | os.PathLike[str]) -> None:
        """Write the model directory of a job, as it was run, to `path`, byte for byte and with its modes.

        Raise `KeyError` for an unknown job, `FileExistsError` where `path` is there and is not an empty folder.
        """
        spec, _ = self._job(job_name)
        target = Path(path)
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise FileExistsError(f"{target} is there already and not an empty folder; give another path")
        unpack(Manifest.from_bytes(self._archive.blobs.get(spec.bundle)), self._archive.blobs.get, target)

    def _job(self, job_id: str) -> tuple[JobSpec, JobRecord]:
        spec = spec_of(self._archive, job_id)
        return spec, self._archive.record(spec)

    def _output(self, job_id: str, stage: StageSpec, became: StageRecord) -> Any:
        if not stage.persisted or (became.value is None and not became.unserializable):
            return None
        return result_of(self._archive, job_id, stage, became=became)


def _stage(stages: Mapping[str, _Found], job_id: str, stage_id: str) -> _Found:
    """Return what `stages` has under an id; raise `KeyError` where the job has no such stage."""
    if stage_id not in stages:
        raise KeyError(f"job {job_id} has no stage {stage_id!r}")
    return stages[stage_id]


def _unknown(archive: Archive, project: str) -> UnknownProject:
    known = archive.projects()
    near = get_close_matches(project, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"its projects are {', '.join(map(repr, known)) or 'none'}"
    return UnknownProject(
        f"no job was run under the project {project!r} in the archive at {archive.location}; {hint}", project=project
    )
