"""What would become of a job's stages, found out by the worker, which runs none of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from foundations.entries import Fate, Hit
from foundations.explanation import Explanation
from foundations.graph import Call, StageGraph
from foundations.keys.stage_keys import Uncacheable
from foundations.stage_cache import StageCache


@dataclass(frozen=True)
class Foreseen:
    """What would become of one stage, and why where it would run; the hit that serves it, or its explanation."""

    stage: str
    fate: Fate
    why: str | None = None
    hit: Hit | None = None
    explanation: Explanation | None = None

    def told(self) -> dict[str, Any]:
        """Return this as the driver gets it, but for the documents of the explanation, which it names."""
        of_hit = ("job_id", "made", "seconds", "accepted")
        served = {name: getattr(self.hit, name) for name in of_hit} if self.hit else None
        names = list(self.explanation.names) if self.explanation else None
        return {"stage": self.stage, "fate": self.fate, "why": self.why, "served": served, "explanation": names}


def foresee(graph: StageGraph, cache: StageCache) -> list[Foreseen]:
    """Return what would become of each stage of a graph, in order."""
    served = cache.look_ahead()
    needed = cache.needed(served)
    names = {call.id: call.name for call in graph.calls}
    return [_fate(call, cache, served=served, needed=call.id in needed, names=names) for call in graph.calls]


def _fate(
    call: Call, cache: StageCache, *, served: Mapping[str, Hit], needed: bool, names: Mapping[str, str]
) -> Foreseen:
    if call.id in served:
        return Foreseen(call.id, "served", hit=served[call.id])
    if not needed:
        return Foreseen(call.id, "skipped", "only stages that are served need it")
    if not call.cached:
        return Foreseen(call.id, "runs", "it is not cached")
    if call.caching.refresh:
        return Foreseen(call.id, "runs", "it is refreshed")
    unknown = [names[stage] for stage in cache.taken(call) if cache.content(stage) is None]
    if unknown:
        return Foreseen(call.id, "depends", f"it takes the result of {_listed(unknown)}; the same again serves it")
    try:
        key = cache.keys.of(call, cache.contents)
    except Uncacheable as error:
        return Foreseen(call.id, "runs", f"it can't be cached: {error}")
    return Foreseen(call.id, "runs", explanation=cache.explain(call, key))


def _listed(names: list[str]) -> str:
    distinct = list(dict.fromkeys(names))
    return ", ".join(distinct[:3]) + (f" and {len(distinct) - 3} more" if len(distinct) > 3 else "")
