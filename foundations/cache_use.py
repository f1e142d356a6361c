"""How one run uses the cache, beside what its stages say: not at all, or anew for some."""

import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from foundations.graph import Call, StageGraph
from foundations.signature import STAGE_FUNCTION, name_of

# set by `foundations deploy --no-cache` for its driver
NO_CACHE = "FOUNDATIONS_NO_CACHE"
_NO = frozenset({"", "0", "false", "no", "off"})
# set by `foundations plan` for its driver: the file to which the plans go too, as JSON, one line each
PLANS = "FOUNDATIONS_PLANS"
# set by `foundations plan --json` beside that: the table is not printed
PLANS_QUIET = "FOUNDATIONS_PLANS_QUIET"
# set by `foundations cache accept` beside that: the name of the stage whose code is accepted
ACCEPTED = "FOUNDATIONS_ACCEPTED"


def is_planning() -> bool:
    """Tell whether this driver is to plan its jobs, and run none."""
    return bool(os.environ.get(PLANS))


def refuse_in_plan(what: str) -> None:
    """Raise `RuntimeError` where this driver is to plan its jobs, and this can't be planned."""
    if is_planning():
        raise RuntimeError(f"{what} can't be planned: it is many jobs; plan a run with one set of its parameters")


def listed(refresh: Any, *, stage: type[Any]) -> tuple[Any, ...]:
    """Return what is to be refreshed; raise `TypeError` for what is no list, as a stage or a function by itself."""
    alone = isinstance(refresh, stage) or callable(refresh)
    if alone or not isinstance(refresh, Iterable):
        hint = "; write refresh=[...] around it" if alone else ""
        raise TypeError(f"refresh takes a list of stages and functions of stages, got {refresh!r}{hint}")
    return tuple(refresh)


def refreshed(graph: StageGraph, wanted: Iterable[Any], *, is_stage: Callable[[Any], bool]) -> StageGraph:
    """Return a graph whose stages among `wanted`, or that call a function among it, are computed anew.

    Raise `ValueError` for what is no stage of the graph, and `TypeError` for what can be none.
    """
    chosen: set[str] = set()
    for one in wanted:
        if not is_stage(one) and not callable(one):
            raise TypeError(f"refresh takes stages and functions of stages, got {one!r} of type {type(one).__name__}")
        found = {one.uuid()} if is_stage(one) else _calling(graph, one)
        if not found.intersection(call.id for call in graph.calls):
            raise ValueError(f"refresh got {one if is_stage(one) else name_of(one)!r}, which is no stage of this job")
        chosen |= found
    if not chosen:
        return graph
    return _changed(graph, lambda call: replace(call, caching=replace(call.caching, refresh=True)), chosen)


def without_cache() -> bool:
    """Tell whether this driver's jobs are to do without the cache."""
    return os.environ.get(NO_CACHE, "").strip().lower() not in _NO


def as_allowed(graph: StageGraph) -> StageGraph:
    """Return a graph without a cached stage where this driver is to do without the cache, else as it is."""
    if not without_cache():
        return graph
    return _changed(graph, lambda call: replace(call, cached=False), {call.id for call in graph.calls})


def _calling(graph: StageGraph, function: Any) -> set[str]:
    meant = getattr(function, STAGE_FUNCTION, function)
    return {call.id for call in graph.calls if call.function is meant or call.function == meant}


def _changed(graph: StageGraph, change: Callable[[Call], Call], chosen: Iterable[str]) -> StageGraph:
    wanted = frozenset(chosen)
    return replace(graph, calls=tuple(change(call) if call.id in wanted else call for call in graph.calls))
