"""A graph, run: every stage once, with its result handed on and let go when nobody needs it any more."""

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from foundations import current
from foundations.forked import call_unforked
from foundations.graph import Call, StageGraph
from foundations.intermediate import IntermediateResults, refuse_stage
from foundations.keys.ignored import without_marks
from foundations.originals import described
from foundations.schedule import run_in_order
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
    cache_key: str | None = None
    cached_from: str | None = None
    encoding: str | None = None
    buffers: tuple[memoryview, ...] = ()


@dataclass(frozen=True)
class Hit:
    """A result that the cache holds, and the job that made it."""

    value: Any
    job_id: str


class Reporter(Protocol):
    """Whoever wants to know what becomes of the stages, and answers for the cache."""

    def started(self, call: Call) -> None:
        """Take note that a stage begins."""

    def ended(self, call: Call, outcome: Outcome) -> None:
        """Take note that a stage has ended, and keep its result where the outcome holds one."""

    def retried(self, call: Call, attempt: int, error: str) -> None:
        """Take note that an attempt at a stage has failed, and that another one follows."""

    def cached(self, call: Call, key: str) -> Hit | None:
        """Return what the cache holds under `key`."""


KeyOf = Callable[[Call, tuple[Any, ...], dict[str, Any]], str]
Traceback = Callable[[BaseException], str]
Invoke = Callable[[Call, tuple[Any, ...], Mapping[str, Any]], Any]


class StageFailed(Exception):
    """A stage raised; `traceback` is what its user shall see."""

    def __init__(self, call: Call, traceback: str) -> None:
        super().__init__(traceback)
        self.call, self.traceback = call, traceback


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
    key_of: KeyOf,
    traceback: Traceback,
    invoke: Invoke = call_directly,
    threads: int = 1,
) -> Any:
    """Run every stage of `graph`, up to `threads` at once, and return the target's result.

    Raise `StageFailed` for the first that raises, once those that were running have ended.
    """
    run = _Run(graph, reporter=reporter, key_of=key_of, traceback=traceback, invoke=invoke)
    run_in_order(graph, run.stage, settle=run.results.settle, threads=threads)
    return run.results.of_target()


class _Run:
    """One run of a graph."""

    def __init__(
        self, graph: StageGraph, *, reporter: Reporter, key_of: KeyOf, traceback: Traceback, invoke: Invoke
    ) -> None:
        self.results = IntermediateResults(graph)
        self._reporter, self._key_of, self._traceback, self._invoke = reporter, key_of, traceback, invoke

    def stage(self, call: Call) -> None:
        """Run one stage, whose parents have run."""
        began, key = time.perf_counter(), None
        self._reporter.started(call)
        try:
            args, kwargs = self.results.arguments(call)
            key = _key(call, args, kwargs, self._key_of) if call.cached else None
            hit = self._reporter.cached(call, key) if key else None
            if hit:
                self.results.add(call, hit.value)
                seconds = time.perf_counter() - began
                self._reporter.ended(call, Outcome("cached", seconds, cache_key=key, cached_from=hit.job_id))
                return
            result = self._attempts(call, *without_marks(args, kwargs))
            refuse_stage(call, result)
        except BaseException as error:
            text, seconds = self._traceback(error), time.perf_counter() - began
            outcome = Outcome("failed", seconds, error=text, exception=described(error), cache_key=key)
            self._reporter.ended(call, outcome)
            raise StageFailed(call, text) from error
        outcome = Outcome("succeeded", time.perf_counter() - began, cache_key=key)
        if key and _key(call, args, kwargs, self._key_of) != key:
            # served from the cache, it would leave the argument, which others may get too, as it was
            _warn(f"stage {call.name} changed an argument in place; its result is not cached")
            key, outcome = None, replace(outcome, cache_key=None)
        self._reporter.ended(call, _with_value(outcome, result) if key or call.persisted else outcome)
        self.results.add(call, result)

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


def _key(call: Call, args: tuple[Any, ...], kwargs: dict[str, Any], key_of: KeyOf) -> str | None:
    try:
        return key_of(call, args, kwargs)
    except Exception as error:  # noqa: BLE001 - pickling runs the user's own code, which may raise anything
        _warn(f"stage {call.name} is computed and not cached: {error}")
        return None


def _warn(text: str) -> None:
    print(f"foundations: warning: {text}", file=sys.stderr, flush=True)


def _with_value(outcome: Outcome, result: Any) -> Outcome:
    try:
        encoding, buffers = encode(result)
    except Exception as error:  # noqa: BLE001 - pickling runs the user's own code, which may raise anything
        return replace(outcome, unserializable=unserializable(result, error))
    return replace(outcome, encoding=encoding, buffers=tuple(buffers))
