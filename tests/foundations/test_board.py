"""What a display shows of a job: counts, names, times."""

import pytest

from foundations.board import Board, Tally, clock_text
from tests.foundations.test_progress import spec


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00"), (5.9, "0:05"), (65, "1:05"), (3599, "59:59"), (3600, "1:00:00"), (90061, "25:01:01")],
)
def test_a_time_is_shown_as_a_clock_shows_it(seconds: float, text: str) -> None:
    assert clock_text(seconds) == text


def test_what_nobody_has_counted_has_no_total() -> None:
    assert Board("jobs", done=3, seconds=4).counts == "jobs done: 3, 0:04"


def test_a_tally_of_a_job_that_it_does_not_know_counts_all_the_same() -> None:
    tally = Tally()
    tally.started("a")
    tally.ended({"stage": "b", "status": "failed"})
    assert tally.board(0).detail == "running: a"
    assert tally.board(0).counts == "1 failed, 0:00"


def test_a_stage_that_was_served_and_ran_after_all_counts_once() -> None:
    tally = Tally()
    tally.begin(spec("load", "train"))
    for status in ("cached", "succeeded"):
        tally.started("id of load")
        tally.ended({"stage": "id of load", "status": status})
    assert tally.board(0).counts == "1 of 2 stages done, 0:00"
    assert tally.summary == "1 succeeded"


def test_a_stage_that_runs_alone_has_no_label() -> None:
    tally = Tally()
    tally.begin(spec("load", "train"))
    tally.started("id of load")
    assert tally.label("id of load") == ""
    tally.started("id of train")
    assert tally.label("id of load") == "load"
    assert tally.label(None) == ""
    assert tally.label("of another job") == ""
