"""Artifacts, listed and written to the disk again."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from foundations.frames import of_any_text, times_column
from foundations.plain import cut_text
from foundations_archive.archive import Archive
from foundations_archive.manifest import Manifest, path_fault
from foundations_archive.records import Artifact, JobRecord, JobSpec
from foundations_archive.unpacking import unpack

if TYPE_CHECKING:
    import pandas

_MOST_NAMED = 20
_COLUMNS = ("key", "stage_id", "stage_name", "kind", "size", "files", "saved_time")


def artifacts_frame(spec: JobSpec, record: JobRecord) -> "pandas.DataFrame":
    """Return a frame with a row for each artifact of a job, in the order in which they were saved."""
    import pandas

    names = {stage.id: stage.name for stage in spec.stages}
    rows = [
        (one.key, stage, names[stage], "folder" if one.folder else "file", one.size, one.files, one.time)
        for stage, one in _saved(record)
    ]
    frame = of_any_text(lambda: pandas.DataFrame(rows, columns=list(_COLUMNS)))
    frame["saved_time"] = times_column(frame["saved_time"])
    return frame


def download(
    archive: Archive, record: JobRecord, key: str, path: str | os.PathLike[str], *, stage_id: str | None = None
) -> Path:
    """Write an artifact to `path`, which must not be there yet, and return that.

    Where several stages have saved one under the key it is the last, or that of `stage_id`. Raise `KeyError`, naming
    what there is, for an artifact that is not there, `FileExistsError` where something is in the way.
    """
    artifact = _found(record, key, stage_id)
    target = Path(path)
    if os.path.lexists(target):
        raise FileExistsError(f"{target} is there already; give the path that the artifact {key!r} shall have")
    target.parent.mkdir(parents=True, exist_ok=True)
    manifest = Manifest.from_bytes(archive.blobs.get(artifact.manifest))
    # beside it and then moved: whoever looks meanwhile finds all of it or nothing
    with tempfile.TemporaryDirectory(prefix=".artifact-", dir=target.parent) as temporary:
        whole = Path(temporary, "artifact")
        unpack(manifest, archive.blobs.get, whole)
        _make_empty(whole, artifact.empty)
        (whole if artifact.folder else Path(whole, manifest.files[0].path)).rename(target)
    return target


def _saved(record: JobRecord) -> list[tuple[str, Artifact]]:
    found = [(stage.id, artifact) for stage in record.stages for artifact in stage.artifacts]
    return sorted(found, key=lambda saved: saved[1].time)


def _found(record: JobRecord, key: str, stage_id: str | None) -> Artifact:
    saved = [(stage, artifact) for stage, artifact in _saved(record) if stage_id in (None, stage)]
    fitting = [artifact for _, artifact in saved if artifact.key == key]
    if not fitting:
        known = ", ".join(sorted({repr(cut_text(artifact.key)) for _, artifact in saved})[:_MOST_NAMED]) or "none"
        where = f"job {record.job_id}" if stage_id is None else f"stage {stage_id!r} of job {record.job_id}"
        raise KeyError(f"{where} has no artifact {key!r}; it has saved {known}")
    return fitting[-1]


def _make_empty(whole: Path, folders: Sequence[str]) -> None:
    for folder in folders:
        if path_fault(folder) is None:  # else nobody of ours has written it
            Path(whole, folder).mkdir(parents=True, exist_ok=True)
