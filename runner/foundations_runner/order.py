"""What a courier is told when it starts: over its standard input, so that no credential is ever written down."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any, BinaryIO, Self

from foundations_archive.leases import LEASE_SECONDS
from foundations_runner.host import JobRequest

_LENGTH_BYTES = 8


@dataclass(frozen=True)
class Order:
    """Everything that a courier needs and that is not in the archive.

    Paths are those of the courier's own file system. `owner` is who the files of a directory archive shall
    belong to, `worker_user` who the user's code runs as; None keeps the courier's own user. A `temporary` directory is
    the courier's to delete: its driver may be gone when the job ends. `signing` holds the secrets of a `SigningKey`.
    Of a dry run, which is in no archive, `dry` is the job's spec.
    """

    job_id: str
    archive: str
    runtime: str
    directory: str
    python: str
    worker: str
    environment_key: str | None = None
    image: str | None = None
    s3: dict[str, str | None] = field(default_factory=dict, repr=False)
    cache: str | None = None
    owner: tuple[int, int] | None = None
    worker_user: int | None = None
    private: str | None = None
    memory: str | None = None
    temporary: bool = False
    signing: tuple[str, ...] = field(default=(), repr=False)
    outage_seconds: float = 3600.0
    lease_seconds: float = LEASE_SECONDS
    cache_read_only: bool = False
    dry: str | None = None

    @classmethod
    def of(cls, request: JobRequest, *, runtime: str, directory: str, python: str) -> Self:
        """Return what the courier of a request is told where it sees the file system that the driver sees."""
        return cls(
            job_id=request.job_id,
            archive=request.archive,
            cache=request.cache,
            s3=dict(request.s3),
            signing=request.signing,
            outage_seconds=request.outage_seconds,
            lease_seconds=request.lease_seconds,
            cache_read_only=request.cache_read_only,
            dry=request.dry,
            runtime=runtime,
            directory=directory,
            python=python,
            worker=request.worker,
        )

    def encoded(self) -> bytes:
        """Return the order as the bytes that `read` understands."""
        text = json.dumps(asdict(self)).encode()
        return len(text).to_bytes(_LENGTH_BYTES, "big") + text

    @classmethod
    def read(cls, stream: BinaryIO) -> Self:
        """Return the order that comes over `stream`; raise `EOFError` when the driver went away before."""
        size = int.from_bytes(_exactly(stream, _LENGTH_BYTES), "big")
        body: dict[str, Any] = json.loads(_exactly(stream, size))
        owner, signing = body.pop("owner"), body.pop("signing")
        return cls(**body, owner=tuple(owner) if owner else None, signing=tuple(signing))


def _exactly(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    if len(data) != size:
        raise EOFError("the driver went away before it had handed the job over")
    return data
