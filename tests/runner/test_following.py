"""What a courier writes is taken in as it comes, in pieces of any size."""

import json
from typing import Any

import pytest

from foundations_runner.following import Follower
from foundations_runner.host import Ending

EVENTS = [{"event": "log", "text": "größe\n"}, {"event": "job started", "attempt": "1"}, {"event": "log", "text": ""}]


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_events_come_whole_and_in_order_whatever_the_pieces(size: int) -> None:
    heard: list[dict[str, Any]] = []
    follower = Follower(heard.append)
    data = "".join(f"{json.dumps(event)}\n" for event in EVENTS).encode()
    completed = [follower.take("stdout", data[at : at + size]) for at in range(0, len(data), size)]
    assert heard == EVENTS
    assert completed[-1]
    assert follower.last_words == ""


def test_a_courier_that_failed_says_why_in_its_last_words() -> None:
    follower = Follower(lambda _: None)
    assert not follower.take("stderr", b"foundations: the archive \xff ")
    follower.take("stderr", b"is gone\n")
    assert follower.failure(Ending(1)) == "the archive \\xff is gone"
    assert follower.failure(Ending(1, "the host is full")) == "the archive \\xff is gone; the host is full"
    for number in range(30):
        follower.take("stderr", f"line {number}\n".encode())
    assert follower.last_words.splitlines() == [f"line {number}" for number in range(10, 30)]


def test_where_a_courier_said_nothing_its_end_tells_why() -> None:
    follower = Follower(lambda _: None)
    assert "died of SIGKILL" in follower.failure(Ending(-9))
    assert follower.failure(Ending(137)) == follower.failure(Ending(-9))
    assert follower.failure(Ending(None, "it was gone")).endswith("; it was gone")
