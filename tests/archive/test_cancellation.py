"""What people want of a job that is in the archive already, in every store."""

import pytest

from foundations_archive import cancellation, hiding, layout
from foundations_archive.archive import Archive, new_attempt
from foundations_archive.records import JobRecord, JobSpec, Value
from foundations_archive.store import Store


def put(archive: Archive, job_id: str, state: str = "Queued", project: str = "demo") -> JobSpec:
    spec = JobSpec(
        job_id=job_id,
        project=project,
        user="me",
        created=1.0,
        target="",
        stages=(),
        graph=Value("pickle5"),
        bundle="",
        paths=(),
        directory=".",
        python="3.11",
        environment="local",
    )
    archive.submit(spec)
    attempt = new_attempt()
    if state != "Queued":
        archive.start(job_id, attempt, {})
    if state == "Completed":
        archive.finish(spec, JobRecord(job_id, "Completed", 1.0, 2.0), attempt=attempt)
    return spec


@pytest.fixture
def archive(store: Store) -> Archive:
    return Archive(store)


def test_a_job_that_waits_is_cancelled_at_once(archive: Archive) -> None:
    spec = put(archive, "job")
    assert cancellation.request_cancellation(archive, spec)
    assert archive.state(spec) == archive.record(spec).state == "Cancelled"
    assert archive.store.head(layout.live("demo", "job")) is None
    assert [(row["job_id"], row["status"]) for row in archive.rows()] == [("job", "Cancelled")]
    assert archive.queued() == []
    assert not cancellation.request_cancellation(archive, spec)
    assert cancellation.cancellation_requested(archive, "job"), "a courier that starts now has to see it"


def test_a_job_that_runs_is_its_couriers_to_end(archive: Archive) -> None:
    spec, other = put(archive, "job", "Running"), put(archive, "other", "Running")
    assert not cancellation.cancellation_requested(archive, "job")
    assert cancellation.request_cancellation(archive, spec)
    assert cancellation.request_cancellation(archive, spec)
    assert cancellation.cancellation_requested(archive, "job")
    assert not cancellation.cancellation_requested(archive, "other")
    assert archive.state(spec) == archive.state(other) == "Running"


def test_a_job_that_has_ended_stays_as_it_is(archive: Archive) -> None:
    spec = put(archive, "job", "Completed")
    assert not cancellation.request_cancellation(archive, spec)
    assert not cancellation.cancellation_requested(archive, "job")
    assert archive.state(spec) == "Completed"


@pytest.mark.parametrize("state", ["Queued", "Running", "Completed"])
def test_a_hidden_job_is_in_no_listing_and_can_be_opened(archive: Archive, state: str) -> None:
    spec = put(archive, "job", state)
    put(archive, "other", state)
    put(archive, "far", state, project="another project")
    hiding.hide(archive, spec)
    hiding.hide(archive, spec)
    assert archive.job_ids("demo") == ["other"]
    assert sorted(archive.job_ids()) == ["far", "other"]
    assert [row["job_id"] for row in archive.rows("demo")] == ["other"]
    assert [job.job_id for job, _ in archive.jobs("demo")] == ["other"]
    assert "job" not in [job.job_id for job in archive.queued()]
    assert sorted(archive.job_ids("demo", hidden=True)) == ["job", "other"]
    assert [job.job_id for job, _ in archive.jobs("demo", hidden=True)] == ["job", "other"]
    assert archive.spec("job") == spec
    assert archive.record(spec).state == state


def test_a_hidden_job_of_a_project_with_an_odd_name_hides_nothing_else(archive: Archive) -> None:
    odd, even = put(archive, "job", project="Größe / 3"), put(archive, "job2", project="größe / 3")
    hiding.hide(archive, odd)
    assert archive.job_ids(odd.project) == []
    assert archive.job_ids(even.project) == ["job2"]


def test_jobs_that_wait_are_listed_from_every_project_oldest_first(archive: Archive) -> None:
    for job_id, state, project in (
        ("b", "Queued", "one"),
        ("a", "Queued", "two"),
        ("c", "Running", "one"),
        ("d", "Completed", "one"),
    ):
        put(archive, job_id, state, project)
    assert [spec.job_id for spec in archive.queued()] == ["a", "b"]


def test_a_marker_without_a_job_does_not_wait(archive: Archive) -> None:
    archive.heartbeat("demo", "never-submitted")
    assert archive.queued() == []


def test_events_that_were_seen_are_not_told_again(archive: Archive) -> None:
    spec = put(archive, "job", "Running")
    seen: set[str] = set()
    archive.append("job", "attempt", 0, [{"n": 0, "event": "log"}])
    assert [event["n"] for event in archive.events("job", seen=seen)] == [0]
    assert [event["n"] for event in archive.events("job", seen=seen)] == []
    archive.append("job", "attempt", 1, [{"n": 1, "event": "log"}, {"n": 2, "event": "log"}])
    tail = ({"n": 3, "event": "log"},)
    archive.finish(spec, JobRecord("job", "Failed", tail=tail), attempt="watcher", watcher=True)
    assert [event["n"] for event in archive.events("job", seen=seen)] == [1, 2, 3]
    assert [event["n"] for event in archive.events("job", seen=seen)] == []
    assert [event["n"] for event in archive.events("job")] == [0, 1, 2, 3]
