"""A job that was run: its state, log, metrics and result."""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from foundations.errors import JobFailedError
from foundations_archive.archive import Archive
from foundations_archive.envelope import untagged
from foundations_archive.records import JobRecord, JobSpec, State
from foundations_archive.series import values_by_key

if TYPE_CHECKING:
    import pandas

_POLL_SECONDS = 0.2
_ENDED = frozenset({"Completed", "Failed", "Cancelled", "Lost"})


class Deployment:
    """A handle on one job, which reads the archive and nothing else."""

    def __init__(self, archive: Archive, spec: JobSpec) -> None:
        self._archive, self._spec = archive, spec

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
        return self._record().state

    def is_job_complete(self) -> bool:
        """Tell whether the job has ended, whichever way."""
        return self.get_job_status() in _ENDED

    def wait_for_deployment_to_complete(self, wait_seconds: float = _POLL_SECONDS) -> None:
        """Return once the job has ended, looking every `wait_seconds`."""
        while not self.is_job_complete():
            time.sleep(wait_seconds)

    def get_job_logs(self) -> str:
        """Return what the job has written to standard output and error so far, in the order in which it came."""
        return "".join(f"{line}\n" for line in self._lines())

    def fetch_job_results(self) -> "pandas.DataFrame":
        """Return the job's row of `get_metrics_for_all_jobs`."""
        from foundations.frames import metrics_frame
        from foundations_archive.records import row_of

        return metrics_frame([row_of(self._spec, self._record())])

    def get_metric(self, name: str) -> Any:
        """Return the metric `name`: its value, or the list of its values where it was logged more than once.

        Raise `KeyError`, naming what there is, where the job has not logged it.
        """
        metrics = values_by_key(self._record().metrics)
        if name not in metrics:
            known = ", ".join(sorted(metrics)) or "none"
            raise KeyError(f"job {self._spec.job_id} has no metric {name!r}; it has logged {known}")
        values = untagged(metrics[name])
        return values[0] if len(values) == 1 else values

    def result(self) -> Any:
        """Return the result of the stage that was run; it is unpickled, which runs code of whoever wrote it.

        Raise `JobFailedError` where the job did not complete, `ValueError` where the stage was not persisted, and
        `TypeError` where its result could not be serialized.
        """
        from foundations.results import result_of

        record = self._record()
        raise_unless_completed(self._spec, record)
        return result_of(self._archive, self._spec, record, self._spec.target)

    def _record(self) -> JobRecord:
        return self._archive.record(self._spec)

    def _lines(self) -> Iterator[str]:
        return (event["text"] for event in self._archive.events(self._spec.job_id) if event["event"] == "log")


def raise_unless_completed(spec: JobSpec, record: JobRecord) -> None:
    """Raise `JobFailedError` with the user's traceback, or what befell the job, where it did not complete."""
    if record.state == "Completed":
        return
    names = {stage.id: stage.name for stage in spec.stages}
    stage = names.get(record.failed_stage or "")
    at = f" in stage {stage}" if stage else ""
    raise JobFailedError(
        f"job {spec.job_id} {record.state.lower()}{at}" + (f"\n\n{record.error}" if record.error else ""),
        job_id=spec.job_id,
        state=record.state,
        stage=record.failed_stage,
    )
