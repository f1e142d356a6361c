"""What a job's own code can't do."""

from dataclasses import dataclass
from typing import Any, NoReturn

from foundations import current

_INSTEAD = 'in the driver, or below `if __name__ == "__main__":`'


@dataclass(frozen=True)
class DriversOwn:
    """What stands in a job's worker for a name of ours that only drivers can use: it can be imported, and no more."""

    name: str

    def __call__(self, *_: Any, **__: Any) -> NoReturn:
        """Raise `RuntimeError`."""
        raise RuntimeError(
            f"foundations.{self.name} was used inside the job {current.job_id}, which has no way to other jobs, to the "
            f"archive or to environments; keep the lines that use it {_INSTEAD}"
        )

    def __or__(self, other: Any) -> Any:
        return Any  # an annotation: Deployment | None

    __ror__ = __or__

    def __getattr__(self, attribute: str) -> NoReturn:
        if attribute.startswith("_"):
            raise AttributeError(f"foundations.{self.name} has no attribute {attribute!r}")
        self()


def inside() -> bool:
    """Tell whether this process is a job's worker."""
    return current.job_id is not None


def refuse_in_job(what: str = "run()") -> None:
    """Raise `RuntimeError` where this process is a job's worker."""
    if inside():
        raise RuntimeError(
            f"{what} was called inside the job {current.job_id}: a stage can't start jobs; keep the lines that run "
            f"stages {_INSTEAD}"
        )
