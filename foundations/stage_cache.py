"""The cache as the worker sees it: may a stage be served, and may what it has returned be kept."""

import sys
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from foundations.graph import Call, StageGraph, Upstream, holes
from foundations.keys.observed import Observed, still_holds
from foundations.keys.observer import Observer, Watch
from foundations.keys.stage_keys import StageKey, StageKeys, Uncacheable

_NAMED = 3


@dataclass(frozen=True)
class Hit:
    """What the cache holds under a key: a result, the job that made it, and what that run has read."""

    value: Any
    job_id: str
    content: str | None = None
    made: float = 0.0
    observed: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Kept:
    """How a result is to be kept: under which key, by what it counts, and what its run has read."""

    key: str
    content: str | None
    observed: Mapping[str, Any]
    replace: bool


class Entries(Protocol):
    """Where entries of the cache are."""

    def cached(self, call: Call, key: str) -> Hit | None:
        """Return what the cache holds under `key`."""


class StageCache:
    """The cache of one job's stages; safe from the threads that run them."""

    def __init__(self, graph: StageGraph, keys: StageKeys, entries: Entries, *, root: str, observer: Observer) -> None:
        self._keys, self._entries, self._root, self._observer = keys, entries, root, observer
        self._contents: dict[str, str | None] = {}
        self._told: set[str] = set()
        # whose content somebody will ask for
        self._wanted = {
            hole.stage
            for call in graph.calls
            if call.cached
            for hole in holes((call.args, dict(call.kwargs)), Upstream)
        }

    def of(self, call: Call) -> "CachedRun | None":
        """Return the cache for one run of a stage, or None, with a warning, where it can't be cached."""
        if not call.cached:
            return None
        try:
            key = self._keys.of(call, self._contents)
        except Uncacheable as error:
            self._warn(f"stage {call.name} is computed and not cached: {error}")
            return None
        for why in key.closure.coarse:
            self._warn(f"stage {call.name}: more counts in its cache key than it uses, since {why}", once=True)
        return CachedRun(self, call, key)

    def ended(self, call: Call, result: Any, content: str | None) -> None:
        """Take note of what a stage has returned, or was served, before those that take it are looked at."""
        if call.id not in self._wanted:
            return
        try:
            self._contents[call.id] = content or self._keys.content(call, result)
        except Uncacheable as error:
            self._contents[call.id] = None
            self._warn(f"stages that take the result of {call.name} are computed and not cached: {error}")

    def _warn(self, text: str, *, once: bool = False) -> None:
        if once and text in self._told:
            return
        self._told.add(text)
        print(f"foundations: warning: {text}", file=sys.stderr, flush=True)


class CachedRun:
    """One run of a stage that is cached."""

    def __init__(self, cache: StageCache, call: Call, key: StageKey) -> None:
        self._cache, self._call, self._key = cache, call, key
        self._watch: Watch | None = None
        self._stale: set[str] = set()

    def hit(self) -> Hit | None:
        """Return what the cache holds for this run, if that still holds."""
        if self._call.caching.refresh:
            self._stale = {self._key.fine, self._key.coarse}
            return None
        for key in (self._key.fine, self._key.coarse):
            hit = self._cache._entries.cached(self._call, key)
            if hit is not None and self._serves(hit):
                return hit
            if hit is not None:
                self._stale.add(key)
        return None

    def watching(self) -> AbstractContextManager[Any]:
        """Return what watches the run, for a `with` around all attempts at it."""
        self._watch = self._cache._observer.watching(self._call.id, self._key.closure)
        self._watch.name_files(self._key.files)
        return self._watch

    def kept(self, result: Any, upstream: Callable[[str], Any]) -> Kept | None:
        """Return how a result is to be kept, or None, with a warning, where it must not be.

        `upstream` gives the results that the stage took, which it may have changed.
        """
        cache, call = self._cache, self._call
        assert self._watch is not None
        observed = self._watch.observed
        if self._has_changed(upstream):
            # served from the cache, it would leave the argument, which others may get too, as it was
            cache._warn(f"stage {call.name} changed an argument in place; its result is not cached")
            return None
        if observed.spoiled:
            cache._warn(f"the result of stage {call.name} is not cached: {observed.spoiled[0]}")
            return None
        self._report(observed)
        key = self._key.coarse if observed.escaped else self._key.fine
        return Kept(key, self._content(result), observed.plain(), key in self._stale)

    def _has_changed(self, upstream: Callable[[str], Any]) -> bool:
        keys, contents = self._cache._keys, self._cache._contents
        try:
            if keys.of(self._call, contents).fine != self._key.fine:
                return True
            taken = {hole.stage for hole in holes((self._call.args, dict(self._call.kwargs)), Upstream)}
            return any(keys.content(self._call, upstream(stage)) != contents[stage] for stage in taken)
        except Uncacheable:
            return True

    def _content(self, result: Any) -> str | None:
        try:
            return self._cache._keys.content(self._call, result)
        except Uncacheable:
            return None

    def _serves(self, hit: Hit) -> bool:
        ttl = self._call.caching.ttl
        if ttl is not None and not 0 <= time.time() - hit.made <= ttl:
            return False
        return still_holds(Observed.of(hit.observed), root=self._cache._root) is None

    def _report(self, observed: Observed) -> None:
        for what, seen in (
            ("reads the clock", observed.clock),
            ("draws random numbers that nobody has seeded", observed.random),
            ("talks to the network", observed.network),
            ("starts programs", observed.processes),
        ):
            if seen:
                places = ", ".join(seen[:_NAMED])
                text = f"stage {self._call.name} {what} ({places}); its result is cached all the same"
                self._cache._warn(text, once=True)
        if observed.escaped:
            text = (
                f"stage {self._call.name} ran {observed.escaped[0]}, which can't be seen in its code; any edit counts"
            )
            self._cache._warn(text, once=True)
