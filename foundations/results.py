"""Persisted results, read back."""

from typing import Any

from foundations.values import decode
from foundations_archive.archive import Archive
from foundations_archive.errors import NotArchived
from foundations_archive.records import JobRecord, JobSpec, Value


def result_of(archive: Archive, spec: JobSpec, record: JobRecord, stage_id: str) -> Any:
    """Return a stage's persisted result.

    Raise `ValueError` where it was not persisted or the stage did not run, `TypeError` where it could not be
    serialized; each names stage and job.
    """
    name = next(stage.name for stage in spec.stages if stage.id == stage_id)
    stage = next(stage for stage in record.stages if stage.id == stage_id)
    if stage.unserializable:
        raise TypeError(
            f"the result of stage {name} in job {spec.job_id} was not kept, it could not be serialized: "
            f"{stage.unserializable}"
        )
    if stage.value is None:
        raise ValueError(
            f"job {spec.job_id} holds no result of stage {name} ({stage.status}); call persist() on the stage "
            "before it is run"
        )
    return load_value(archive, stage.value)


def load_value(archive: Archive, value: Value) -> Any:
    """Return a value that the archive holds; it is unpickled, which runs code of whoever wrote it."""
    if value.inline is not None:
        return decode(value.encoding, [value.inline.encode()])
    return decode(value.encoding, [_buffer(archive, number, value) for number in range(len(value.buffers))])


def _buffer(archive: Archive, number: int, value: Value) -> bytearray:
    try:
        return archive.blobs.read(value.buffers[number])
    except NotArchived:
        # the result of a cached stage, whose cache has a store of its own
        return archive.cache_blobs.read(value.buffers[number])
