"""A call that may take so long and no longer."""

import threading
import time
import traceback
from contextvars import ContextVar

import pytest

from foundations.time_limit import call_within

HERE: ContextVar[str] = ContextVar("here", default="nowhere")


def test_a_call_that_is_quick_returns_what_it_returns() -> None:
    assert call_within(20, lambda a, b: a + b, (1,), {"b": 2}, name="add") == 3


def test_a_call_that_raises_raises_that_with_its_own_traceback() -> None:
    def fail() -> None:
        raise KeyError("own")

    with pytest.raises(KeyError, match="own") as caught:
        call_within(20, fail, (), {}, name="fail")
    assert traceback.extract_tb(caught.value.__traceback__)[-1].name == "fail"


def test_a_call_sees_the_context_of_its_caller() -> None:
    token = HERE.set("there")
    assert call_within(20, HERE.get, (), {}, name="look") == "there"
    HERE.reset(token)


def test_a_call_whose_time_is_up_is_ended_and_the_error_says_where_it_was() -> None:
    ended = threading.Event()

    def spin() -> None:
        try:
            while True:
                threading.Event().wait(0.001)
        except Exception:  # noqa: BLE001 - what a careless user would write
            pytest.fail("the end of the time was swallowed")
        finally:
            ended.set()

    with pytest.raises(TimeoutError, match="stage slow took longer than 0\\.05 s") as caught:
        call_within(0.05, spin, (), {}, name="slow")
    assert "spin" in [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert ended.wait(20)


def test_a_call_that_is_stuck_in_c_is_left_to_itself() -> None:
    began = time.monotonic()
    with pytest.raises(TimeoutError) as caught:
        call_within(0.05, time.sleep, (8,), {}, name="stuck")
    assert time.monotonic() - began < 7
    assert caught.value.__traceback__ is not None


def test_a_call_that_raises_a_timeout_of_its_own_is_not_confused_with_ours() -> None:
    def fail() -> None:
        raise TimeoutError("the server's")

    with pytest.raises(TimeoutError, match="the server's"):
        call_within(20, fail, (), {}, name="fetch")
