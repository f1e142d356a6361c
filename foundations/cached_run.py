"""One run of a stage that is cached: watched while it runs, and kept afterwards unless it must not be."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

from foundations.entries import Place
from foundations.explanation import Explanation
from foundations.graph import Call
from foundations.keys.observed import Observed
from foundations.keys.stage_keys import StageKey, Uncacheable
from foundations.stage_cache import StageCache

_NAMED = 3
_CHANCE = {
    "clock": "reads the clock",
    "random": "draws random numbers that nobody has seeded",
    "network": "talks to the network",
    "processes": "starts programs, and what these read is not seen",
    "devices": "reads from what is no file",
}


@dataclass(frozen=True)
class Kept:
    """How a result is to be kept: under which key, by what it counts, and what its run has read.

    Its place is "first", unless there is one; "beside" one that serves no longer here, and may serve elsewhere;
    "instead" of one that is damaged, or that nobody wants any more.
    """

    key: str
    content: str | None
    observed: Mapping[str, Any]
    place: Place


class CachedRun:
    """One run of a stage that is cached."""

    def __init__(self, cache: StageCache, call: Call, key: StageKey) -> None:
        self._cache, self._call, self._key = cache, call, key
        self._watch = cache.observer.watching(call.id, key.closure)
        self._kept: str | None = None
        self._not_kept: str | None = None

    def watching(self) -> AbstractContextManager[Any]:
        """Return what watches the run, for a `with` around all attempts at it."""
        self._tell_what_more_counts()
        self._watch.name_files(self._key.files)
        return self._watch

    def kept(self, result: Any, upstream: Callable[[str], Any]) -> Kept | None:
        """Return how a result is to be kept, or None, with a warning, where it must not be.

        `upstream` gives the results that the stage took, which it may have changed.
        """
        cache, call, observed = self._cache, self._call, self._watch.observed
        changed = cache.keys.changed_global(call)
        if changed:
            # others would find it changed when this stage runs, and not when it is served
            cache.warn(
                f"{changed} changed while stage {call.name} ran, which uses it; its result is not cached: pass what "
                "changes as an argument, and return it"
            )
            self._not_kept = f"{changed} changed while it ran, which it uses"
            return None
        if self._has_changed(upstream):
            # served from the cache, it would leave the argument, which others may get too, as it was
            cache.warn(
                f"stage {call.name} changed an argument in place; its result is not cached: let it change a copy, and "
                "return that"
            )
            self._not_kept = "it changed an argument in place"
            return None
        if observed.spoiled:
            self._not_kept = observed.spoiled[0]
            cache.warn(f"the result of stage {call.name} is not cached: {observed.spoiled[0]}")
            return None
        if observed.escaped:
            # what is in an argument counts there
            values = [upstream(stage) for stage in cache.taken(call)]
            self._watch.forgive(cache.keys.covered_by([call.args, dict(call.kwargs), values]))
            observed = self._watch.observed
        self._report(observed)
        key = self._kept = self._key.coarse if observed.escaped else self._key.fine
        content, named = self._content(result)
        if lost := cache.observer.only_here(named):
            text = f"its result names {lost}, in a folder that only this job has; return a path relative to the project"
            cache.warn(f"the result of stage {call.name} is not cached: {text}")
            self._kept, self._not_kept = None, text
            return None
        if named:
            observed = replace(observed, leaves={**cache.observer.left_by(named), **observed.leaves})
        return Kept(key, content, observed.plain(), cache.place(call, key))

    def not_serialized(self, why: str) -> None:
        """Take note that a result that was to be kept can't be."""
        self._kept, self._not_kept = None, self._not_kept or f"it can't be serialized: {why}"

    def explanation(self) -> Explanation | None:
        """Return why the stage ran, once it has and it is known whether its result is kept."""
        observed, how = self._watch.observed, {"kept": self._kept, "not_kept": self._not_kept}
        return self._cache.explain(self._call, self._key, observed=observed, **how)

    def _has_changed(self, upstream: Callable[[str], Any]) -> bool:
        cache, call = self._cache, self._call
        try:
            contents = {stage: cache.keys.content(call, upstream(stage)) for stage in cache.taken(call)}
            return cache.keys.of(call, contents, self._key.settings).fine != self._key.fine
        except Uncacheable:
            return True

    def _content(self, result: Any) -> tuple[str | None, tuple[str, ...]]:
        """Return by what a result counts, and the files that it names."""
        try:
            found = self._cache.keys.result(self._call, result)
        except Uncacheable:
            return None, ()
        return found.digest, found.files

    def _tell_what_more_counts(self) -> None:
        """Say why more counts than what the stage uses, in one line; `foundations why` says it all."""
        if reasons := self._key.more_counts:
            more = f", and {len(reasons) - 1} more reasons" if len(reasons) > 2 else ", and one more reason"
            told = reasons[0] + (more if len(reasons) > 1 else "")
            self._cache.warn(f"stage {self._call.name}: more counts in its cache key than it uses, since {told}")

    def _report(self, observed: Observed) -> None:
        for name, what in _CHANCE.items():
            if seen := getattr(observed, name):
                places = ", ".join(seen[:_NAMED])
                self._cache.warn(f"stage {self._call.name} {what} ({places}); its result is cached all the same")
        if observed.escaped:
            self._cache.warn(
                f"stage {self._call.name} ran {observed.escaped[0]}, which can't be seen in its code; any edit of the "
                "model directory makes it run again"
            )
