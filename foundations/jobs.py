"""Jobs by their ids, whoever started them: found again, cancelled while they wait, hidden from listings."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from foundations import excepthook
from foundations.archives import selected_archive, spec_of
from foundations.deployment import Deployment
from foundations.job_frames import metrics_frame
from foundations_archive import cancellation, hiding
from foundations_archive.archive import Archive
from foundations_archive.errors import NotArchived
from foundations_archive.ledger import Ledger
from foundations_archive.records import JobSpec, row_of

if TYPE_CHECKING:
    import pandas


def get_deployment(job_name: str) -> Deployment:
    """Return the deployment of a job, ended or not, from the archive of the selected environment.

    Any process on any machine that reads the archive can follow, cancel and read a job so:

    >>> job = foundations.create_stage(train)().run(wait=False).job_name()      # one driver
    >>> foundations.get_deployment(job).wait_for_deployment_to_complete()       # another one

    Raise `KeyError` where the archive has no such job.
    """
    excepthook.install()
    archive = selected_archive()
    return Deployment(archive, spec_of(archive, job_name))


def get_queued_jobs() -> "pandas.DataFrame":
    """Return a frame with one row for each job, of any project, that waits to be started, oldest first.

    Columns: `project_name`, `job_id`, `user`, `status`, and `start_time` and `completed_time`, which hold nothing yet.
    """
    excepthook.install()
    archive = selected_archive()
    rows = [row_of(spec, Ledger(spec).record("Queued")) for spec in archive.queued()]
    bare = [{**row, "parameters": {}, "tags": {}} for row in rows]
    return metrics_frame(bare, include_input_params=False)


def cancel_queued_jobs(job_ids: Iterable[str]) -> dict[str, bool]:
    """Cancel jobs that wait to be started, and return for each id whether it was such a job.

    Jobs that run go on; `Deployment.cancel` ends these.
    """

    def cancel(archive: Archive, spec: JobSpec) -> bool:
        return archive.state(spec) == "Queued" and cancellation.request_cancellation(archive, spec)

    return _each(job_ids, cancel)


def archive_jobs(job_ids: Iterable[str]) -> dict[str, bool]:
    """Hide jobs from frames and listings, and return for each id whether there is such a job; nothing is deleted.

    A job that is hidden can still be opened by its id. May be repeated.
    """

    def hide(archive: Archive, spec: JobSpec) -> bool:
        hiding.hide(archive, spec)
        return True

    return _each(job_ids, hide)


def _each(job_ids: Iterable[str], do: Callable[[Archive, JobSpec], bool]) -> dict[str, bool]:
    """Return for each id what `do` gives for its job, or False where there is none."""
    excepthook.install()
    if isinstance(job_ids, str | bytes) or not isinstance(job_ids, Iterable):
        raise TypeError(f"job ids come as a list, got {job_ids!r}")
    wanted = list(job_ids)
    for job_id in wanted:
        if not isinstance(job_id, str):
            raise TypeError(f"a job id is a text, got {job_id!r}")
    archive = selected_archive()
    return {job_id: _one(archive, job_id, do) for job_id in wanted}


def _one(archive: Archive, job_id: str, do: Callable[[Archive, JobSpec], bool]) -> bool:
    try:
        spec = archive.spec(job_id)
    except NotArchived:
        return False
    return do(archive, spec)
