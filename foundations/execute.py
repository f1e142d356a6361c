"""A graph, run: every stage once, in order, with its result handed on and let go when nobody needs it any more."""

import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from foundations import current
from foundations.graph import Call, StageGraph, Upstream, filled
from foundations.originals import described
from foundations.values import encode


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

    def cached(self, call: Call, key: str) -> Hit | None:
        """Return what the cache holds under `key`."""


KeyOf = Callable[[Call, tuple[Any, ...], dict[str, Any]], str]
Traceback = Callable[[BaseException], str]


class StageFailed(Exception):
    """A stage raised; `traceback` is what its user shall see."""

    def __init__(self, call: Call, traceback: str) -> None:
        super().__init__(traceback)
        self.call, self.traceback = call, traceback


def execute(graph: StageGraph, *, reporter: Reporter, key_of: KeyOf, traceback: Traceback) -> Any:
    """Run every stage of `graph` and return the target's result; raise `StageFailed` at the first that raises."""
    results: dict[str, Any] = {}
    consumers = Counter(parent for call in graph.calls for parent in call.parents)
    for call in graph.calls:
        results[call.id] = _run(call, results, reporter=reporter, key_of=key_of, traceback=traceback)
        consumers.subtract(call.parents)
        for parent in call.parents:
            if not consumers[parent] and parent != graph.target:
                results.pop(parent, None)
    return results[graph.target]


def _run(call: Call, results: Mapping[str, Any], *, reporter: Reporter, key_of: KeyOf, traceback: Traceback) -> Any:
    began, key = time.perf_counter(), None
    reporter.started(call)
    try:
        args = filled(call.args, Upstream, lambda hole: results[hole.stage])
        kwargs = filled(dict(call.kwargs), Upstream, lambda hole: results[hole.stage])
        key = _key(call, args, kwargs, key_of) if call.cached else None
        hit = reporter.cached(call, key) if key else None
        if hit:
            seconds = time.perf_counter() - began
            reporter.ended(call, Outcome("cached", seconds, cache_key=key, cached_from=hit.job_id))
            return hit.value
        with current.running(call.id):
            result = call.function(*args, **kwargs)
        _refuse_stage(call, result)
    except BaseException as error:
        text, seconds = traceback(error), time.perf_counter() - began
        reporter.ended(call, Outcome("failed", seconds, error=text, exception=described(error), cache_key=key))
        raise StageFailed(call, text) from error
    outcome = Outcome("succeeded", time.perf_counter() - began, cache_key=key)
    if key and _key(call, args, kwargs, key_of) != key:
        # served from the cache, it would leave the argument, which others may get too, as it was
        _warn(f"stage {call.name} changed an argument in place; its result is not cached")
        key, outcome = None, replace(outcome, cache_key=None)
    reporter.ended(call, _with_value(outcome, result) if key or call.persisted else outcome)
    return result


def _key(call: Call, args: tuple[Any, ...], kwargs: dict[str, Any], key_of: KeyOf) -> str | None:
    try:
        return key_of(call, args, kwargs)
    except Exception as error:  # noqa: BLE001 - pickling runs the user's own code, which may raise anything
        _warn(f"stage {call.name} is computed and not cached: {error}")
        return None


def _refuse_stage(call: Call, result: Any) -> None:
    # not imported: what makes jobs is none of the worker's business, unless the user's code has loaded it
    stages = sys.modules.get("foundations.stage")
    if stages is not None and isinstance(result, stages.Stage):
        raise TypeError(
            f"stage {call.name} returned {result!r}, which will never run: a function that create_stage has wrapped "
            "was called inside a stage; call the function itself there"
        )


def _warn(text: str) -> None:
    print(f"foundations: warning: {text}", file=sys.stderr, flush=True)


def _with_value(outcome: Outcome, result: Any) -> Outcome:
    try:
        encoding, buffers = encode(result)
    except Exception as error:  # noqa: BLE001 - pickling runs the user's own code, which may raise anything
        return replace(outcome, unserializable=f"{type(result).__qualname__}: {error}")
    return replace(outcome, encoding=encoding, buffers=tuple(buffers))
