"""Job ids sort by time; names that users give are safe everywhere."""

import itertools
import secrets
import time
import uuid
from typing import Any

import pytest

from foundations import job_id
from foundations.job_id import checked_job_name, new_job_id


@pytest.fixture(autouse=True)
def unnamed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FOUNDATIONS_JOB_NAME", raising=False)
    monkeypatch.setattr(job_id, "_named", itertools.count(1))


def test_the_name_from_the_command_line_is_the_first_jobs_and_the_next_are_numbered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FOUNDATIONS_JOB_NAME", "mine")
    assert [new_job_id() for _ in range(3)] == ["mine", "mine-2", "mine-3"]
    monkeypatch.setenv("FOUNDATIONS_JOB_NAME", "a b")
    with pytest.raises(ValueError, match="can't be the name of a job"):
        new_job_id()
    monkeypatch.setenv("FOUNDATIONS_JOB_NAME", "")
    assert uuid.UUID(new_job_id()).version == 7


def test_a_new_id_is_a_uuid_of_version_seven_and_a_job_name() -> None:
    made = uuid.UUID(new_job_id())
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert checked_job_name(str(made)) == str(made)


def test_ids_sort_by_the_time_at_which_they_were_made(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = []
    for milliseconds in (0, 1, 1_700_000_000_000, 1_700_000_000_001, 2**48 - 1):
        monkeypatch.setattr(time, "time_ns", lambda now=milliseconds: now * 1_000_000 + 999_999)
        for bits in (0, -1):
            monkeypatch.setattr(secrets, "randbits", lambda size, bits=bits: bits & ((1 << size) - 1))
            ids.append(new_job_id())
    assert ids == sorted(ids)
    assert len(set(ids)) == 10
    assert ids[0] == "00000000-0000-7000-8000-000000000000"
    assert ids[-1] == "ffffffff-ffff-7fff-bfff-ffffffffffff"


def test_ids_made_at_once_differ() -> None:
    assert len({new_job_id() for _ in range(1000)}) == 1000


@pytest.mark.parametrize("name", ["a", "0", "Z", "run-1", "run_1", "v1.2", "a..b", "x" * 128, "NUL"])
def test_a_safe_name_is_returned(name: str) -> None:
    assert checked_job_name(name) == name


@pytest.mark.parametrize(
    "name",
    ["", " ", ".", "..", ".a", "-rf", "_x", "a b", "a/b", "../a", "a\\b", "a\n", "a:b", "ä", "x" * 129, "a\0", "٣"],
)
def test_a_name_that_is_not_safe_everywhere_is_refused_and_shown(name: str) -> None:
    with pytest.raises(ValueError) as raised:
        checked_job_name(name)
    assert str(raised.value).startswith(f"{name!r} can't be the name of a job; use 1 to 128 letters, digits")


@pytest.mark.parametrize("name", [3, b"name", ["name"], True])
def test_a_name_that_is_no_text_is_refused(name: Any) -> None:
    with pytest.raises(ValueError, match="can't be the name of a job"):
        checked_job_name(name)
