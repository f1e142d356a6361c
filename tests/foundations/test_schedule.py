"""In which order, and how many at a time, calls run."""

import random
import threading
import time
from collections.abc import Iterable

import pytest

from foundations.graph import Call, StageGraph
from foundations.schedule import run_in_order, stepping_aside

WAIT = 20


def graph_of(parents: Iterable[tuple[str, ...]]) -> StageGraph:
    """Calls named 0, 1, 2 ... with these parents."""
    calls = tuple(Call(str(place), str(place), print, parents=some) for place, some in enumerate(parents))
    return StageGraph(calls, calls[-1].id)


def run(graph: StageGraph, do: object, *, threads: int) -> list[str]:
    settled: list[str] = []
    run_in_order(graph, do, settle=lambda call: settled.append(call.id), threads=threads)  # type: ignore[arg-type]
    return settled


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_every_call_runs_once_behind_all_that_it_needs(threads: int) -> None:
    pick = random.Random(threads)
    parents = [tuple(str(one) for one in pick.sample(range(n), min(n, pick.randrange(4)))) for n in range(300)]
    graph = graph_of(parents)
    done: list[str] = []
    lock = threading.Lock()

    def do(call: Call) -> None:
        with lock:
            assert set(call.parents) <= set(done)
        # as it would end a moment later
        with lock:
            done.append(call.id)

    settled = run(graph, do, threads=threads)
    assert sorted(settled) == sorted(done) == sorted(str(n) for n in range(300))


def test_one_thread_runs_calls_in_the_order_in_which_they_were_made() -> None:
    done: list[str] = []
    run(graph_of([(), (), ("0",), (), ("1",), ("2", "3")]), lambda call: done.append(call.id), threads=1)
    assert done == ["0", "1", "2", "3", "4", "5"]


def test_calls_that_need_nothing_of_each_other_run_at_once() -> None:
    together = threading.Barrier(4)
    run(graph_of([(), (), (), (), ("0", "1", "2", "3")]), lambda call: call.parents or together.wait(WAIT), threads=4)


def test_no_more_run_at_once_than_allowed() -> None:
    running, most = set[str](), 0
    lock = threading.Lock()

    def do(call: Call) -> None:
        nonlocal most
        with lock:
            running.add(call.id)
            most = max(most, len(running))
        threading.Event().wait(0.005)
        with lock:
            running.remove(call.id)

    run(graph_of([()] * 40), do, threads=3)
    assert most == 3


def test_the_thread_that_asks_takes_part() -> None:
    seen: list[int] = []
    run(graph_of([(), ("0",), ("1",)]), lambda call: seen.append(threading.get_ident()), threads=4)
    assert set(seen) == {threading.get_ident()}


def test_a_failure_stops_what_has_not_begun_and_waits_for_what_runs() -> None:
    failed, begun, ended = threading.Event(), list[str](), list[str]()

    def do(call: Call) -> None:
        begun.append(call.id)
        if call.id == "0":
            raise ValueError("zero")
        failed.wait(0.2)
        ended.append(call.id)

    graph = graph_of([(), (), ("0",), ("1",), ()])
    with pytest.raises(ValueError, match="zero"):
        run(graph, do, threads=2)
    assert "2" not in begun
    assert "3" not in begun
    assert sorted(ended) == sorted(set(begun) - {"0"})


def test_the_first_of_several_failures_is_the_one_that_is_raised() -> None:
    first_has_failed = threading.Event()

    def do(call: Call) -> None:
        if call.id == "1":
            first_has_failed.wait(WAIT)
        try:
            raise ValueError(call.id)
        finally:
            if call.id == "0":
                threading.Timer(0.05, first_has_failed.set).start()

    with pytest.raises(ValueError, match="0"):
        run(graph_of([(), ()]), do, threads=2)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_what_is_no_exception_comes_through_too(error: type[BaseException]) -> None:
    def do(call: Call) -> None:
        raise error

    with pytest.raises(error):
        run(graph_of([(), ()]), do, threads=2)


def test_no_thread_is_left() -> None:
    before = threading.active_count()
    run(graph_of([()] * 20), lambda call: threading.Event().wait(0.01), threads=4)
    assert threading.active_count() == before


@pytest.mark.parametrize("threads", [1, 4])
def test_a_chain_and_a_fan_out_of_ten_thousand(threads: int) -> None:
    chain = graph_of([() if not n else (str(n - 1),) for n in range(10_000)])
    assert len(run(chain, lambda call: None, threads=threads)) == 10_000
    fan = graph_of([*[()] * 9_999, tuple(str(n) for n in range(9_999))])
    assert len(run(fan, lambda call: None, threads=threads)) == 10_000


@pytest.mark.parametrize("threads", [1, 2])
def test_another_call_runs_in_the_stead_of_one_that_waits_and_never_one_more(threads: int) -> None:
    lock, running, most, went_on = threading.Lock(), set[str](), 0, threading.Event()

    def do(call: Call) -> None:
        nonlocal most
        if call.id == "0":
            with stepping_aside():
                assert went_on.wait(WAIT)
        with lock:
            running.add(call.id)
            most = max(most, len(running))
        if call.id == "8":
            went_on.set()
        with lock:
            running.discard(call.id)

    settled = run(graph_of([(), *[()] * 8, tuple("012345678")]), do, threads=threads)
    assert sorted(settled, key=int) == [str(n) for n in range(10)]
    assert most <= threads


@pytest.mark.parametrize("threads", [1, 3])
def test_however_many_wait_all_end(threads: int) -> None:
    together = threading.Barrier(20)

    def do(call: Call) -> None:
        for _ in range(3 if not call.parents else 0):
            with stepping_aside():
                together.wait(WAIT)

    graph = graph_of([*[()] * 20, tuple(str(n) for n in range(20))])
    assert len(run(graph, do, threads=threads)) == 21


def test_who_waits_learns_that_another_one_has_failed() -> None:
    heard = threading.Event()

    def do(call: Call) -> None:
        if call.id == "1":
            raise LookupError("no")
        with stepping_aside() as has_failed:
            for _ in range(WAIT * 100):
                if has_failed():
                    heard.set()
                    return
                time.sleep(0.01)

    with pytest.raises(LookupError):
        run(graph_of([(), (), ("0", "1")]), do, threads=1)
    assert heard.is_set()


def test_outside_of_a_run_nobody_is_in_the_way() -> None:
    with stepping_aside() as has_failed:
        assert not has_failed()
