"""What a job has said of itself, and which stage said it."""

import pytest

from foundations_archive.tracked import Tracked


@pytest.fixture
def tracked() -> Tracked:
    tracked = Tracked()
    for stage, key, value in [("a", "rate", 1), ("b", "rate", 2), (None, "owner", "me"), ("a", "depth", 3)]:
        tracked.add({"event": "parameter", "stage": stage, "key": key, "value": value})
    tracked.add({"event": "tag", "stage": "a", "key": "rate", "value": "fast"})
    return tracked


def test_the_job_has_what_any_stage_said_and_the_last_counts(tracked: Tracked) -> None:
    assert tracked.parameters() == {"rate": 2, "owner": "me", "depth": 3}
    tracked.add({"event": "parameter", "stage": "a", "key": "rate", "value": 4})
    assert tracked.parameters()["rate"] == 4
    assert tracked.tags() == {"rate": "fast"}


def test_a_stage_has_what_it_said_itself(tracked: Tracked) -> None:
    assert (tracked.parameters("a"), tracked.parameters("b")) == ({"rate": 1, "depth": 3}, {"rate": 2})
    assert (tracked.tags("a"), tracked.tags("b"), tracked.artifacts("c")) == ({"rate": "fast"}, {}, ())


def test_what_a_failed_attempt_said_is_forgotten_and_no_more(tracked: Tracked) -> None:
    tracked.forget("a")
    tracked.forget("never heard of")
    assert (tracked.parameters(), tracked.tags(), tracked.parameters("a")) == ({"rate": 2, "owner": "me"}, {}, {})
    tracked.add({"event": "parameter", "stage": "a", "key": "depth", "value": 5})
    assert tracked.parameters("a") == {"depth": 5}


def test_ten_thousand_stages_that_all_say_something_are_told_apart_at_once() -> None:
    tracked = Tracked()
    for number in range(10_000):
        tracked.add({"event": "parameter", "stage": str(number), "key": "n", "value": number})
    assert [tracked.parameters(str(number)) for number in range(10_000)] == [{"n": number} for number in range(10_000)]
