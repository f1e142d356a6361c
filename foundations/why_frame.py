"""`foundations.why`: why the stages of a job were served from the cache or were not, as a frame."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from foundations import excepthook
from foundations.archives import selected_archive, spec_of
from foundations.frames import of_any_text, times_column
from foundations.stage_labels import instead_of
from foundations.stage_reasons import StageReason, labels_of, reasons, stages_named

if TYPE_CHECKING:
    import pandas

_COLUMNS = (
    "stage_id",
    "stage_name",
    "stage_status",
    "verdict",
    "reason",
    "from_job",
    "from_time",
    "kind",
    "name",
    "says",
    "old",
    "new",
    "diff",
)


def why(job_id: str, stage: str | None = None) -> "pandas.DataFrame":
    """Return a frame that says of each stage of a job, or of one, why it was served from the cache or was not.

    A stage that was computed has a row for each thing that differs from the nearest earlier run, every other stage has
    one. `stage` is a name, an id, or `name#place` where several stages have the name. Nothing is unpickled.

    >>> foundations.why(job)[["stage_name", "verdict", "kind", "name", "old", "new"]]

    Raise `KeyError` for an unknown job or stage.
    """
    excepthook.install()
    archive = selected_archive()
    spec = spec_of(archive, job_id)
    ids = None if stage is None else stages_named(spec, stage)
    if stage is not None and not ids:
        raise KeyError(f"job {job_id} has no stage {stage!r}{instead_of(stage, labels_of(spec).values())}")
    import pandas

    rows = [row for one in reasons(archive, spec, archive.record(spec), ids) for row in _rows(one)]
    frame = of_any_text(lambda: pandas.DataFrame(rows, columns=list(_COLUMNS), dtype=object))
    frame["from_time"] = times_column([row["from_time"] for row in rows])
    return frame


def _rows(one: StageReason) -> Iterator[dict[str, Any]]:
    source = one.origin or one.earlier
    row = dict.fromkeys(_COLUMNS) | {
        "stage_id": one.stage.id,
        "stage_name": one.stage.name,
        "stage_status": one.became.status,
        "verdict": one.verdict,
        "reason": one.reason,
        "from_job": source and source.job_id,
        "from_time": source and source.ended,
    }
    for difference in one.differences:
        yield {**row, **difference.plain()}
    if not one.differences:
        yield row
