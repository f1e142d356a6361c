"""The frame of `get_metrics_for_all_jobs`, made by columns: a metric that is a number costs no step for each job."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from foundations.frames import (
    BASE,
    metric_cells,
    narrow_column,
    of_any_text,
    parameter_cells,
    times_column,
    value_or_list,
)
from foundations_archive.columns import Column
from foundations_archive.envelope import untagged
from foundations_archive.groups import Group, Row, grouped, ordered
from foundations_archive.table import Table

if TYPE_CHECKING:
    import numpy
    import pandas

_TIMES = ("start_time", "completed_time")
_FIELDS = dict(zip(BASE, ("project", None, "user", "status", "started", "ended"), strict=True))
_EXACT = 2**53  # from here on a float is not every integer


def metrics_frame(rows: Sequence[Row], *, include_input_params: bool = True) -> "pandas.DataFrame":
    """Return the frame of `get_metrics_for_all_jobs`: one row a job, in the order of `rows`."""
    return _frame(*grouped(rows), include_input_params=include_input_params)


def table_frame(table: Table, *, include_input_params: bool = True) -> "pandas.DataFrame":
    """Return the same of jobs that the index has, oldest first."""
    groups = table.all_groups()
    return _frame(groups, ordered(groups), include_input_params=include_input_params)


@dataclass(frozen=True)
class _Part:
    """The jobs of one shape: where they stand in the frame, and what each column of it has of them."""

    places: "numpy.typing.NDArray[numpy.intp]"
    group: Group
    parameters: Mapping[str, Column]
    arguments: Sequence[tuple[int, str]]
    tags: Sequence[str]
    metrics: Mapping[str, Column]
    cells: Mapping[str, Column]


def _frame(
    groups: Sequence[Group], places: Sequence[Sequence[int]], *, include_input_params: bool
) -> "pandas.DataFrame":
    import pandas

    parts = [_part(group, those) for group, those in zip(groups, places, strict=True)]
    parts.sort(key=lambda part: part.places.min())  # a name has the place that the first job with it gives it
    total = sum(len(part.places) for part in parts)
    columns: dict[str, Any] = {name: _column(parts, name, total) for name in BASE}
    columns |= {name: _column(parts, name, total) for name in _names(parts, include_input_params=include_input_params)}
    frame = of_any_text(lambda: pandas.DataFrame(columns))
    for name in _TIMES:
        frame[name] = times_column(columns[name])
    return frame


def _part(group: Group, places: Sequence[int]) -> _Part:
    import numpy

    shape, (parameters, arguments, tags, metrics) = group.shape, group.parts()
    passed = {f"{name}-{place}": column for (name, place), column in zip(shape.arguments, arguments, strict=True)}
    tagged = {f"tag_{name}": column for name, column in zip(shape.tags, tags, strict=True)}
    given = parameter_cells(dict(zip(shape.parameters, parameters, strict=True)), {*BASE, *passed, *tagged})
    inputs = {**given, **passed, **tagged}
    logged = metric_cells(dict(zip(shape.metrics, metrics, strict=True)), inputs)
    base = {name: column for name, field in _FIELDS.items() if field and (column := group.field(field))}
    base["job_id"] = Column("json", size=len(group.jobs), values=list(group.jobs))
    return _Part(
        places=numpy.array(places, dtype=numpy.intp),
        group=group,
        parameters=given,
        arguments=[(place, f"{name}-{place}") for name, place in shape.arguments],
        tags=list(tagged),
        metrics=logged,
        cells={**base, **inputs, **logged},
    )


def _names(parts: Iterable[_Part], *, include_input_params: bool) -> list[str]:
    """Return the columns behind the base: parameters, then arguments by stage, then tags, then metrics."""
    ordered_parts = list(parts)
    parameters = [name for part in ordered_parts for name in part.parameters]
    arguments = sorted((argument for part in ordered_parts for argument in part.arguments), key=lambda one: one[0])
    inputs = [name for _, name in arguments] if include_input_params else []
    tags = [name for part in ordered_parts for name in part.tags]
    metrics = [name for part in ordered_parts for name in part.metrics]
    return [name for name in dict.fromkeys([*parameters, *inputs, *tags, *metrics]) if name not in BASE]


def _column(parts: Sequence[_Part], name: str, total: int) -> Any:
    """Return one column of the frame, as narrow as its values allow."""
    there = [(part.places, part.cells[name]) for part in parts if name in part.cells]
    if there and all(column.kind in ("f8", "i8") for _, column in there):
        numbers = _numbers(there, total)
        if numbers is not None:
            return numbers
    cells: list[Any] = [None] * total
    for places, column in there:
        for place, cell in zip(places.tolist(), _cells(column), strict=True):
            cells[place] = cell
    return cells if name in _TIMES else narrow_column(cells)


def _numbers(
    there: "Sequence[tuple[numpy.typing.NDArray[numpy.intp], Column]]", total: int
) -> "numpy.typing.NDArray[Any] | None":
    """Return a column of numbers, or None where an integer is too large to stand among floats."""
    import numpy

    arrays = [(places, numpy.frombuffer(column.data, dtype=f"<{column.kind}")) for places, column in there]
    integers = [array for _, array in arrays if array.dtype.kind == "i"]
    if any(array.min() <= -_EXACT or array.max() >= _EXACT for array in integers):
        return None
    whole = len(integers) == len(arrays) and sum(map(len, integers)) == total
    numbers = numpy.zeros(total, dtype="int64") if whole else numpy.full(total, numpy.nan)
    for places, array in arrays:
        numbers[places] = array
    return numbers


def _cells(column: Column) -> list[Any]:
    """Return what the frame shows of each job."""
    if column.kind in ("f8", "i8"):
        return column.values
    if column.kind == "lists":
        return [value_or_list(values) for values in column.values]
    # words, which most of the others are, need no look into each
    return untagged(column.values) if {dict, list} & set(map(type, column.values)) else column.values
