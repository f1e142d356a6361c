"""A graph, run: every stage once, with its result handed on and let go when nobody needs it any more."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

from foundations import current
from foundations.cached_run import CachedRun, Kept
from foundations.entries import Hit
from foundations.explanation import Explanation
from foundations.forked import call_unforked
from foundations.graph import Call, StageGraph
from foundations.intermediate import IntermediateResults, refuse_stage
from foundations.keys.ignored import without_marks
from foundations.keys.observer import Watch
from foundations.keys.stage_keys import StageKey
from foundations.leftovers import Missing
from foundations.originals import described
from foundations.schedule import run_in_order
from foundations.single_flight import NoLongerWanted, SingleFlight
from foundations.stage_cache import StageCache
from foundations.time_limit import Speaking, call_within
from foundations.values import encode, unserializable


@dataclass(frozen=True)
class Outcome:
    """How a stage ended."""

    status: str
    seconds: float
    error: str | None = None
    exception: Mapping[str, Any] | None = None
    unserializable: str | None = None
    kept: Kept | None = None
    cached_from: str | None = None
    encoding: str | None = None
    buffers: tuple[memoryview, ...] = ()
    explanation: Explanation | None = None


class Reporter(Protocol):
    """Whoever wants to know what becomes of the stages."""

    def started(self, call: Call) -> None:
        """Take note that a stage begins."""

    def ended(self, call: Call, outcome: Outcome) -> None:
        """Take note that a stage has ended, and keep its result where the outcome holds one."""

    def served(self, hits: Sequence[tuple[Call, Hit]], seconds: float) -> None:
        """Take note that stages need not run, as entries of the cache serve them, and what that took for each."""

    def retried(self, call: Call, attempt: int, error: str) -> None:
        """Take note that an attempt at a stage has failed, and that another one follows."""


Traceback = Callable[[BaseException], str]
Invoke = Callable[[Call, tuple[Any, ...], Mapping[str, Any]], Any]


class StageFailed(Exception):
    """A stage raised; `traceback` is what its user shall see."""

    def __init__(self, call: Call, traceback: str) -> None:
        super().__init__(traceback)
        self.call, self.traceback = call, traceback


class _Missed(Exception):
    """A stage has looked for what served ones had left, by its name, and is not there."""

    def __init__(self, stages: Mapping[str, str]) -> None:
        super().__init__(", ".join(stages))
        self.stages = stages


def call_directly(
    call: Call, args: tuple[Any, ...], kwargs: Mapping[str, Any], *, speaking: Speaking | None = None
) -> Any:
    """Run a stage's function in this process, within the time that its options give it; see `call_within`."""
    if call.options.timeout is None:
        return call_unforked(call.function, args, kwargs)
    arguments = (call.function, args, kwargs)
    return call_within(call.options.timeout, call_unforked, arguments, name=call.name, speaking=speaking)


def execute(
    graph: StageGraph,
    *,
    reporter: Reporter,
    cache: StageCache,
    traceback: Traceback,
    invoke: Invoke = call_directly,
    threads: int = 1,
) -> Callable[[], Any]:
    """Run every stage of `graph` that the cache does not serve, up to `threads` at once.

    Return what gives the target's result, which is loaded only then where the cache serves it. Raise `StageFailed` for
    the first that raises, once those that were running have ended.
    """
    run = _Run(graph, reporter=reporter, cache=cache, traceback=traceback, invoke=invoke)
    run.look_ahead()
    run_in_order(graph, run.stage, settle=run.results.settle, threads=threads)
    return partial(run.value, graph.target)


class _Run:
    """One run of a graph."""

    def __init__(
        self, graph: StageGraph, *, reporter: Reporter, cache: StageCache, traceback: Traceback, invoke: Invoke
    ) -> None:
        self.results = IntermediateResults(graph)
        self._graph, self._calls = graph, {call.id: call for call in graph.calls}
        self._reporter, self._cache, self._traceback, self._invoke = reporter, cache, traceback, invoke
        self._flight = SingleFlight(cache)
        self._served: dict[str, Hit] = {}
        self._needed = set(self._calls)
        self._fetching = threading.RLock()

    def look_ahead(self) -> None:
        """Find out which stages need not run; these have ended then."""
        if any(call.cached for call in self._graph.calls):
            began = time.perf_counter()
            self._served = self._cache.look_ahead()
            seconds = (time.perf_counter() - began) / max(1, len(self._served))
            hits = [(call, self._served[call.id]) for call in self._graph.calls if call.id in self._served]
            if hits:
                self._reporter.served(hits, seconds)
            self._needed = self._cache.needed(self._served)

    def stage(self, call: Call) -> None:
        """Run one stage, whose parents have run, unless it need not run."""
        if call.id in self._needed and call.id not in self._served:
            self._reporter.started(call)
            try:
                self._run(call)
            finally:
                self._flight.ended()

    def _run(self, call: Call, *, again: bool = False) -> None:
        began = time.perf_counter()
        try:
            while missed := self._run_once(call, again=again):
                self._bring_back(call, missed)
                again = True
        except (NoLongerWanted, StageFailed) as failure:
            if getattr(failure, "call", None) is not call:  # another one failed, which had to run for it
                self._reporter.ended(call, Outcome("not run", time.perf_counter() - began))
            raise

    def _run_once(self, call: Call, *, again: bool) -> Mapping[str, str]:
        """Serve a stage, unless `again`, or run it; return what it has looked for that served ones had left."""
        began = time.perf_counter()
        key = cached = None
        try:
            key = self._cache.key(call) if call.cached else None
            if key and not again and self._serve(call, key, began):
                return {}
            args, kwargs = self.results.arguments(call, self.value)
            began = time.perf_counter()  # now: what it takes may have been made anew
            if named := self._cache.leftovers.named_in((args, kwargs)):
                return named
            cached = CachedRun(self._cache, call, key) if key and not self._cache.read_only else None
            result = self._watched(call, cached, *without_marks(args, kwargs))
            refuse_stage(call, result)
        except _Missed as missed:
            return missed.stages
        except (NoLongerWanted, StageFailed):
            raise
        except BaseException as error:
            text, seconds = self._traceback(error), time.perf_counter() - began
            outcome = Outcome("failed", seconds, error=text, exception=described(error))
            self._reporter.ended(call, replace(outcome, explanation=self._explanation(call, key, cached)))
            raise StageFailed(call, text) from error
        outcome = Outcome("succeeded", time.perf_counter() - began)
        kept = cached.kept(result, self.value) if cached else None
        outcome = replace(outcome, kept=kept)
        outcome = _with_value(outcome, result) if kept or call.persisted else outcome
        if cached and outcome.unserializable:
            cached.not_serialized(outcome.unserializable)
        self._reporter.ended(call, replace(outcome, explanation=self._explanation(call, key, cached)))
        self.results.add(call, result)
        self._cache.ended(call, result, kept.content if kept else None)
        return {}

    def _serve(self, call: Call, key: StageKey, began: float) -> bool:
        """Serve a stage from the cache, once others that compute it have; return whether anything did."""
        hit = self._cache.serve(call, key) or self._flight.served(call, key)
        if not hit:
            return False
        self._served[call.id] = hit
        self._cache.ended(call, None, hit.content) if hit.content else self.value(call.id)
        self._reporter.ended(call, Outcome("cached", time.perf_counter() - began, cached_from=hit.job_id))
        return True

    def _watched(self, call: Call, cached: CachedRun | None, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Return a stage's result, or raise `_Missed`, whatever the stage made of not finding it."""
        missing, watch = self._cache.leftovers.missing(), None
        try:
            with cached.watching() if cached else self._cache.leftovers.watching(call) as watch:
                result = self._attempts(call, args, kwargs)
        except Exception:
            self._refuse_missed(call, missing, watch)
            raise
        self._refuse_missed(call, missing, watch)
        return result

    def _refuse_missed(self, call: Call, missing: Missing, watch: Watch | None) -> None:
        if watch and (missed := missing.looked_for(watch.observed)):
            self._reporter.retried(call, 0, f"it has looked for {', '.join(missed)}, which is made first")
            raise _Missed(missed)

    def _bring_back(self, call: Call, missing: Mapping[str, str]) -> None:
        """Run those served stages that had left what a stage misses."""
        for name, stage in missing.items():
            with self._fetching:
                if stage in self._served:
                    why = f"stage {call.name} looks for {name}, which it had left when it ran"
                    self._make_anew(self._calls[stage], why)

    def _explanation(self, call: Call, key: StageKey | None, run: CachedRun | None) -> Explanation | None:
        if run is not None:
            return run.explanation()
        return self._cache.explain(call, key) if call.cached else None

    def value(self, stage: str) -> Any:
        """Return a stage's result, which is loaded or made now where it is served from the cache."""
        if not self.results.has(stage):
            with self._fetching:
                if not self.results.has(stage):
                    self._fetch(self._calls[stage])
        return self.results.of(stage)

    def _fetch(self, call: Call) -> None:
        there, value = self._cache.load(call)
        if there:
            self.results.add(call, value)
            if self._cache.content(call.id) is None:
                self._cache.ended(call, value, None)
            return
        self._cache.lost(call, self._served[call.id])
        self._make_anew(call, "its cached result is damaged or gone, and it is computed anew")

    def _make_anew(self, call: Call, why: str) -> None:
        # its metrics were told already, and come again
        self._reporter.retried(call, 0, why)
        self._served.pop(call.id)
        self._cache.leftovers.ran(call.id)
        self._run(call, again=True)

    def _attempts(self, call: Call, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        for attempt in range(1, call.options.retries + 1):
            try:
                with current.running(call.id):
                    return self._invoke(call, args, kwargs)
            except Exception as error:  # noqa: BLE001 - whatever a stage raises is what it is tried again for
                self._reporter.retried(call, attempt, self._traceback(error))
                time.sleep(call.options.retry_delay)
        with current.running(call.id):
            return self._invoke(call, args, kwargs)


def _with_value(outcome: Outcome, result: Any) -> Outcome:
    try:
        encoding, buffers = encode(result)
    except Exception as error:  # noqa: BLE001 - pickling runs the user's own code, which may raise anything
        return replace(outcome, unserializable=unserializable(result, error))
    return replace(outcome, encoding=encoding, buffers=tuple(buffers))
