"""Records as frames."""

import json
import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import pandas
import pytest

from foundations.frames import information_frame, results_frame
from foundations.job_frames import metrics_frame
from foundations_archive.records import (
    Argument,
    Buffer,
    JobRecord,
    JobSpec,
    StageRecord,
    StageSpec,
    Value,
    plain,
    row_of,
)
from foundations_archive.series import Series

BASE = ["project_name", "job_id", "user", "status", "start_time", "completed_time"]
NAN = {"$float": "nan"}

LOAD = StageSpec("1", "incr_by_10", "models.model:incr_by_10", (), (Argument("x", 20, place=0),))
MULT = StageSpec(
    "2",
    "mult",
    "models.model:mult",
    ("1",),
    (Argument("x", 20, place=0), Argument("y", stage="1", place=1)),
    persisted=True,
)


def a_spec(job_id: str = "job", *, stages: Sequence[StageSpec] = (LOAD, MULT), **fields: Any) -> JobSpec:
    fields = {"project": "demo_project", "created": 1.0, "parameters": {}, "tags": {}, **fields}
    return JobSpec(
        job_id=job_id,
        user="me",
        target="2",
        stages=tuple(stages),
        graph=Value("pickle5"),
        bundle="",
        paths=(),
        directory=".",
        python="3.11",
        environment="local",
        **fields,
    )


def a_record(job_id: str = "job", *, metrics: Sequence[tuple[str, Any]] = (), **fields: Any) -> JobRecord:
    stages = (StageRecord("1", "succeeded", 1.0, 1.5, 0.5), StageRecord("2", "succeeded", 1.5, 3.0, 1.5))
    fields = {"state": "Completed", "started": 1.0, "ended": 3.0, "stages": stages, **fields}
    return JobRecord(job_id, metrics=tuple(Series("2", key, (value,), (2.0,)) for key, value in metrics), **fields)


def a_row(
    job_id: str = "job",
    *,
    metrics: Sequence[tuple[str, Any]] = (),
    spec: Mapping[str, Any] = MappingProxyType({}),
    **fields: Any,
) -> dict[str, Any]:
    row = row_of(a_spec(job_id, **spec), a_record(job_id, metrics=metrics, **fields))
    return json.loads(json.dumps(plain(row), allow_nan=False))


def test_the_guides_row() -> None:
    frame = metrics_frame([a_row(metrics=[("x", 20), ("y", 30), ("output", 600)])])
    assert list(frame.columns) == [*BASE, "x-0", "x-1", "y-1", "x", "y", "output"]
    assert frame.iloc[0, :4].tolist() == ["demo_project", "job", "me", "Completed"]
    assert frame.iloc[0, 6:].tolist() == [20, 20, "incr_by_10", 20, 30, 600]
    assert frame["start_time"][0] == pandas.Timestamp("1970-01-01T00:00:01Z")
    assert frame["completed_time"][0] == pandas.Timestamp("1970-01-01T00:00:03Z")


def test_times_have_a_zone_and_microseconds() -> None:
    frame = metrics_frame([a_row(started=1_700_000_000.123456, ended=None)])
    assert str(frame["start_time"].dtype) == str(frame["completed_time"].dtype) == "datetime64[us, UTC]"
    assert frame["start_time"][0].isoformat() == "2023-11-14T22:13:20.123456+00:00"
    assert frame["completed_time"][0] is pandas.NaT


def test_a_repeated_metric_is_the_list_of_its_values_and_one_value_a_scalar() -> None:
    frame = metrics_frame([a_row("a", metrics=[("loss", 0.5), ("loss", 0.25)]), a_row("b", metrics=[("loss", 1)])])
    assert frame["loss"].tolist() == [[0.5, 0.25], 1]


def test_a_metric_that_is_a_list_stays_one() -> None:
    frame = metrics_frame([a_row(metrics=[("once", [1, [2]]), ("twice", [1]), ("twice", [NAN])])])
    assert frame["once"][0] == [1, [2]]
    assert frame["twice"][0][0] == [1]
    assert math.isnan(frame["twice"][0][1][0])


def test_integers_stay_integers_where_every_job_has_them() -> None:
    frame = metrics_frame([a_row("a", metrics=[("n", 1)]), a_row("b", metrics=[("n", 2)])])
    assert frame["n"].dtype == "int64"


@pytest.mark.parametrize(
    "values", [[2**63, 1], [2**53 + 1, None], [2**53 + 1, 0.5], [-(2**100), 1], [2**53 + 1, 1], [True, 1], [True, None]]
)
def test_no_value_is_changed_to_fit_a_column(values: list[Any]) -> None:
    rows = [a_row(str(n), metrics=[] if value is None else [("n", value)]) for n, value in enumerate(values)]
    column = metrics_frame(rows)["n"].tolist()
    for value, shown in zip(values, column, strict=True):
        assert pandas.isna(shown) if value is None else (shown == value and isinstance(shown, type(value)))


def test_a_metric_that_a_job_lacks_is_missing_and_nan_is_nan() -> None:
    frame = metrics_frame([a_row("a", metrics=[("loss", NAN)]), a_row("b"), a_row("c", metrics=[("loss", 0.5)])])
    assert frame["loss"].dtype == "float64"
    assert frame["loss"].isna().tolist() == [True, True, False]
    words = metrics_frame([a_row("a", metrics=[("word", "x")]), a_row("b")])["word"]
    assert words.isna().tolist() == [False, True]


def test_infinities_and_nan_in_lists_come_back() -> None:
    frame = metrics_frame([a_row(metrics=[("m", {"$float": "inf"}), ("n", [{"$float": "-inf"}, NAN])])])
    assert frame["m"][0] == math.inf
    assert frame["n"][0][0] == -math.inf
    assert math.isnan(frame["n"][0][1])


@pytest.mark.parametrize("name", [*BASE, "x-0", "y-1", "rate", "tag_owner"])
def test_a_metric_named_like_another_column_says_that_it_is_a_metric(name: str) -> None:
    fields = {"parameters": {"rate": 0.5}, "tags": {"owner": "me"}}
    frame = metrics_frame([a_row(metrics=[(name, "logged")], spec=fields)])
    assert frame[f"{name}_metric"][0] == "logged"
    assert frame[name][0] != "logged"
    assert list(frame.columns).count(name) == 1


def test_metrics_of_a_name_and_of_the_name_that_it_would_get_are_both_there() -> None:
    frame = metrics_frame([a_row(metrics=[("status", 1), ("status_metric", 2)])])
    assert frame["status"][0] == "Completed"
    assert sorted(frame[name][0] for name in frame.columns if name.startswith("status_metric")) == [1, 2]


@pytest.mark.parametrize("name", [*BASE, "x-0", "tag_owner"])
def test_a_parameter_named_like_another_column_says_that_it_is_a_parameter(name: str) -> None:
    fields = {"parameters": {name: "passed", "rate": 0.5}, "tags": {"owner": "me"}}
    frame = metrics_frame([a_row(spec=fields)])
    assert frame[f"{name}_parameter"][0] == "passed"
    assert frame[name][0] != "passed"
    assert list(frame.columns).count(name) == 1


def test_columns_are_parameters_then_arguments_then_tags_then_metrics() -> None:
    fields = {"parameters": {"rate": 0.5, "depth": 3}, "tags": {"owner": "me"}}
    frame = metrics_frame([a_row(metrics=[("loss", 1)], spec=fields)])
    assert list(frame.columns[6:]) == ["rate", "depth", "x-0", "x-1", "y-1", "tag_owner", "loss"]
    assert frame.iloc[0, 6:9].tolist() == [0.5, 3, 20]
    assert frame["tag_owner"][0] == "me"


def test_input_parameters_can_be_left_out() -> None:
    rows = [a_row(metrics=[("loss", 1)], spec={"parameters": {"rate": 0.5}})]
    assert list(metrics_frame(rows, include_input_params=False).columns) == [*BASE, "rate", "loss"]


def test_jobs_keep_their_order_and_columns_of_one_are_missing_in_the_others() -> None:
    only_load = {"stages": (LOAD,)}
    rows = [a_row("b", metrics=[("late", 1)]), a_row("a", metrics=[("early", 2)], spec=only_load)]
    frame = metrics_frame(rows)
    assert frame["job_id"].tolist() == ["b", "a"]
    assert list(frame.columns[6:]) == ["x-0", "x-1", "y-1", "late", "early"]
    assert frame["x-1"].isna().tolist() == [False, True]


def test_arguments_sort_by_the_place_of_their_stage() -> None:
    stages = [StageSpec(str(n), "f", "m:f", (), (Argument("a", n, place=0),)) for n in range(12)]
    frame = metrics_frame([a_row("one", spec={"stages": stages[:1]}), a_row("all", spec={"stages": stages})])
    assert list(frame.columns[6:]) == [f"a-{n}" for n in range(12)]


@pytest.mark.parametrize("value", [None, True, "text", [1, 2], {"a": 1}, NAN, 2**100, [[NAN]], "\ud800"])
def test_any_argument_has_a_cell(value: Any) -> None:
    stage = StageSpec("1", "f", "m:f", (), (Argument("a", value, place=0),))
    frame = metrics_frame([a_row(spec={"stages": (stage,)}), a_row("other", spec={"stages": (LOAD,)})])
    cell = frame["a-0"][0]
    assert pandas.isna(cell) if value in (None, NAN) else repr(cell) == repr(value).replace(repr(NAN), "nan")


@pytest.mark.parametrize("text", ["", "grüße 🎉", "\ud800", "a\0b", "line\nline", "x" * 10_000])
def test_any_text_is_a_metric(text: str) -> None:
    frame = metrics_frame([a_row(metrics=[("word", text), (f"key {text[:9]}", 1)])])
    assert frame["word"][0] == text
    assert frame[f"key {text[:9]}"][0] == 1


def test_a_job_that_has_not_begun_has_a_row() -> None:
    frame = metrics_frame([a_row(state="Queued", started=None, ended=None)])
    assert frame["status"][0] == "Queued"
    assert frame["start_time"][0] is pandas.NaT


def test_no_jobs_are_a_frame_without_rows() -> None:
    frame = metrics_frame([])
    assert list(frame.columns) == BASE
    assert len(frame) == 0
    assert str(frame["start_time"].dtype) == "datetime64[us, UTC]"


def test_a_row_of_any_job_in_a_mixed_project_can_be_read() -> None:
    rows = [a_row(str(n), metrics=[("m", value)]) for n, value in enumerate([1, "a", None, [1], True, NAN, 0.5])]
    assert len(metrics_frame(rows)["m"]) == 7


INFORMATION = [
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
]


def test_information_has_a_row_a_stage() -> None:
    frame = information_frame([(a_spec(), a_record())])
    assert list(frame.columns) == INFORMATION
    first, second = frame.to_dict("records")
    assert (first["stage_name"], first["stage_id"], first["parent_ids"]) == ("incr_by_10", "1", [])
    assert (second["stage_name"], second["stage_id"], second["parent_ids"]) == ("mult", "2", ["1"])
    assert (second["args"], second["kwargs"]) == ([20, "incr_by_10"], {})
    assert second["start_time"] == pandas.Timestamp("1970-01-01T00:00:01.5Z")
    assert second["delta_time"] == pandas.Timedelta(seconds=1.5)
    assert {first["project_name"], first["job_name"], first["stage_status"]} == {"demo_project", "job", "succeeded"}


def test_information_has_keywords_and_defaults_apart_from_places() -> None:
    arguments = (Argument("a", 1, place=0), Argument("b", stage="1"), Argument("c", NAN))
    stage = StageSpec("2", "f", "m:f", ("1",), arguments)
    row = information_frame([(a_spec(stages=(LOAD, stage)), a_record())]).to_dict("records")[1]
    assert row["args"] == [1]
    assert row["kwargs"]["b"] == "incr_by_10"
    assert math.isnan(row["kwargs"]["c"])


def test_information_has_a_column_a_parameter() -> None:
    jobs = [(a_spec("a", parameters={"rate": 0.5}), a_record("a")), (a_spec("b"), a_record("b"))]
    frame = information_frame(jobs)
    assert list(frame.columns) == [*INFORMATION, "rate"]
    assert frame["rate"].isna().tolist() == [False, False, True, True]


def test_a_parameter_of_a_columns_name_says_that_it_is_a_parameter() -> None:
    jobs = [(a_spec("a", parameters={"args": 1, "stage_id": NAN}), a_record("a"))]
    frame = information_frame(jobs)
    assert list(frame.columns) == [*INFORMATION, "args_parameter", "stage_id_parameter"]
    assert frame["args"][0] == [20]
    assert frame["args_parameter"][0] == 1


def test_information_of_stages_that_did_not_run_has_no_times() -> None:
    stages = (StageRecord("1", "failed", 1.0, 2.0, 1.0, "Traceback"), StageRecord("2", "skipped"))
    frame = information_frame([(a_spec(), a_record(state="Failed", stages=stages))])
    assert frame["stage_status"].tolist() == ["failed", "skipped"]
    assert frame["end_time"].isna().tolist() == [False, True]
    assert frame["delta_time"].isna().tolist() == [False, True]


def test_information_of_no_jobs_is_a_frame_without_rows() -> None:
    frame = information_frame([])
    assert list(frame.columns) == INFORMATION
    assert str(frame["start_time"].dtype) == "datetime64[us, UTC]"


RESULTS = ["job_name", "stage_id", "stage_name", "has_unstructured_result"]


def test_results_have_a_row_a_stage_that_left_something() -> None:
    kept = Value("pickle5", (Buffer(1, ("digest",)),))
    stages = (StageRecord("1", "succeeded", value=kept), StageRecord("2", "succeeded"))
    record = a_record(metrics=[("loss", 0.5), ("loss", 0.25), ("n", 3)], stages=stages)
    nothing = a_record("other", stages=(StageRecord("1", "succeeded"), StageRecord("2", "not run")))
    frame = results_frame([(a_spec(), record), (a_spec("other"), nothing)])
    assert list(frame.columns) == [*RESULTS, "loss", "n"]
    assert frame["stage_name"].tolist() == ["incr_by_10", "mult"]
    assert frame["has_unstructured_result"].tolist() == [True, False]
    assert frame["loss"][1] == [0.5, 0.25]
    assert pandas.isna(frame["loss"][0])


def test_results_with_a_metric_named_like_a_column_say_that_it_is_a_metric() -> None:
    frame = results_frame([(a_spec(), a_record(metrics=[("stage_name", 1), ("job_name", 2)]))])
    assert (frame["stage_name"][0], frame["stage_name_metric"][0], frame["job_name_metric"][0]) == ("mult", 1, 2)


def test_results_of_no_jobs_are_a_frame_without_rows() -> None:
    assert list(results_frame([]).columns) == RESULTS
    assert len(results_frame([(a_spec(), a_record())])) == 0


def test_what_a_job_has_logged_of_itself_counts_more_than_what_its_driver_has() -> None:
    spec = {"tags": {"who": "driver", "set": 1}, "parameters": {"rate": 0.1, "steps": 3}}
    row = a_row(spec=spec, tags={"who": "job", "odd": NAN}, parameters={"rate": 0.2, "layers": [1]})
    frame = metrics_frame([row])
    assert list(frame.columns[6:9]) == ["rate", "steps", "layers"]
    assert frame.loc[0, ["rate", "steps", "tag_who", "tag_set"]].tolist() == [0.2, 3, "job", 1]
    assert frame["layers"][0] == [1]
    assert math.isnan(frame["tag_odd"][0])


def test_parameters_that_a_job_has_logged_are_beside_its_stages() -> None:
    frame = information_frame([(a_spec(parameters={"rate": 0.1}), a_record(parameters={"rate": 0.2}))])
    assert frame["rate"].tolist() == [0.2, 0.2]
