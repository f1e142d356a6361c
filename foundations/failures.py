"""The error of a job that did not complete, from what its record says."""

from foundations.errors import JobFailedError
from foundations.originals import original, type_name
from foundations_archive.records import JobRecord, JobSpec


def job_failed(spec: JobSpec, record: JobRecord, *, believed: bool = True) -> JobFailedError:
    """Return the error of a job: its text is the user's traceback, or what befell the job, its cause the original.

    The cause is an exception of the type that the stage raised, where this process can import it, else None: as it
    is where the record is not to be `believed`, since importing a module runs it.
    """
    name = next((stage.name for stage in spec.stages if stage.id == record.failed_stage), None)
    failed = next((stage for stage in record.stages if stage.id == record.failed_stage), None)
    at = f" in stage {name}" if name else ""
    error = JobFailedError(
        f"job {spec.job_id} {record.state.lower()}{at}" + (f"\n\n{record.error}" if record.error else ""),
        job_id=spec.job_id,
        state=record.state,
        stage=record.failed_stage,
    )
    error.stage_name = name
    if failed is not None and failed.exception is not None:
        error.exception_type = type_name(failed.exception)
        error.__cause__ = original(failed.exception) if believed else None
    return error
