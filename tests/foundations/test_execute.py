"""A graph, run in this process."""

import json
import os
import pickle
import sys
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from foundations import create_stage, current
from foundations.entries import Claim, Hit, Question
from foundations.execute import Outcome, StageFailed, execute
from foundations.graph import Call, StageGraph
from foundations.keys.observer import Observer
from foundations.keys.stage_keys import StageKeys
from foundations.pickling import pickle_graph
from foundations.stage_cache import StageCache
from foundations.values import decode


class Reporter:
    """Takes note of what happens, and has a cache in memory."""

    def __init__(self) -> None:
        self.started_stages: list[str] = []
        self.outcomes: dict[str, Outcome] = {}
        self.entries: dict[str, tuple[Hit, bytes]] = {}
        self.taken: dict[str, Hit] = {}
        self.guesses: dict[str, dict[str, Hit]] = {}
        self.gone: set[str] = set()
        self.asked: list[int] = []
        self.loaded: list[str] = []
        self.lost: set[str] = set()
        self.retries: list[tuple[str, int, str]] = []

    def started(self, call: Call) -> None:
        self.started_stages.append(call.name)

    def served(self, hits: Sequence[tuple[Call, Hit]], seconds: float) -> None:
        for call, hit in hits:
            self.started(call)
            self.ended(call, Outcome("cached", seconds, cached_from=hit.job_id))

    def ended(self, call: Call, outcome: Outcome) -> None:
        self.outcomes[call.name] = outcome
        if outcome.kept and outcome.encoding:
            value = decode(outcome.encoding, [bytes(buffer) for buffer in outcome.buffers])
            kept = outcome.kept
            hit = Hit(kept.key, "the first job", kept.content, time.time(), kept.observed)
            self.entries[kept.key] = hit, pickle.dumps(value)

    def retried(self, call: Call, attempt: int, error: str) -> None:
        self.retries.append((call.name, attempt, error))

    def expected(self) -> dict[str, dict[str, Hit]]:
        return self.guesses

    def find(self, questions: Sequence[Question], *, beside: bool) -> list[list[Hit]]:
        self.asked.append(len(questions))
        if beside:
            return [[] for _ in questions]
        return [[self.entries[key][0] for key in one.keys if key in self.entries] for one in questions]

    def take(self, hits: Sequence[tuple[Call, Hit]]) -> list[bool]:
        self.taken |= {call.id: hit for call, hit in hits}
        return [call.name not in self.gone for call, _ in hits]

    def load(self, call: Call) -> tuple[bool, Any]:
        if call.name in self.lost:
            return False, None
        self.loaded.append(call.name)
        return True, pickle.loads(self.entries[self.taken[call.id].name][1])

    def claim(self, call: Call, key: str, *, looked: int | None, waits: bool) -> Claim:
        return Claim("compute")

    @property
    def statuses(self) -> dict[str, str]:
        return {name: outcome.status for name, outcome in self.outcomes.items()}


ROOT = Path(__file__).parents[2]


def run(
    graph: StageGraph, reporter: Reporter | None = None, *, traceback: Callable[[BaseException], str] = repr
) -> Any:
    reporter = reporter or Reporter()
    keys = StageKeys(bundle="bundle", environment="environment", root=ROOT, paths=[])
    observer = Observer(ROOT)
    if any(call.cached for call in graph.calls):
        observer.install()
    cache = StageCache(graph, keys, reporter, root=str(ROOT), observer=observer)
    try:
        return execute(graph, reporter=reporter, cache=cache, traceback=traceback)()
    finally:
        observer.uninstall()


@create_stage
def one() -> int:
    return 1


@create_stage
def add(*numbers: int) -> int:
    return sum(numbers)


@create_stage
def add_nested(numbers: Any, more: Any = ()) -> int:
    total = 0
    for number in [*numbers, *more]:
        total += number if isinstance(number, int) else sum(number)
    return total


@create_stage
def fail() -> None:
    raise LookupError("no such luck")


def test_the_result_of_the_target_is_returned() -> None:
    assert run(add(one(), add(one(), 5)).graph()) == 7


def test_results_are_filled_into_containers_and_keywords() -> None:
    assert run(add_nested([one(), (one(), one())], more={one(): None}).graph()) == 4


def test_a_stage_runs_once_whatever_the_number_of_its_consumers() -> None:
    calls = []

    @create_stage
    def count() -> int:
        calls.append(current.stage())
        return len(calls)

    counted = count()
    assert run(add(counted, counted, add(counted), add_nested([counted, (counted,)])).graph()) == 5
    assert calls == [counted.uuid()]


def test_equal_calls_run_each() -> None:
    calls: list[int] = []

    @create_stage
    def count() -> int:
        calls.append(1)
        return len(calls)

    assert run(add(count(), count()).graph()) == 3


def test_stages_start_behind_those_that_they_need() -> None:
    reporter = Reporter()
    run(add(one(), add(one())).graph(), reporter)
    assert reporter.started_stages == ["one", "one", "add", "add"]
    assert set(reporter.statuses.values()) == {"succeeded"}
    assert all(outcome.seconds >= 0 for outcome in reporter.outcomes.values())


def test_a_chain_of_ten_thousand_builds_pickles_and_runs(tmp_path: Path) -> None:
    @create_stage
    def increment(x: int) -> int:
        return x + 1

    stage = increment(0)
    for _ in range(9_999):
        stage = increment(stage)
    graph = stage.enable_caching().graph()
    assert len(graph.calls) == 10_000
    assert all(call.cached for call in graph.calls)
    assert len(pickle_graph(graph, tmp_path)) > 10_000
    assert run(graph) == 10_000


class Large:
    """A result whose end can be seen."""


def test_a_result_is_let_go_when_nobody_needs_it_any_more() -> None:
    alive: list[weakref.ref[Large]] = []
    seen: list[list[bool]] = []

    @create_stage
    def make() -> Large:
        large = Large()
        alive.append(weakref.ref(large))
        return large

    @create_stage
    def use(*larges: Large) -> int:
        return len(larges)

    @create_stage
    def look(*numbers: int) -> int:
        seen.append([reference() is not None for reference in alive])
        return sum(numbers)

    first, second = make(), make()
    used = use(first)
    looked = look(used)
    assert run(look(looked, use(second, first)).graph()) == 3
    assert seen == [[True, True], [False, False]]


def test_the_first_failure_ends_it_and_tells_which_stage() -> None:
    reporter = Reporter()
    first, broken = one(), fail()
    with pytest.raises(StageFailed) as raised:
        run(add(first, broken, add(2)).graph(), reporter)
    assert raised.value.call.id == broken.uuid()
    assert raised.value.traceback == "LookupError('no such luck')"
    assert isinstance(raised.value.__cause__, LookupError)
    assert reporter.statuses == {"one": "succeeded", "fail": "failed"}
    assert reporter.outcomes["fail"].error == "LookupError('no such luck')"
    assert current.stage() is None


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), GeneratorExit()])
def test_leaving_a_stage_by_any_exception_is_a_failure(error: BaseException) -> None:
    @create_stage
    def leave() -> None:
        raise error

    reporter = Reporter()
    with pytest.raises(StageFailed):
        run(leave().graph(), reporter)
    assert reporter.statuses == {"leave": "failed"}


def test_a_result_that_can_not_take_its_place_fails_the_stage_that_takes_it() -> None:
    @create_stage
    def unhashable() -> list[int]:
        return [1]

    @create_stage
    def take(numbers: set[Any]) -> int:
        return len(numbers)

    reporter = Reporter()
    with pytest.raises(StageFailed, match="unhashable type: 'list'"):
        run(take({unhashable()}).graph(), reporter)
    assert reporter.statuses == {"unhashable": "succeeded", "take": "failed"}


def test_only_what_is_cached_or_persisted_is_encoded() -> None:
    reporter = Reporter()
    run(add(one(), one().persist()).graph(), reporter)
    assert reporter.outcomes["add"].encoding is None
    assert reporter.outcomes["one"].encoding == "json"
    assert reporter.outcomes["one"].kept is None


def test_a_cached_stage_does_not_run_again_and_hands_its_result_on() -> None:
    @create_stage
    def count(x: int) -> int:
        return x

    reporter = Reporter()
    for status in ("succeeded", "cached"):
        assert run(add(count(3).enable_caching(), one()).graph(), reporter) == 4
        assert reporter.statuses == {"count": status, "one": "succeeded", "add": "succeeded"}
    assert reporter.outcomes["count"].cached_from == "the first job"
    assert run(add(count(4).enable_caching(), one()).graph(), reporter) == 5
    assert reporter.statuses["count"] == "succeeded"


def test_a_cached_none_is_a_hit() -> None:
    @create_stage
    def nothing() -> None:
        pass

    reporter = Reporter()
    for status in ("succeeded", "cached"):
        assert run(nothing().enable_caching().graph(), reporter) is None
        assert reporter.statuses == {"nothing": status}


def test_a_result_that_can_not_be_serialized_reaches_its_consumers() -> None:
    @create_stage
    def lock() -> Any:
        return threading.Lock()

    @create_stage
    def kind(value: Any) -> str:
        return type(value).__name__

    reporter = Reporter()
    assert run(kind(lock().persist()).graph(), reporter) == "lock"
    assert reporter.outcomes["lock"].status == "succeeded"
    assert "cannot pickle '_thread.lock' object" in str(reporter.outcomes["lock"].unserializable)
    assert reporter.outcomes["lock"].encoding is None


def test_a_stage_whose_key_can_not_be_made_is_computed_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    @create_stage
    def used(numbers: Any) -> int:
        return sum(numbers)

    reporter = Reporter()
    assert run(used(iter([1, 2])).enable_caching().graph(), reporter) == 3
    assert reporter.statuses == {"used": "succeeded"}
    assert reporter.outcomes["used"].kept is None
    said = capsys.readouterr().err
    assert said.startswith("foundations: warning: stage used is computed and not cached: argument numbers is of type")
    assert "foundations.ignore(value)" in said
    assert ".stage(list)" in said


def test_stages_that_the_cache_serves_are_found_many_at_a_time_and_not_loaded() -> None:
    reporter = Reporter()

    def graph() -> StageGraph:
        return add(*(add(number, 1) for number in range(50))).enable_caching().graph()

    assert run(graph(), reporter) == sum(range(50)) + 50
    reporter.asked.clear()
    assert run(graph(), reporter) == sum(range(50)) + 50
    assert reporter.asked == [50, 1]
    assert reporter.loaded == ["add"]  # the target, which was asked for


def chain(length: int) -> StageGraph:
    last = add(0)
    for _ in range(length - 1):
        last = add(last, 1)
    return last.enable_caching().graph()


def guessed(reporter: Reporter, graph: StageGraph) -> None:
    """Let the entries be expected that there are, whichever stage of the same place they are of."""
    by_content = [hit for hit, _ in reporter.entries.values()]
    reporter.guesses = {call.id: {hit.name: hit for hit in by_content} for call in graph.calls}


def test_what_is_expected_is_not_asked_for() -> None:
    reporter, graph = Reporter(), chain(20)
    run(graph, reporter)
    guessed(reporter, graph)
    reporter.asked.clear()
    assert run(graph, reporter) == 19
    assert reporter.asked == []
    assert reporter.statuses == {"add": "cached"}


def test_a_chain_is_served_where_nothing_is_expected() -> None:
    reporter, graph = Reporter(), chain(20)
    run(graph, reporter)
    reporter.asked.clear()
    assert run(graph, reporter) == 19
    assert reporter.asked == [1] * 20
    assert len(reporter.taken) == 20


def test_an_entry_that_is_expected_wrongly_serves_nothing() -> None:
    reporter = Reporter()
    run(add(1).enable_caching().graph(), reporter)
    other = add(2).enable_caching().graph()
    guessed(reporter, other)
    assert run(other, reporter) == 2
    assert reporter.statuses == {"add": "succeeded"}


def test_what_takes_a_result_that_is_lost_is_not_served_before_that_is_made_anew() -> None:
    runs = []

    @create_stage
    def drawn() -> int:
        runs.append("drawn")
        return len(runs)

    @create_stage
    def doubled(number: int) -> int:
        return 2 * number

    reporter, graph = Reporter(), doubled(drawn()).enable_caching().graph()
    assert run(graph, reporter) == 2
    reporter.gone.add("drawn")
    assert run(graph, reporter) == 4
    assert reporter.statuses == {"drawn": "succeeded", "doubled": "succeeded"}


def test_a_result_is_loaded_where_a_stage_that_runs_takes_it() -> None:
    @create_stage
    def base() -> int:
        return 5

    reporter = Reporter()
    first = base()
    assert run(add(first.enable_caching(), 1).graph(), reporter) == 6
    assert run(add(add(first.enable_caching(), 1), first).graph(), reporter) == 11
    assert reporter.loaded == ["base"]
    assert reporter.statuses == {"base": "cached", "add": "succeeded"}


def test_a_result_that_is_lost_is_computed_anew(capsys: pytest.CaptureFixture[str]) -> None:
    @create_stage
    def base() -> int:
        return 5

    reporter = Reporter()
    stage = base().enable_caching()
    run(stage.graph(), reporter)
    reporter.lost.add("base")
    assert run(add(stage, 1).graph(), reporter) == 6
    assert reporter.statuses["base"] == "succeeded"
    assert reporter.retries == [("base", 0, "its cached result is damaged or gone, and it is computed anew")]


def test_what_only_a_served_stage_requires_does_not_run() -> None:
    calls = []

    @create_stage
    def prepare() -> None:
        calls.append("prepare")

    @create_stage
    def main() -> int:
        return 1

    def graph() -> StageGraph:
        first, last = prepare(), main()
        last.enable_caching()
        last.require(first)
        return last.graph()

    reporter = Reporter()
    assert run(graph(), reporter) == 1
    assert run(graph(), reporter) == 1
    assert calls == ["prepare"]


def test_a_stage_above_that_gives_the_same_again_leaves_those_below_cached() -> None:
    reporter = Reporter()
    stamp = [1]

    @create_stage
    def source(version: int) -> int:
        stamp.append(version)
        return 7

    assert run(add(source(1), 1).enable_caching().graph(), reporter) == 8
    assert run(add(source(2), 1).enable_caching().graph(), reporter) == 8
    assert stamp == [1, 1, 2]
    assert reporter.statuses == {"source": "succeeded", "add": "cached"}


def test_nothing_recurses_in_a_wide_graph() -> None:
    stages = [one() for _ in range(2000)]
    assert sys.getrecursionlimit() < len(stages)
    assert run(add(*stages).graph()) == 2000


def test_a_cached_stage_that_changes_its_argument_is_not_stored(capsys: pytest.CaptureFixture[str]) -> None:
    @create_stage
    def load() -> list[int]:
        return [1, 2]

    @create_stage
    def append(numbers: list[int]) -> int:
        numbers.append(99)
        return len(numbers)

    @create_stage
    def both(numbers: list[int], length: int) -> list[int]:
        return [*numbers, length]

    loaded = load()
    graph = both(loaded, append(loaded)).enable_caching().graph()
    reporter = Reporter()
    assert run(graph, reporter) == [1, 2, 99, 3]
    assert (
        "stage append changed an argument in place; its result is not cached: let it change a copy"
        in capsys.readouterr().err
    )
    assert run(graph, reporter) == [1, 2, 99, 3]
    assert reporter.statuses["append"] == "succeeded"


def test_a_stage_that_returns_a_stage_is_told_to_call_the_function() -> None:
    @create_stage
    def calls_a_stage() -> Any:
        return one()

    with pytest.raises(StageFailed, match="call the function itself there"):
        run(calls_a_stage().graph())


class Sharing(Reporter):
    """A cache that other jobs fill meanwhile: what comes of each claim is written down here."""

    def __init__(self, *claims: Claim, appears: Callable[[Question], str | None] = lambda _: None) -> None:
        super().__init__()
        self.coming, self.claimed = list(claims), list[tuple[int | None, bool]]()
        self.appears = appears

    def claim(self, call: Call, key: str, *, looked: int | None, waits: bool) -> Claim:
        self.claimed.append((looked, waits))
        return self.coming.pop(0) if self.coming else Claim("compute")

    def find(self, questions: Sequence[Question], *, beside: bool) -> list[list[Hit]]:
        for question in questions:
            if self.claimed and (key := self.appears(question)):
                entry = Hit(key, "the other job", "content", time.time(), {})
                self.entries[key] = entry, pickle.dumps(42)
        return super().find(questions, beside=beside)


WAIT, LOOK = Claim("wait", job="the other job"), Claim("look", after=3)


def cached_one(**options: Any) -> StageGraph:
    return one().enable_caching(**options).graph()


@pytest.mark.parametrize("place", [0, 1], ids=["fine", "coarse"])
def test_who_waits_is_served_by_what_the_other_job_keeps_under_either_key(
    place: int, capsys: pytest.CaptureFixture[str]
) -> None:
    # each look asks for the fine key, and then for the coarse one
    reporter = Sharing(
        WAIT, WAIT, LOOK, appears=lambda question: question.keys[0] if len(reporter.asked) % 2 == place else None
    )
    assert run(cached_one(), reporter) == 42
    assert reporter.statuses == {"one": "cached"}
    assert reporter.claimed == [(None, True)] * 3
    assert capsys.readouterr().err == "foundations: stage one waits for job the other job, which computes the same\n"


def test_who_has_waited_in_vain_computes_and_does_not_wait_again() -> None:
    reporter = Sharing(WAIT, LOOK)
    assert run(cached_one(), reporter) == 1
    assert reporter.statuses == {"one": "succeeded"}
    assert reporter.claimed == [(None, True), (None, True), (3, False)]


def test_who_takes_over_from_a_job_that_died_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(cached_one(), Sharing(WAIT, Claim("look", after=3, dead=True))) == 1
    waits, takes_over = capsys.readouterr().err.splitlines()
    assert "waits for job the other job" in waits
    assert takes_over == "foundations: stage one takes over from job the other job, which no longer shows that it lives"
    assert run(cached_one(), Sharing(WAIT, LOOK)) == 1
    assert "takes over" not in capsys.readouterr().err


def test_who_has_waited_for_one_that_died_waits_for_who_takes_over() -> None:
    dead = Claim("look", after=3, dead=True)
    reporter = Sharing(WAIT, dead, WAIT, LOOK)
    assert run(cached_one(), reporter) == 1
    assert reporter.claimed == [(None, True), (None, True), (3, True), (3, True), (3, False)]


def test_what_was_computed_between_the_look_and_the_claim_serves() -> None:
    reporter = Sharing(LOOK, appears=lambda question: question.keys[0])
    assert run(cached_one(), reporter) == 42
    assert reporter.statuses == {"one": "cached"}


def test_a_stage_that_is_to_be_computed_in_any_case_claims_nothing() -> None:
    graph = cached_one()
    (call,) = graph.calls
    for caching in (replace(call.caching, refresh=True), replace(call.caching, ttl=0.0)):
        reporter = Sharing(WAIT, WAIT)
        assert run(replace(graph, calls=(replace(call, caching=caching),)), reporter) == 1
        assert reporter.claimed == []


def test_what_is_computed_since_its_cached_result_is_lost_waits_for_nobody() -> None:
    reporter = Sharing()
    graph = add(one().enable_caching(), 5).graph()
    assert run(graph, reporter) == 6
    reporter.claimed.clear()
    reporter.lost.add("one")
    assert run(graph, reporter) == 6
    assert reporter.claimed == []


def test_waiting_does_not_count_for_the_time_that_a_stage_took(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, hours = time.perf_counter, [0]

    class Slow(Sharing):
        def claim(self, call: Call, key: str, *, looked: int | None, waits: bool) -> Claim:
            hours[0] += 1
            return super().claim(call, key, looked=looked, waits=waits)

    monkeypatch.setattr(time, "perf_counter", lambda: clock() + 3600 * hours[0])
    reporter = Slow(WAIT, WAIT, LOOK)
    run(cached_one(), reporter)
    assert hours == [4]
    assert reporter.outcomes["one"].seconds < 1800


def told(reporter: Reporter, name: str) -> dict[str, Any]:
    """Return what explains why a stage ran."""
    explanation = reporter.outcomes[name].explanation
    assert explanation
    return dict(explanation.stage.content)


def why(reporter: Reporter, name: str) -> list[str]:
    return [one["kind"] for one in told(reporter, name)["why"]]


def test_a_cached_stage_that_runs_tells_why_and_others_tell_nothing() -> None:
    reporter = Reporter()
    graph = add(one().enable_caching(), 2).graph()
    run(graph, reporter)
    assert why(reporter, "one") == ["no entry"]
    assert reporter.outcomes["add"].explanation is None
    assert told(reporter, "one")["kept"] == next(iter(reporter.entries))
    run(graph, reporter)
    assert (reporter.statuses["one"], reporter.outcomes["one"].explanation) == ("cached", None)


def test_an_entry_that_is_too_old_or_read_other_things_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    @create_stage
    def read() -> str | None:
        return os.environ.get("FOUNDATIONS_TEST_MODE")

    reporter = Reporter()
    run(read().enable_caching().graph(), reporter)
    monkeypatch.setenv("FOUNDATIONS_TEST_MODE", "another")
    run(read().enable_caching().graph(), reporter)
    assert told(reporter, "read")["why"] == [{"kind": "stale", "says": "variable FOUNDATIONS_TEST_MODE is set now"}]
    assert "another" not in json.dumps(told(reporter, "read"))
    run(read().enable_caching(ttl=0).graph(), reporter)
    assert told(reporter, "read")["why"] == [{"kind": "ttl", "says": "it was made more than ttl=0 seconds ago"}]


def test_what_making_a_lost_result_anew_takes_is_not_its_takers_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("foundations.execute.time.perf_counter", lambda: now)

    class Slow(Reporter):
        def load(self, call: Call) -> tuple[bool, Any]:
            nonlocal now
            now += 100
            return super().load(call)

    reporter = Slow()
    graph = add(one().enable_caching(), 2).graph()
    run(graph, reporter)
    reporter.lost.add("one")
    run(graph, reporter)
    assert now == 100
    assert (reporter.statuses["one"], reporter.outcomes["add"].seconds) == ("succeeded", 0)


def test_a_result_that_turns_out_to_be_lost_is_told() -> None:
    reporter = Reporter()
    graph = add(one().enable_caching(), 2).graph()
    run(graph, reporter)
    reporter.lost.add("one")
    run(graph, reporter)
    assert (reporter.statuses["one"], why(reporter, "one")) == ("succeeded", ["damaged"])


def test_a_stage_that_can_not_be_cached_or_fails_tells_why_it_ran(capsys: pytest.CaptureFixture[str]) -> None:
    reporter = Reporter()
    with pytest.raises(StageFailed):
        run(fail().enable_caching().graph(), reporter)
    assert why(reporter, "fail") == ["no entry"]
    run(add_nested([1], [threading.Lock()][:0]).enable_caching().graph(), reporter)
    assert why(reporter, "add_nested") == ["no entry"]
    run(item_of(threading.Lock()).enable_caching().graph(), reporter)
    refused = told(reporter, "item_of")
    assert (refused["keys"], why(reporter, "item_of")) == (None, ["refused"])
    assert "argument value" in refused["refused"]
    assert "item_of is computed and not cached" in capsys.readouterr().err


@create_stage
def item_of(value: Any) -> str:
    return type(value).__name__


def test_what_can_not_be_explained_is_computed_all_the_same(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def raises(*_: object) -> None:
        raise OSError("the packages can't be listed")

    monkeypatch.setattr("foundations.explaining.packages", raises)
    reporter = Reporter()
    assert run(add(one().enable_caching(), 2).graph(), reporter) == 3
    assert (reporter.outcomes["one"].explanation, len(reporter.entries)) == (None, 1)
    said = "why stage one was computed can't be archived (OSError: the packages can't be listed)"
    assert said in capsys.readouterr().err
