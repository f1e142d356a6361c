"""Ctrl-C waits for the end of what it must not cut in two."""

import signal
import threading
from collections.abc import Callable
from typing import Any

import pytest

from foundations_runner.interrupts import further_interrupts_held, interrupts_held


def press(done: list[str], then: str, *, times: int = 1) -> None:
    for _ in range(times):
        signal.raise_signal(signal.SIGINT)
    done.append(then)


def test_an_interrupt_takes_effect_after_the_block() -> None:
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt), interrupts_held():
        press(done, "all of it", times=2)
    assert done == ["all of it"]


def test_without_an_interrupt_nothing_happens() -> None:
    before = signal.getsignal(signal.SIGINT)
    with interrupts_held():
        pass
    assert signal.getsignal(signal.SIGINT) is before


def test_blocks_may_lie_in_each_other() -> None:
    done: list[str] = []

    def inner_then_outer() -> None:
        with interrupts_held():
            press(done, "inner")
        done.append("outer")

    with pytest.raises(KeyboardInterrupt), interrupts_held():
        inner_then_outer()
    assert done == ["inner", "outer"]


def test_the_first_interrupt_breaks_in_and_those_that_follow_wait() -> None:
    done: list[str] = []

    def tidied_up() -> None:
        try:
            press(done, "never")
        except KeyboardInterrupt:
            press(done, "tidied up", times=3)

    with pytest.raises(KeyboardInterrupt), further_interrupts_held():
        tidied_up()
    assert done == ["tidied up"]


def test_an_interrupt_that_was_held_inside_is_the_first() -> None:
    done: list[str] = []

    def started_then_tidied_up() -> None:
        try:
            with interrupts_held():
                press(done, "started")
            done.append("never")
        except KeyboardInterrupt:
            done.append("tidied up")

    with further_interrupts_held():
        started_then_tidied_up()
    assert done == ["started", "tidied up"]


@pytest.mark.parametrize("block", [interrupts_held, further_interrupts_held])
def test_a_driver_that_ignores_interrupts_goes_on_ignoring_them(block: Callable[[], Any]) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with block():
            signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_an_error_in_the_block_is_not_forgotten_over_an_interrupt() -> None:
    def fail() -> None:
        press([], "fails")
        raise ValueError("of the block")

    with pytest.raises(KeyboardInterrupt) as raised, interrupts_held():
        fail()
    assert isinstance(raised.value.__context__, ValueError)


def test_the_users_own_handler_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: called.append(number))
    try:
        with interrupts_held():
            signal.raise_signal(signal.SIGINT)
            assert called == []
        assert called == [signal.SIGINT]
    finally:
        signal.signal(signal.SIGINT, before)


def test_in_another_thread_there_is_nothing_to_hold() -> None:
    before = signal.getsignal(signal.SIGINT)
    seen = []

    def look() -> None:
        with interrupts_held():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [before]
