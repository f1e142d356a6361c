"""Records as pandas frames; nothing is unpickled to build one."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from foundations_archive.envelope import untagged
from foundations_archive.records import Argument, JobRecord, JobSpec, StageRecord, StageSpec

if TYPE_CHECKING:
    import pandas

BASE = ("project_name", "job_id", "user", "status", "start_time", "completed_time")

_INFORMATION = (
    "project_name",
    "job_name",
    "stage_status",
    "stage_id",
    "parent_ids",
    "stage_name",
    "args",
    "kwargs",
    "start_time",
    "end_time",
    "delta_time",
)
_RESULTS = ("job_name", "stage_id", "stage_name", "has_unstructured_result")

_Cell = TypeVar("_Cell")
_Made = TypeVar("_Made")


def information_frame(jobs: Iterable[tuple[JobSpec, JobRecord]]) -> "pandas.DataFrame":
    """Return the frame of `ResultReader.get_job_information`: one row a stage."""
    import pandas

    rows = []
    for spec, record in jobs:
        names = {stage.id: stage.name for stage in spec.stages}
        given = {**spec.parameters, **record.parameters}
        parameters = {name: untagged(value) for name, value in parameter_cells(given, _INFORMATION).items()}
        for stage, became in zip(spec.stages, record.stages, strict=True):
            rows.append({**_stage_row(spec, stage, became, names), **parameters})
    frame = of_any_text(lambda: pandas.DataFrame(rows, columns=_with_more(_INFORMATION, rows)))
    for name in ("start_time", "end_time"):
        frame[name] = times_column([row[name] for row in rows])
    frame["delta_time"] = frame["end_time"] - frame["start_time"]
    return frame


def results_frame(jobs: Iterable[tuple[JobSpec, JobRecord]]) -> "pandas.DataFrame":
    """Return the frame of `ResultReader.get_results`: one row a stage that logged a metric or kept its output."""
    import pandas

    rows = []
    for spec, record in jobs:
        metrics: dict[str, dict[str, list[Any]]] = {}
        for series in record.metrics:
            metrics.setdefault(series.stage, {}).setdefault(series.key, []).extend(series.values)
        for stage, became in zip(spec.stages, record.stages, strict=True):
            kept = became.value is not None
            if stage.id in metrics or kept:
                base = dict(zip(_RESULTS, (spec.job_id, stage.id, stage.name, kept), strict=True))
                cells = metric_cells(metrics.get(stage.id, {}), base)
                rows.append({**base, **{name: value_or_list(values) for name, values in cells.items()}})
    names = _with_more(_RESULTS, rows)
    columns = {name: narrow_column([row.get(name) for row in rows]) for name in names}
    return of_any_text(lambda: pandas.DataFrame(columns, columns=names))


def value_or_list(values: Sequence[Any]) -> Any:
    """Return what a metric is to its user: its value, or the list of its values where there are several."""
    return untagged(values[0] if len(values) == 1 else list(values))


def parameter_cells(parameters: Mapping[str, _Cell], taken: Collection[str]) -> dict[str, _Cell]:
    """Return what each parameter has under its name; behind it stands `_parameter` where a column has that name."""
    return {free_name(name, "_parameter", taken=taken, others=parameters): cell for name, cell in parameters.items()}


def metric_cells(metrics: Mapping[str, _Cell], taken: Iterable[str]) -> dict[str, _Cell]:
    """Return what each metric has under its name; behind it stands `_metric` where a column has that name."""
    used = {*BASE, *_RESULTS, *taken}
    return {free_name(name, "_metric", taken=used, others=metrics): cell for name, cell in metrics.items()}


def free_name(name: str, suffix: str, *, taken: Collection[str], others: Collection[str]) -> str:
    """Return `name`, with `suffix` behind it where it is `taken`, so often that it is none of the `others` either."""
    free = name
    while free in taken or (free != name and free in others):
        free += suffix
    return free


def times_column(seconds: Iterable[float | None]) -> "pandas.Series[pandas.Timestamp]":
    """Return seconds since 1970 as a column of times that have a time zone."""
    import pandas

    times = pandas.to_datetime(pandas.Series(list(seconds), dtype="float64"), unit="s", utc=True)
    return times.dt.round("us").dt.as_unit("us")


def _stage_row(spec: JobSpec, stage: StageSpec, became: StageRecord, names: Mapping[str, str]) -> dict[str, Any]:
    def cell(argument: Argument) -> Any:
        return names[argument.stage] if argument.stage is not None else untagged(argument.value)

    return {
        "project_name": spec.project,
        "job_name": spec.job_id,
        "stage_status": became.status,
        "stage_id": stage.id,
        "parent_ids": list(stage.parents),
        "stage_name": stage.name,
        "args": [cell(argument) for argument in stage.arguments if argument.place is not None],
        "kwargs": {argument.name: cell(argument) for argument in stage.arguments if argument.place is None},
        "start_time": became.started,
        "end_time": became.ended,
    }


def _with_more(base: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys([*base, *(name for row in rows for name in row)]))


def narrow_column(values: list[Any]) -> "pandas.Series[Any]":
    """Return a column as narrow as its values allow, but never one that changes a value to fit another."""
    import pandas

    kinds = {type(value) for value in values if value is not None}
    mixed = len(kinds) > 1 and not kinds <= {int, float}
    large = int in kinds and any(type(value) is int and value.bit_length() > 53 for value in values)
    dtype = object if mixed or large or kinds & {list, dict} else None
    return of_any_text(lambda: pandas.Series(values, dtype=dtype))


def of_any_text(make: Callable[[], _Made]) -> _Made:
    """Return what `make` makes with pandas; where that has pyarrow, it takes only texts that are whole Unicode."""
    import pandas

    try:
        return make()
    except UnicodeEncodeError:
        with pandas.option_context("mode.string_storage", "python"):
            return make()
