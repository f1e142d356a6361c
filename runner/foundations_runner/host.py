"""Where a job can run: the little that the rest asks of a host."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from foundations_archive.leases import LEASE_SECONDS

Stream = Literal["stdout", "stderr"]

# a courier's exit status: the first three say that it has done all that it had to do
COMPLETED, FAILED, CANCELLED, BROKEN = 0, 1, 2, 70


@dataclass(frozen=True)
class JobRequest:
    """A job that is in the archive and shall run; the archive's places are as the driver spells them.

    The job waits `outage_seconds` for an archive that does not answer. Of a `detached` one nobody awaits the end: its
    host tidies up by itself. A `dry` run is in no archive: this is its spec, as JSON.
    """

    job_id: str
    archive: str
    worker: str
    cache: str | None = None
    s3: Mapping[str, str | None] = field(default_factory=dict, repr=False)
    signing: tuple[str, ...] = field(default=(), repr=False)
    outage_seconds: float = 3600.0
    lease_seconds: float = LEASE_SECONDS
    cache_read_only: bool = False
    detached: bool = False
    dry: str | None = None


@dataclass(frozen=True)
class Ending:
    """How a courier ended: its exit status (None where the host does not know) and what the host says of it."""

    status: int | None
    remark: str | None = None


class RunningJob(Protocol):
    """A job on its host."""

    def output(self) -> Iterator[tuple[Stream, bytes]]:
        """Yield what the courier writes, as it comes, until it has ended."""

    def wait(self) -> Ending:
        """Wait until the courier has ended, and return how."""

    def stop(self) -> None:
        """Ask the courier to end its job, force it after a grace period, and return once it is gone."""

    def remove(self) -> None:
        """Leave nothing of the job on the host; may be repeated."""

    def release(self) -> None:
        """Let a detached job go on without us: what it writes from now on is not read and never holds it up."""


class Host(Protocol):
    """A place that runs jobs."""

    def prepare(self) -> None:
        """Bring the environment that jobs need onto the host, once; raise where it can't be had."""

    def start(self, request: JobRequest) -> RunningJob:
        """Start the courier of a job and hand its order over; raise where the host can't, leaving nothing there."""
