"""Jobs by their ids, whoever started them: found again, cancelled while they wait, hidden from listings."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from foundations import (
    ResultReader,
    archive_jobs,
    cancel_queued_jobs,
    get_deployment,
    get_metrics_for_all_jobs,
    get_queued_jobs,
)
from foundations.errors import UnknownProject
from foundations_archive.archive import Archive
from foundations_archive.records import JobSpec

PutJob = Callable[..., JobSpec]

BASE = ["project_name", "job_id", "user", "status", "start_time", "completed_time"]
ODD = ["no-such-job", "../../etc/passwd", "", "a/b", "Größe", "x" * 1000, "."]


@pytest.mark.parametrize("state", ["Queued", "Running", "Completed", "Failed", "Cancelled"])
def test_a_deployment_is_found_by_its_jobs_id(archive: Archive, put_job: PutJob, state: str) -> None:
    put_job("job", state=state)
    found = get_deployment("job")
    assert (found.job_name(), found.get_job_status()) == ("job", state)


@pytest.mark.parametrize("name", ODD)
def test_a_job_that_there_is_not_is_named(archive: Archive, name: str) -> None:
    with pytest.raises(KeyError) as raised:
        get_deployment(name)
    assert f"there is no job {name!r} in the archive at {archive.location}" in str(raised.value)


def test_the_jobs_that_wait_are_a_frame_of_all_projects_oldest_first(archive: Archive, put_job: PutJob) -> None:
    put_job("young", state="Queued", project="one", created=3.0)
    put_job("old", state="Queued", project="two", created=2.0)
    put_job("runs", state="Running", project="one")
    put_job("ended", project="one")
    frame = get_queued_jobs()
    assert frame.columns.tolist() == BASE
    assert frame["job_id"].tolist() == ["old", "young"]
    assert frame["project_name"].tolist() == ["two", "one"]
    assert frame["status"].tolist() == ["Queued"] * 2
    assert frame["start_time"].isna().all()
    assert str(frame["start_time"].dt.tz) == "UTC"


def test_where_no_job_waits_the_frame_is_empty_and_has_its_columns(archive: Archive) -> None:
    frame = get_queued_jobs()
    assert frame.empty
    assert frame.columns.tolist() == BASE


def test_only_jobs_that_wait_are_cancelled(archive: Archive, put_job: PutJob) -> None:
    for state in ("Queued", "Running", "Completed"):
        put_job(state.lower(), state=state)
    assert cancel_queued_jobs(["queued", "running", "completed", *ODD]) == {
        "queued": True,
        "running": False,
        "completed": False,
        **dict.fromkeys(ODD, False),
    }
    assert get_deployment("queued").get_job_status() == "Cancelled"
    assert get_deployment("running").get_job_status() == "Running"
    assert get_queued_jobs().empty
    assert cancel_queued_jobs(["queued"]) == {"queued": False}


def test_archived_jobs_are_hidden_and_can_still_be_opened(archive: Archive, put_job: PutJob) -> None:
    for name in ("one", "two"):
        put_job(name)
    put_job("waits", state="Queued")
    for _ in range(2):
        assert archive_jobs(["one", "waits", *ODD]) == {"one": True, "waits": True, **dict.fromkeys(ODD, False)}
    reader = ResultReader()
    assert get_metrics_for_all_jobs("demo")["job_id"].tolist() == ["two"]
    assert reader.get_job_information()["job_name"].unique().tolist() == ["two"]
    assert get_queued_jobs().empty
    assert get_deployment("one").get_job_status() == "Completed"
    assert get_deployment("one").fetch_job_results()["job_id"].tolist() == ["one"]
    assert reader.get_error_information("one") is None
    assert reader.get_unstructured_results("one", ["first"]) == [None]


def test_the_source_of_a_stage_whose_jobs_are_all_hidden_is_still_there(archive: Archive, put_job: PutJob) -> None:
    put_job("one")
    archive_jobs(["one"])
    assert ResultReader().get_source_code("first") == "def load(path): ...  # one"


def test_a_project_whose_jobs_are_all_hidden_is_known_and_empty(archive: Archive, put_job: PutJob) -> None:
    put_job("one")
    archive_jobs(["one"])
    frame = get_metrics_for_all_jobs("demo")
    assert frame.empty
    assert frame.columns.tolist() == BASE
    with pytest.raises(UnknownProject):
        get_metrics_for_all_jobs("another")


@pytest.mark.parametrize("call", [cancel_queued_jobs, archive_jobs])
@pytest.mark.parametrize("ids", ["job", b"job", None, 3, [3], [None]])
def test_ids_that_are_no_list_of_texts_are_refused(
    archive: Archive, put_job: PutJob, call: Callable[[Any], Any], ids: Any
) -> None:
    put_job("job", state="Queued")
    with pytest.raises(TypeError, match=r"job ids come as a list, got|a job id is a text, got"):
        call(ids)
    assert get_deployment("job").get_job_status() == "Queued"


@pytest.mark.parametrize("call", [cancel_queued_jobs, archive_jobs])
def test_no_ids_do_nothing(archive: Archive, call: Callable[[Any], Any]) -> None:
    assert call([]) == {}
    assert not Path(archive.location).exists()
