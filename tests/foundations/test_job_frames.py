"""The frame that is made by columns is the one that a step for each job and cell makes."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from foundations.frames import BASE, free_name, times_column, value_or_list
from foundations.job_frames import metrics_frame, table_frame
from foundations_archive.envelope import canonical, untagged
from foundations_archive.groups import Group, grouped, merged
from foundations_archive.packs import Pack, unpacked
from foundations_archive.table import Table

NAN = {"$float": "nan"}
RESULTS = {"job_name", "stage_id", "stage_name", "has_unstructured_result"}


def row_by_row(rows: Sequence[Mapping[str, Any]], *, inputs: bool) -> pandas.DataFrame:
    """The frame of `rows`, as it is defined: cell by cell."""
    parameters = [name for row in rows for name in parameter_cells(row)]
    arguments = sorted(((place, f"{name}-{place}") for row in rows for name, place, _ in row["arguments"]), key=first)
    tags = [f"tag_{name}" for row in rows for name in row["tags"]]
    metrics = [name for row in rows for name in metric_cells(row)]
    names = dict.fromkeys([*parameters, *([name for _, name in arguments] if inputs else []), *tags, *metrics])
    columns: dict[str, list[Any]] = {name: [] for name in (*BASE, *names)}
    for row in rows:
        base = (row["project"], row["job_id"], row["user"], row["status"], row["started"], row["ended"])
        cells = {**dict(zip(BASE, base, strict=True)), **input_cells(row), **metric_cells(row)}
        for name, column in columns.items():
            column.append(cells.get(name))
    frame = pandas.DataFrame({name: one_column(values) for name, values in columns.items()})
    for name in ("start_time", "completed_time"):
        frame[name] = times_column(columns[name])
    return frame


def first(argument: tuple[int, str]) -> int:
    return argument[0]


def parameter_cells(row: Mapping[str, Any]) -> dict[str, Any]:
    arguments = (f"{name}-{place}" for name, place, _ in row["arguments"])
    taken = {*BASE, *arguments, *(f"tag_{name}" for name in row["tags"])}
    return renamed(row["parameters"], "_parameter", taken)


def input_cells(row: Mapping[str, Any]) -> dict[str, Any]:
    arguments = {f"{name}-{place}": untagged(value) for name, place, value in row["arguments"]}
    return {**parameter_cells(row), **arguments, **{f"tag_{name}": untagged(tag) for name, tag in row["tags"].items()}}


def metric_cells(row: Mapping[str, Any]) -> dict[str, Any]:
    metrics = dict(row["metrics"])
    used = {*BASE, *RESULTS, *input_cells(row)}
    named = {free_name(name, "_metric", taken=used, others=metrics): values for name, values in metrics.items()}
    return {name: value_or_list(values) for name, values in named.items()}


def renamed(values: Mapping[str, Any], suffix: str, taken: Collection[str]) -> dict[str, Any]:
    return {free_name(name, suffix, taken=taken, others=values): untagged(value) for name, value in values.items()}


def one_column(values: list[Any]) -> "pandas.Series[Any]":
    kinds = {type(value) for value in values if value is not None}
    mixed = len(kinds) > 1 and not kinds <= {int, float}
    large = any(type(value) is int and value.bit_length() > 53 for value in values)
    return pandas.Series(values, dtype=object if mixed or large or kinds & {list, dict} else None)


floats = st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([NAN, {"$float": "-inf"}, -0.0]))
integers = st.one_of(st.integers(-5, 5), st.sampled_from([2**53 - 1, 2**53, -(2**53), 2**63, 2**100]))
anything = st.one_of(
    floats, integers, st.booleans(), st.none(), st.text(max_size=3), st.lists(integers, max_size=2), st.just({"a": NAN})
)
kinds = st.sampled_from([floats, floats, integers, anything])
NAMES = ["loss", "rate", "status", "x-0", "tag_x", "loss_metric", "stage_id", "user"]
names = st.sampled_from(NAMES)


@st.composite
def rows(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Rows of some shapes, their names such that they meet in all ways."""
    several = st.lists(names, unique=True, max_size=4)
    shapes = draw(st.lists(st.tuples(several, several, several, several, st.booleans()), min_size=1, max_size=3))
    values = {name: draw(kinds) for name in NAMES}
    made = []
    for number in range(draw(st.integers(1, 24))):
        parameters, arguments, tags, metrics, once = draw(st.sampled_from(shapes))
        length = st.just(1) if once else st.integers(0, 3)
        row = {
            "project": "demo",
            "job_id": f"job-{number:02d}",
            "user": draw(st.sampled_from(["me", "ü"])),
            "status": "Completed",
            "created": draw(st.sampled_from([1.0, 2, 3.5])),
            "started": draw(st.sampled_from([None, 1.25, 1_700_000_000])),
            "ended": 1_700_000_000.123456,
            "parameters": {name: draw(values[name]) for name in parameters},
            "arguments": [[name, place // 2, draw(values[name])] for place, name in enumerate(arguments)],
            "tags": {name: draw(values[name]) for name in tags},
            "metrics": [[name, [draw(values[name]) for _ in range(draw(length))]] for name in metrics],
            "sealed": f"jobs/job-{number:02d}/a/1/done.json",
        }
        made.append(json.loads(canonical(row)))
    return made


def packs_of(some: Sequence[Mapping[str, Any]]) -> Iterable[Group]:
    if some:
        pack = Pack.of(merged(grouped(some)[0]), frozenset())
        yield from unpacked(pack.packed(), f"idx/demo/s/{pack.name}").groups


def assert_same(found: pandas.DataFrame, expected: pandas.DataFrame) -> None:
    objects = [name for name in expected if expected[name].dtype == object]
    assert found.dtypes.to_dict() == expected.dtypes.to_dict()
    assert list(found.columns) == list(expected.columns)
    assert_frame_equal(found.drop(columns=objects), expected.drop(columns=objects), check_exact=True)
    for name in objects:  # a NaN within a cell is not equal to itself, and 1 is to True
        assert repr(found[name].tolist()) == repr(expected[name].tolist())


@given(rows(), st.booleans(), st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_packs_and_rows_give_the_frame_that_is_defined_cell_by_cell(
    some: list[dict[str, Any]], inputs: bool, random: Any
) -> None:
    assert_same(metrics_frame(some, include_input_params=inputs), row_by_row(some, inputs=inputs))
    some.sort(key=lambda row: (row["created"], row["job_id"]))
    mixed = random.sample(some, len(some))
    cuts = sorted(random.randrange(len(some) + 1) for _ in range(2))
    groups = [*packs_of(mixed[: cuts[0]]), *packs_of(mixed[cuts[0] : cuts[1]])]
    found = table_frame(Table(groups, mixed[cuts[1] :]), include_input_params=inputs)
    assert_same(found, row_by_row(some, inputs=inputs))


def test_numbers_of_many_jobs_are_not_touched_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    some = [
        {
            "project": "demo",
            "job_id": f"{number:03d}",
            "user": "me",
            "status": "Completed",
            "created": 1.0,
            "started": 1.0,
            "ended": 2.0,
            "parameters": {"depth": number},
            "arguments": [],
            "tags": {},
            "metrics": [["loss", [number / 8]]],
            "sealed": "jobs/a/a/1/done.json",
        }
        for number in range(100)
    ]
    columns: list[int] = []
    real = pandas.Series.__init__

    def counting(self: Any, data: Any = None, *args: Any, **options: Any) -> None:
        columns.append(isinstance(data, list))
        real(self, data, *args, **options)

    groups = list(packs_of(some))
    monkeypatch.setattr(pandas.Series, "__init__", counting)
    frame = table_frame(Table(groups, []))
    assert sum(columns) <= len(BASE)  # words and times alone
    assert (frame["depth"].dtype, frame["loss"].dtype) == ("int64", "float64")
