"""Persisted results, read back."""

from typing import Any

from foundations.values import HARMLESS, decode
from foundations_archive.archive import Archive
from foundations_archive.errors import ArchiveDamaged, NotArchived
from foundations_archive.records import StageRecord, StageSpec, Value


def result_of(archive: Archive, job_id: str, stage: StageSpec, *, became: StageRecord) -> Any:
    """Return a stage's persisted result.

    Raise `ValueError` where it was not persisted or the stage did not run, `TypeError` where it could not be
    serialized; each names stage and job.
    """
    if became.unserializable:
        raise TypeError(
            f"the result of stage {stage.name} in job {job_id} was not kept, it could not be serialized: "
            f"{became.unserializable}"
        )
    if became.value is None:
        raise ValueError(
            f"job {job_id} holds no result of stage {stage.name} ({became.status}); call persist() on the stage "
            "before it is run"
        )
    return load_value(archive, _vouched(archive, job_id, stage.id, became.value))


def _vouched(archive: Archive, job_id: str, stage_id: str, value: Value) -> Value:
    """Return a pickled value as signed records name it; raise `ArchiveUntrusted` where they are not signed.

    Without a signing key, and where nothing is unpickled, it is the value that was read.
    """
    if archive.signing is None or value.encoding in HARMLESS:
        return value
    strict = archive.trusting()
    record = strict.record(strict.spec(job_id))
    signed = next((stage.value for stage in record.stages if stage.id == stage_id), None)
    if signed is None:
        raise ArchiveDamaged(f"the signed records of job {job_id} hold no result of stage {stage_id}")
    return signed


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
