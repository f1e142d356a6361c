"""The error of a job that did not complete."""

from typing import Any

import pytest

from foundations.failures import job_failed
from foundations.originals import described
from foundations_archive.archive import Archive
from foundations_archive.records import StageRecord


def failed(archive: Archive, put_job: Any, **stage: Any) -> Any:
    ran = (StageRecord("first", "failed", 1, 2, 1, error="a traceback", **stage), StageRecord("second", "skipped"))
    spec = put_job("job", stages=ran, state="Failed", error="a traceback")
    return job_failed(spec, archive.record(spec))


def test_it_carries_the_stage_and_an_exception_of_the_type_that_was_raised(archive: Archive, put_job: Any) -> None:
    error = failed(archive, put_job, exception=described(KeyError("price")))
    assert str(error) == "job job failed in stage load\n\na traceback"
    assert (error.job_id, error.state, error.stage, error.stage_name) == ("job", "Failed", "first", "load")
    assert error.exception_type == "KeyError"
    assert isinstance(error.__cause__, KeyError)
    assert error.__cause__.args == ("price",)


def test_an_exception_of_a_type_that_is_not_here_is_named_and_has_no_cause(archive: Archive, put_job: Any) -> None:
    error = failed(archive, put_job, exception={**described(KeyError("x")), "module": "nowhere_at_all"})
    assert error.exception_type == "nowhere_at_all.KeyError"
    assert error.__cause__ is None


def test_a_record_of_an_earlier_version_has_no_exception(archive: Archive, put_job: Any) -> None:
    error = failed(archive, put_job)
    assert (error.exception_type, error.__cause__) == (None, None)
    assert error.stage_name == "load"


@pytest.mark.parametrize("state", ["Cancelled", "Lost"])
def test_a_job_that_ended_otherwise_says_how(archive: Archive, put_job: Any, state: str) -> None:
    spec = put_job("job", state=state)
    error = job_failed(spec, archive.record(spec))
    assert str(error) == f"job job {state.lower()}"
    assert (error.state, error.stage, error.stage_name) == (state, None, None)
