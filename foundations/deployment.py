"""A job that was run: its state, log, metrics and result."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foundations.downloads import artifacts_frame, download
from foundations.errors import JobFailedError
from foundations.failures import job_failed
from foundations.frames import value_or_list
from foundations.job_frames import metrics_frame
from foundations_archive import cancellation
from foundations_archive.archive import Archive
from foundations_archive.errors import ArchiveUntrusted
from foundations_archive.records import JobRecord, JobSpec, State, row_of
from foundations_archive.series import values_by_key

if TYPE_CHECKING:
    import pandas

_POLL_SECONDS = 0.2
_STREAM_SECONDS = 0.5
_ENDED = frozenset({"Completed", "Failed", "Cancelled", "Lost"})


class Deployment:
    """A handle on one job, which reads the archive and nothing else: any process may hold one, see `get_deployment`."""

    def __init__(self, archive: Archive, spec: JobSpec) -> None:
        self._archive, self._spec = archive, spec
        self._completed: JobRecord | None = None

    def __repr__(self) -> str:
        return f"<deployment of job {self._spec.job_id}>"

    def _repr_html_(self) -> str:
        from foundations.pictures.picture import show

        return show(self).html()

    def _repr_mermaid_(self) -> str:
        from foundations.pictures.picture import show

        return show(self).mermaid()

    def job_name(self) -> str:
        """Return the job's id."""
        return self._spec.job_id

    def get_job_status(self) -> State:
        """Return Queued, Running, Completed, Failed, Cancelled or Lost."""
        return self._archive.state(self._spec)

    def is_job_complete(self) -> bool:
        """Tell whether the job has ended, whichever way."""
        return self.get_job_status() in _ENDED

    def wait_for_deployment_to_complete(self, wait_seconds: float = _POLL_SECONDS) -> None:
        """Return once the job has ended, whichever way, looking every `wait_seconds`; its status tells how it ended.

        Raise `ValueError` unless `wait_seconds` is a number above 0.
        """
        _check_pause(wait_seconds)
        while not self.is_job_complete():
            time.sleep(wait_seconds)

    def cancel(self) -> bool:
        """Ask for the end of the job, from whichever process and machine, and tell whether it had not ended anyway.

        A job that waits is Cancelled at once. One that runs ends within some seconds, and keeps what it has archived;
        `wait_for_deployment_to_complete` returns then.
        """
        return cancellation.request_cancellation(self._archive, self._spec)

    def get_job_logs(self) -> str:
        """Return what the job has written to standard output and error so far, in the order in which it came."""
        return "".join(f"{line}\n" for line in self._lines(set()))

    def stream_job_logs(self, wait_seconds: float = _STREAM_SECONDS) -> Iterator[str]:
        """Yield the lines of the job's log, those that are there first, until the job has ended and all are told.

        A line is archived two seconds after it was written at the latest; `wait_seconds` lie between two looks.

        >>> for line in deployment.stream_job_logs():
        ...     print(line)
        """
        _check_pause(wait_seconds)
        return self._stream(wait_seconds)

    def fetch_job_results(self) -> "pandas.DataFrame":
        """Return the job's row of `get_metrics_for_all_jobs`."""
        return metrics_frame([row_of(self._spec, self._record())])

    def get_metric(self, name: str) -> Any:
        """Return the metric `name`: its value, or the list of its values where it was logged more than once.

        Raise `KeyError`, naming what there is, where the job has not logged it.
        """
        metrics = values_by_key(self._record().metrics)
        if name not in metrics:
            known = ", ".join(sorted(metrics)) or "none"
            raise KeyError(f"job {self._spec.job_id} has no metric {name!r}; it has logged {known}")
        return value_or_list(metrics[name])

    def get_artifacts(self) -> "pandas.DataFrame":
        """Return a frame with a row for each artifact that the job's stages have saved, in order.

        Columns: `key`, `stage_id`, `stage_name`, `kind` (file or folder), `size` in bytes, `files`, `saved_time`.
        """
        return artifacts_frame(self._spec, self._record())

    def download_artifact(self, key: str, path: str | os.PathLike[str], *, stage_id: str | None = None) -> Path:
        """Write an artifact to `path` and return that; of several under one key the last, or that of `stage_id`.

        Raise `KeyError`, naming what there is, where the job has no such artifact, and `FileExistsError` where
        something is at `path` already.
        """
        return download(self._archive, self._record(), key, path, stage_id=stage_id)

    def result(self) -> Any:
        """Return the result of the stage that was run; it is unpickled, which runs code of whoever wrote it.

        Raise `JobFailedError` where the job did not complete, `ValueError` where the stage was not persisted,
        `TypeError` where its result could not be serialized, and `ArchiveUntrusted` where a signing key is configured
        and the result is a pickle that is not signed.
        """
        from foundations.results import result_of

        record = self._record()
        if record.state != "Completed":
            raise self._failure(record)
        stages = zip(self._spec.stages, record.stages, strict=True)
        stage, became = next(one for one in stages if one[0].id == self._spec.target)
        return result_of(self._archive, self._spec.job_id, stage, became=became)

    def _know(self, record: JobRecord) -> None:
        """Take note of what became of the job, from whoever has just read it: it is not read again if it is final."""
        if record.state == "Completed":  # whom a watcher took for dead may still complete
            self._completed = record

    def _record(self) -> JobRecord:
        if self._completed is not None:
            return self._completed
        record = self._archive.record(self._spec)
        self._know(record)
        return record

    def _failure(self, record: JobRecord) -> JobFailedError:
        if self._archive.signing is None:
            return job_failed(self._spec, record)
        try:
            return job_failed(self._spec, self._archive.trusting().record(self._spec))
        except ArchiveUntrusted:
            return job_failed(self._spec, record, believed=False)

    def _lines(self, seen: set[str], *, last: bool = False) -> Iterator[str]:
        events = self._archive.events(self._spec.job_id, seen=seen, last=last)
        return (event["text"] for event in events if event["event"] == "log")

    def _stream(self, wait_seconds: float) -> Iterator[str]:
        seen: set[str] = set()
        while not self.is_job_complete():
            yield from self._lines(seen)
            time.sleep(wait_seconds)
        # what came between the last look and the end
        yield from self._lines(seen, last=True)


def raise_unless_completed(spec: JobSpec, record: JobRecord) -> None:
    """Raise `JobFailedError` with the user's traceback, or what befell the job, where it did not complete."""
    if record.state == "Completed":
        return
    raise job_failed(spec, record)


def _check_pause(seconds: float) -> None:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds < float("inf"):
        raise ValueError(f"wait_seconds must be a number of seconds above 0, got {seconds!r}")
