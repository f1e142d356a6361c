"""What a job's own code can't do."""

from foundations import current


def refuse_in_job(what: str = "run()") -> None:
    """Raise `RuntimeError` where this process is a job's worker."""
    if current.job_id is not None:
        raise RuntimeError(
            f"{what} was called inside the job {current.job_id}: a stage can't start jobs; keep the lines that run "
            'stages in the driver, or below `if __name__ == "__main__":`'
        )
