"""What a worker is told first: the job, and the environment in which it runs."""

from collections.abc import Iterator
from typing import Any

from foundations_archive.archive import Archive
from foundations_archive.records import JobSpec
from foundations_runner.order import Order


def job_message(spec: JobSpec, order: Order, *, root: str, mark: str) -> dict[str, Any]:
    """Return the message that hands a job over; the bytes of its graph follow it."""
    return {
        "say": "job",
        "job_id": spec.job_id,
        "root": root,
        "paths": list(spec.paths),
        "python": spec.python,
        "bundle": spec.bundle,
        "environment_key": order.environment_key,
        "directory": spec.directory,
        "parameters": {name: spec.parameters[name] for name in spec.given},
        "error_verbosity": spec.error_verbosity,
        "mark": mark,
        "concurrency": dict(spec.concurrency),
        "cached": any(stage.cached for stage in spec.stages),
        "cache_read_only": order.cache_read_only,
        "dry": order.dry is not None,
    }


def graph_of(archive: Archive, spec: JobSpec) -> Iterator[bytes]:
    """Yield the bytes of a job's graph, as the archive holds them."""
    for buffer in spec.graph.buffers:
        yield from archive.blobs.get_buffer(buffer)
