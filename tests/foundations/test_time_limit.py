"""A call that may take so long and no longer."""

import threading
import time
import traceback
from contextvars import ContextVar
from typing import Any

import pytest

from foundations.time_limit import call_within

HERE: ContextVar[str] = ContextVar("here", default="nowhere")


def test_a_call_that_is_quick_returns_what_it_returns() -> None:
    assert call_within(20, lambda a, b: a + b, (1, 2), name="add") == 3


def test_a_limit_may_be_longer_than_any_call() -> None:
    assert call_within(1e300, lambda: "quick", (), name="quick") == "quick"


def test_a_call_that_raises_raises_that_with_its_own_traceback() -> None:
    def fail() -> None:
        raise KeyError("own")

    with pytest.raises(KeyError, match="own") as caught:
        call_within(20, fail, (), name="fail")
    assert traceback.extract_tb(caught.value.__traceback__)[-1].name == "fail"


def test_a_call_sees_the_context_of_its_caller() -> None:
    token = HERE.set("there")
    assert call_within(20, HERE.get, (), name="look") == "there"
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
        call_within(0.05, spin, (), name="slow")
    assert "spin" in [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert ended.wait(20)


def test_a_call_that_is_stuck_in_c_is_left_to_itself() -> None:
    began = time.monotonic()
    with pytest.raises(TimeoutError) as caught:
        call_within(0.05, time.sleep, (8,), name="stuck")
    assert time.monotonic() - began < 7
    assert caught.value.__traceback__ is not None


def test_a_call_that_raises_a_timeout_of_its_own_is_not_confused_with_ours() -> None:
    def fail() -> None:
        raise TimeoutError("the server's")

    with pytest.raises(TimeoutError, match="the server's"):
        call_within(20, fail, (), name="fetch")


def test_a_call_in_the_middle_of_a_message_is_ended_when_that_is_whole() -> None:
    speaking: dict[int, type[BaseException] | None] = {}
    asked, ended = threading.Event(), threading.Event()

    def speak() -> None:
        me = threading.get_ident()
        speaking[me] = None
        while speaking[me] is None:
            asked.wait(0.001)
        wanted = speaking.pop(me)
        assert wanted is not None
        ended.set()
        raise wanted

    with pytest.raises(TimeoutError, match="stage speaks"):
        call_within(0.05, speak, (), name="speaks", speaking=speaking)
    assert ended.is_set()
    assert speaking == {}


MODEL = """
    import foundations

    tries = []


    def speak(what):
        tries.append(what)
        while len(tries) <= 4:
            if what == "text":
                foundations.log_metric("long", "x" * 3_000_000)
            elif what == "file":
                foundations.save_artifact("big")
            else:
                for number in range(1000):
                    foundations.log_metric(f"{len(tries)} {number}", number)
        return len(tries)


    def after(count):
        foundations.log_metric("ended", 1)
        foundations.save_artifact("small", "last")
        return count
"""

DRIVER = """
    import sys

    import foundations
    from model import after, speak

    stage = foundations.create_stage(speak)(sys.argv[1]).options(timeout=0.3, retries=4)
    assert foundations.create_stage(after)(stage).persist().run().result() == 5
"""


@pytest.mark.parametrize("what", ["text", "file", "series"])
def test_a_stage_whose_time_is_up_while_it_logs_leaves_its_job_whole(make_project: Any, what: str) -> None:
    project = make_project("speaking")
    project.write("model.py", MODEL)
    project.write("driver.py", DRIVER)
    project.write("small", "small")
    (project.root / "big").write_bytes(b"\0" * 40_000_000)
    ended = project.python("driver.py", what)
    assert ended.returncode == 0, ended.stderr
    _, record = project.archive.jobs()[-1]
    found = {series.key: series.values for series in record.metrics}
    assert found.pop("ended") == (1,)
    if what == "series":
        assert all(set(values) == {int(key.split()[1])} for key, values in found.items())
    assert "last" in [artifact.key for stage in record.stages for artifact in stage.artifacts]
