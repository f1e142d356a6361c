"""A handle on a job, which reads the archive and nothing else."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from foundations import Deployment, JobFailedError
from foundations.deployment import raise_unless_completed
from foundations_archive.archive import Archive
from foundations_archive.records import JobRecord, JobSpec, StageRecord, Value
from foundations_archive.series import Series

PutJob = Callable[..., JobSpec]


def of(archive: Archive, spec: JobSpec) -> Deployment:
    return Deployment(archive, spec)


def kept(inline: str) -> tuple[StageRecord, StageRecord]:
    value = Value("json", inline=inline)
    return StageRecord("first", "succeeded"), StageRecord("second", "succeeded", value=value)


@pytest.mark.parametrize("state", ["Queued", "Running", "Completed", "Failed", "Cancelled"])
def test_the_status_is_what_the_archive_holds(archive: Archive, put_job: PutJob, state: str) -> None:
    deployment = of(archive, put_job("job", state=state))
    assert deployment.job_name() == "job"
    assert repr(deployment) == "<deployment of job job>"
    assert deployment.get_job_status() == state
    assert deployment.is_job_complete() == (state not in ("Queued", "Running"))


def test_a_job_whose_courier_stopped_reporting_is_lost_and_so_complete(archive: Archive, put_job: PutJob) -> None:
    deployment = of(archive, put_job("job", state="Running"))
    marker = Path(archive.location) / "live" / "demo" / "job"
    long_ago = time.time() - 3600
    os.utime(marker, (long_ago, long_ago))
    assert deployment.get_job_status() == "Lost"
    assert deployment.is_job_complete()
    deployment.wait_for_deployment_to_complete()
    with pytest.raises(JobFailedError, match="job job lost"):
        deployment.result()


def test_waiting_for_a_job_that_has_ended_returns_at_once(
    archive: Archive, put_job: PutJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sleep(seconds: float) -> None:
        raise AssertionError(seconds)

    monkeypatch.setattr(time, "sleep", sleep)
    of(archive, put_job("job")).wait_for_deployment_to_complete()


def test_waiting_looks_as_often_as_asked(archive: Archive, put_job: PutJob, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = put_job("job", state="Running")
    slept = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            archive.finish(spec, JobRecord("job", "Failed"), attempt="x")

    monkeypatch.setattr(time, "sleep", sleep)
    of(archive, spec).wait_for_deployment_to_complete(wait_seconds=7.5)
    assert slept == [7.5] * 3


def test_the_log_has_what_was_written_to_either_stream_and_the_traceback_in_order(
    archive: Archive, put_job: PutJob
) -> None:
    spec = put_job("job", state="Running")
    lines = [("stdout", "one"), ("stderr", ""), ("stdout", "grüße"), ("error", "Traceback")]
    events = [{"n": n, "event": "log", "stream": stream, "text": text} for n, (stream, text) in enumerate(lines)]
    archive.append("job", "attempt", 0, events[:1])
    archive.append(
        "job", "attempt", 1, [{"n": 9, "event": "stage started", "stage": "first", "time": 1.0}, *events[1:]]
    )
    assert of(archive, spec).get_job_logs() == "one\n\ngrüße\nTraceback\n"


def test_a_job_that_has_written_nothing_has_an_empty_log(archive: Archive, put_job: PutJob) -> None:
    assert of(archive, put_job("job", state="Queued")).get_job_logs() == ""


def test_its_results_are_its_row_of_the_frame(archive: Archive, put_job: PutJob) -> None:
    put_job("other")
    spec = put_job("job", metrics=[Series("second", "loss", (0.5,), (1.0,))])
    frame = of(archive, spec).fetch_job_results()
    assert frame["job_id"].tolist() == ["job"]
    assert frame["loss"].tolist() == [0.5]


def test_a_metric_is_its_value_or_the_list_of_its_values(archive: Archive, put_job: PutJob) -> None:
    metrics = [("loss", 0.5), ("n", 3), ("loss", {"$float": "inf"}), ("words", ["a"])]
    spec = put_job("job", metrics=[Series("second", key, (value,), (1.0,)) for key, value in metrics])
    deployment = of(archive, spec)
    assert deployment.get_metric("n") == 3
    assert deployment.get_metric("loss") == [0.5, float("inf")]
    assert deployment.get_metric("words") == ["a"]


def test_what_became_of_a_job_that_completed_is_read_once(archive: Archive, put_job: PutJob) -> None:
    spec = put_job("job", metrics=[Series("second", "n", (3,), (1.0,))])
    deployment = of(archive, spec)
    assert deployment.get_metric("n") == 3
    for key in [entry.key for entry in archive.store.list(f"jobs/{spec.job_id}/")]:
        archive.store.delete(key)
    assert deployment.get_metric("n") == 3


def test_a_job_that_was_taken_for_dead_may_still_complete(archive: Archive, put_job: PutJob) -> None:
    spec = put_job("job", state="Failed", error="gone")
    deployment = of(archive, spec)
    assert deployment.fetch_job_results()["status"].tolist() == ["Failed"]
    record = JobRecord("job", "Completed", stages=archive.record(spec).stages)
    archive.finish(spec, record, attempt="0")
    assert deployment.fetch_job_results()["status"].tolist() == ["Completed"]


def test_an_unknown_metric_names_those_that_there_are(archive: Archive, put_job: PutJob) -> None:
    spec = put_job("job", metrics=[Series("second", key, (1,), (1.0,)) for key in ("loss", "accuracy", "loss")])
    with pytest.raises(KeyError, match="job job has no metric 'los'; it has logged accuracy, loss"):
        of(archive, spec).get_metric("los")
    with pytest.raises(KeyError, match="job bare has no metric 'loss'; it has logged none"):
        of(archive, put_job("bare")).get_metric("loss")


@pytest.mark.parametrize(("inline", "value"), [("600", 600), ("null", None), ('{"a":[1]}', {"a": [1]})])
def test_the_result_is_that_of_the_stage_that_was_run(
    archive: Archive, put_job: PutJob, inline: str, value: Any
) -> None:
    assert of(archive, put_job("job", stages=kept(inline))).result() == value


def test_a_result_that_was_not_persisted_says_what_to_do(archive: Archive, put_job: PutJob) -> None:
    with pytest.raises(ValueError) as raised:
        of(archive, put_job("job")).result()
    assert str(raised.value) == (
        "job job holds no result of stage train (succeeded); call persist() on the stage before it is run"
    )


def test_a_result_that_could_not_be_serialized_names_stage_and_job(archive: Archive, put_job: PutJob) -> None:
    ran = (StageRecord("first", "succeeded"), StageRecord("second", "succeeded", unserializable="lock: can't"))
    with pytest.raises(TypeError, match="the result of stage train in job job was not kept"):
        of(archive, put_job("job", stages=ran)).result()


@pytest.mark.parametrize(
    ("state", "text"),
    [("Running", "job job running"), ("Queued", "job job queued"), ("Cancelled", "job job cancelled")],
)
def test_there_is_no_result_of_a_job_that_did_not_complete(
    archive: Archive, put_job: PutJob, state: str, text: str
) -> None:
    with pytest.raises(JobFailedError) as raised:
        of(archive, put_job("job", state=state)).result()
    assert str(raised.value) == f"job job {state.lower()}"
    assert (raised.value.job_id, raised.value.state, raised.value.stage) == ("job", state, None)


def test_a_failed_job_raises_the_users_own_traceback(archive: Archive, put_job: PutJob) -> None:
    ran = (StageRecord("first", "failed", error="Traceback ..."), StageRecord("second", "skipped"))
    spec = put_job("job", state="Failed", error="Traceback ...", stages=ran)
    with pytest.raises(JobFailedError) as raised:
        raise_unless_completed(spec, archive.record(spec))
    assert str(raised.value) == "job job failed in stage load\n\nTraceback ..."
    assert raised.value.stage == "first"
    assert isinstance(raised.value, RuntimeError)


def test_a_completed_job_raises_nothing(archive: Archive, put_job: PutJob) -> None:
    spec = put_job("job")
    raise_unless_completed(spec, archive.record(spec))


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf"), "1", None, True])
def test_a_pause_that_is_none_is_refused_before_anything_is_waited_for(
    archive: Archive, put_job: PutJob, seconds: Any
) -> None:
    deployment = of(archive, put_job("job"))
    for wait in (deployment.wait_for_deployment_to_complete, deployment.stream_job_logs):
        with pytest.raises(ValueError, match="wait_seconds must be a number of seconds above 0, got"):
            wait(seconds)


def line(number: int, text: str) -> dict[str, Any]:
    return {"n": number, "event": "log", "stream": "stdout", "text": text, "time": 1.0}


def test_a_stream_yields_each_line_once_and_ends_with_the_job(
    archive: Archive, put_job: PutJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = put_job("job", state="Running")
    archive.append("job", "attempt", 0, [line(0, "one"), line(1, "two")])
    slept = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 2:
            archive.append("job", "attempt", 1, [line(2, "three"), {"n": 3, "event": "job ended", "time": 1.0}])
        if len(slept) == 3:
            # the end and the last lines come between two looks
            archive.append("job", "attempt", 2, [line(4, "four")])
            archive.finish(spec, JobRecord("job", "Failed", tail=(line(5, "five"),)), attempt="x", watcher=True)

    monkeypatch.setattr(time, "sleep", sleep)
    stream = of(archive, spec).stream_job_logs(wait_seconds=3)
    assert next(stream) == "one"
    assert slept == []
    assert list(stream) == ["two", "three", "four", "five"]
    assert slept == [3, 3, 3]


def test_a_stream_of_a_job_that_has_ended_is_its_log(archive: Archive, put_job: PutJob) -> None:
    spec = put_job("job")
    archive.append("job", "attempt", 0, [line(0, "one")])
    assert list(of(archive, spec).stream_job_logs()) == ["one"]


def test_a_job_is_cancelled_unless_it_has_ended(archive: Archive, put_job: PutJob) -> None:
    waits, runs, ended = (of(archive, put_job(state, state=state)) for state in ("Queued", "Running", "Completed"))
    assert [one.cancel() for one in (waits, runs, ended)] == [True, True, False]
    assert [one.get_job_status() for one in (waits, runs, ended)] == ["Cancelled", "Running", "Completed"]
