"""A job's events, folded."""

from typing import Any

import pytest

from foundations_archive.ledger import Ledger
from foundations_archive.records import Buffer, JobRecord, JobSpec, StageRecord, StageSpec, State, Value
from foundations_archive.series import Series

# load feeds left and right, both feed join; alone needs nobody
STAGES = {"load": (), "left": ("load",), "right": ("load",), "join": ("left", "right"), "alone": ()}


@pytest.fixture
def ledger() -> Ledger:
    return Ledger(
        JobSpec(
            job_id="job",
            project="demo",
            user="me",
            created=0.0,
            target="join",
            stages=tuple(StageSpec(name, name, f"m:{name}", parents) for name, parents in STAGES.items()),
            graph=Value("pickle5"),
            bundle="",
            paths=(),
            directory=".",
            python="3.11",
            environment="local",
        )
    )


def started(stage: str, time: float = 1.0) -> dict[str, Any]:
    return {"event": "stage started", "stage": stage, "time": time}


def ended(stage: str, status: str = "succeeded", time: float = 2.0, **fields: Any) -> dict[str, Any]:
    return {"event": "stage ended", "stage": stage, "status": status, "time": time, "seconds": 0.5, **fields}


def metric(stage: str, key: str, value: Any, time: float = 1.5) -> dict[str, Any]:
    return {"event": "metrics", "stage": stage, "key": key, "values": [value], "times": [time], "time": time}


def statuses(record: JobRecord) -> dict[str, str]:
    return {stage.id: stage.status for stage in record.stages}


def stage_of(record: JobRecord, name: str) -> StageRecord:
    return next(stage for stage in record.stages if stage.id == name)


def test_a_job_without_events_has_every_stage_and_nothing_more(ledger: Ledger) -> None:
    record = ledger.record("Queued")
    assert record == JobRecord("job", "Queued", stages=tuple(StageRecord(name, "not run") for name in STAGES))


def test_a_job_that_completed(ledger: Ledger) -> None:
    ledger.add({"event": "job started", "time": 0.5, "image": "sha256:1"})
    for number, name in enumerate(STAGES):
        ledger.extend([started(name, number), ended(name, time=number + 0.5)])
    record = ledger.record("Completed", ended=9.0)
    assert (record.state, record.started, record.ended, record.image) == ("Completed", 0.5, 9.0, "sha256:1")
    assert (record.error, record.failed_stage, record.events) == (None, None, 11)
    assert set(statuses(record).values()) == {"succeeded"}
    assert [stage.id for stage in record.stages] == list(STAGES)
    assert stage_of(record, "right") == StageRecord("right", "succeeded", 2, 2.5, 0.5)


def test_only_the_stage_that_raised_is_failed_those_below_are_skipped_and_others_not_run(ledger: Ledger) -> None:
    ledger.extend([started("load"), ended("load"), started("left"), ended("left", "failed", error="the trace")])
    record = ledger.record("Failed", ended=3.0, error="the trace")
    assert statuses(record) == {
        "load": "succeeded",
        "left": "failed",
        "right": "not run",
        "join": "skipped",
        "alone": "not run",
    }
    assert (record.failed_stage, record.error) == ("left", "the trace")
    assert stage_of(record, "left").error == "the trace"
    assert stage_of(record, "join").started is None


def test_skipping_reaches_all_the_way_down(ledger: Ledger) -> None:
    ledger.extend([started("load"), ended("load", "failed", error="trace")])
    found = statuses(ledger.record("Failed", ended=3.0))
    assert found == {"load": "failed", "left": "skipped", "right": "skipped", "join": "skipped", "alone": "not run"}


def test_the_error_of_a_job_is_that_of_its_failed_stage_unless_it_has_one_of_its_own(ledger: Ledger) -> None:
    ledger.extend([started("load"), ended("load", "failed", error="of the stage")])
    assert ledger.record("Failed", ended=3.0).error == "of the stage"
    assert ledger.record("Failed", ended=3.0, error="of the job").error == "of the job"


def test_a_stage_that_ran_when_its_job_failed_is_the_one_that_failed(ledger: Ledger) -> None:
    ledger.extend([started("load", 1.0), ended("load"), started("left", 2.0)])
    record = ledger.record("Failed", ended=5.0, error="the worker died of SIGKILL")
    assert stage_of(record, "left") == StageRecord("left", "failed", 2.0, 5.0, 3.0, "the worker died of SIGKILL")
    assert statuses(record)["join"] == "skipped"
    assert record.failed_stage == "left"


@pytest.mark.parametrize(("state", "ended_at"), [("Cancelled", 5.0), ("Lost", None)])
def test_a_stage_that_ran_when_its_job_was_cancelled_or_lost_did_not_fail(
    ledger: Ledger, state: State, ended_at: float | None
) -> None:
    ledger.extend([started("load"), ended("load"), started("left")])
    record = ledger.record(state, ended=ended_at)
    assert statuses(record) == {**dict.fromkeys(STAGES, "not run"), "load": "succeeded"}
    assert record.failed_stage is None
    assert stage_of(record, "left").started == 1.0


def test_a_stage_that_runs_has_a_start_and_no_end(ledger: Ledger) -> None:
    ledger.extend([started("load", 1.0)])
    record = ledger.record("Running")
    assert stage_of(record, "load") == StageRecord("load", "not run", started=1.0)
    assert list(ledger.running) == ["load"]


def test_a_job_that_runs_on_after_a_failure_skips_nothing_yet(ledger: Ledger) -> None:
    ledger.extend([started("load"), ended("load", "failed")])
    assert statuses(ledger.record("Running"))["join"] == "not run"


def test_metrics_are_kept_in_order_and_by_stage(ledger: Ledger) -> None:
    ledger.extend([metric("load", "a", 1), metric("left", "a", 2, 1.6), metric("load", "b", [3])])
    assert ledger.metrics_of("load") == (Series("load", "a", (1,), (1.5,)), Series("load", "b", ([3],), (1.5,)))
    assert ledger.metrics_of("join") == ()
    assert [one.values for one in ledger.record("Running").metrics] == [(1,), ([3],), (2,)]


def test_metrics_of_a_stage_that_failed_are_there(ledger: Ledger) -> None:
    ledger.extend([started("load"), metric("load", "loss", 1), ended("load", "failed", error="x")])
    assert [one.key for one in ledger.record("Failed", ended=1.0).metrics] == ["loss"]


def test_what_an_ended_stage_left_is_in_its_record(ledger: Ledger) -> None:
    value = {"encoding": "pickle5", "buffers": [{"size": 1, "chunks": ["d"]}], "inline": None}
    ledger.extend([started("load"), ended("load", value=value, cache_key="key")])
    ledger.extend([started("left"), ended("left", "cached", cached_from="other", cache_key="key 2")])
    ledger.extend([started("right"), ended("right", unserializable="lock: can't")])
    record = ledger.record("Completed", ended=1.0)
    assert stage_of(record, "load").value == Value("pickle5", (Buffer(1, ("d",)),))
    assert stage_of(record, "load").cache_key == "key"
    assert (stage_of(record, "left").status, stage_of(record, "left").cached_from) == ("cached", "other")
    assert stage_of(record, "right").unserializable == "lock: can't"


def test_events_that_are_not_known_here_are_counted_and_left_out(ledger: Ledger) -> None:
    ledger.extend([{"event": "of a later version"}, {"event": "log", "stream": "stdout", "text": "x"}])
    record = ledger.record("Running")
    assert record.events == 2
    assert set(statuses(record).values()) == {"not run"}


def test_an_end_without_a_beginning_counts(ledger: Ledger) -> None:
    ledger.add(ended("load"))
    assert stage_of(ledger.record("Completed", ended=3.0), "load") == StageRecord("load", "succeeded", None, 2.0, 0.5)


def test_a_stage_that_the_job_does_not_have_is_left_out(ledger: Ledger) -> None:
    ledger.extend([started("stranger"), ended("stranger")])
    assert list(statuses(ledger.record("Completed", ended=3.0))) == list(STAGES)


def test_events_that_are_in_no_segment_go_into_the_record(ledger: Ledger) -> None:
    tail = ({"n": 3, "event": "log", "stream": "stdout", "text": "last words"},)
    assert ledger.record("Failed", ended=1.0, tail=tail).tail == tail


def test_a_record_can_be_asked_for_again_and_again(ledger: Ledger) -> None:
    ledger.extend([started("load")])
    assert ledger.record("Running") == ledger.record("Running")
    ledger.add(ended("load"))
    assert statuses(ledger.record("Running"))["load"] == "succeeded"
