"""The cache as the worker sees it: which stages need not run, and how their results are to be had."""

import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from foundations.graph import Call, StageGraph, Upstream, holes
from foundations.keys.observed import Observed, still_holds
from foundations.keys.observer import Observer
from foundations.keys.stage_keys import StageKey, StageKeys, Uncacheable

Place = Literal["first", "beside", "instead"]


@dataclass(frozen=True)
class Question:
    """What a stage may be cached under, the better key first."""

    call: Call
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Hit:
    """An entry of the cache: the job that made it, by what its result counts, and what that run has read."""

    name: str
    job_id: str
    content: str | None = None
    made: float = 0.0
    observed: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Claim:
    """What a stage shall do that wants to compute a key: do so, `look` for an entry again, or wait for a `job`.

    One to look for came `after` a generation of the key's lease, whose holder is `dead` or was done with it.
    """

    then: Literal["compute", "look", "wait"]
    job: str | None = None
    after: int | None = None
    dead: bool = False


class Entries(Protocol):
    """Where the entries of the cache are."""

    def find(self, questions: Sequence[Question], *, beside: bool) -> list[list[Hit]]:
        """Return for each question the entries under its keys, or `beside` these, the best first."""

    def take(self, hits: Sequence[tuple[Call, Hit]]) -> list[bool]:
        """Say that stages are served from these entries; tell of each whether all that it names is there."""

    def load(self, call: Call) -> tuple[bool, Any]:
        """Return True and the result of a stage that is served, or False where it can't be had after all."""

    def claim(self, call: Call, key: str, *, looked: int | None, waits: bool) -> Claim:
        """Return what a stage shall do that wants to compute a key, having `looked` after a generation of its lease.

        One that no longer `waits` computes in any case.
        """


class StageCache:
    """The cache of one job's stages; safe from the threads that run them."""

    def __init__(self, graph: StageGraph, keys: StageKeys, entries: Entries, *, root: str, observer: Observer) -> None:
        self.keys, self.observer = keys, observer
        self._graph, self._entries, self._root = graph, entries, root
        self._contents: dict[str, str | None] = {}
        self._stale: set[str] = set()
        self._broken: set[str] = set()
        self._told: set[str] = set()
        self._telling = threading.Lock()
        self._takes = {call.id: taken_by(call) for call in graph.calls}
        # whose content somebody will ask for
        self._wanted = {stage for call in graph.calls if call.cached for stage in self._takes[call.id]}

    def look_ahead(self) -> dict[str, Hit]:
        """Return the stages that need not run, and what serves them: found before any stage runs, many at a time.

        By that the content of their results is known, and with it the keys of those that take them.
        """
        found: dict[str, Hit] = {}
        asked: set[str] = set()
        while wave := [call for call in self._graph.calls if call.id not in asked and self._can_be_asked(call)]:
            asked.update(call.id for call in wave)
            keys = [(call, self.key(call)) for call in wave]
            served = self._serve([(call, key) for call, key in keys if key is not None])
            found |= served
            self._contents |= {stage: hit.content for stage, hit in served.items() if hit.content}
            if not served:
                break
        return found

    def serve(self, call: Call, key: StageKey) -> Hit | None:
        """Return what serves a stage whose parents have ended, or None where it has to run."""
        return self._serve([(call, key)]).get(call.id)

    def load(self, call: Call) -> tuple[bool, Any]:
        """Return True and the result of a stage that is served, or False where it can't be had after all."""
        return self._entries.load(call)

    def claim(self, call: Call, key: str, *, looked: int | None, waits: bool) -> Claim:
        """Return what a stage shall do that wants to compute a key, see `Entries.claim`."""
        return self._entries.claim(call, key, looked=looked, waits=waits)

    def key(self, call: Call) -> StageKey | None:
        """Return the key of a stage whose parents have ended; None, with a warning, where it can't be cached."""
        try:
            key = self.keys.of(call, self._contents)
        except Uncacheable as error:
            self.warn(f"stage {call.name} is computed and not cached: {error}")
            return None
        for why in key.closure.coarse:
            self.warn(f"stage {call.name}: more counts in its cache key than it uses, since {why}")
        return key

    def content(self, stage: str) -> str | None:
        """Return by what the result of a stage counts that has ended."""
        return self._contents.get(stage)

    def taken(self, call: Call) -> tuple[str, ...]:
        """Return the stages whose results a stage takes."""
        return self._takes[call.id]

    def place(self, call: Call, key: str) -> Place:
        """Return where a new entry under a key has to stand, see `Kept`."""
        if call.caching.refresh or key in self._broken:
            return "instead"
        return "beside" if key in self._stale else "first"

    def ended(self, call: Call, result: Any, content: str | None) -> None:
        """Take note of what a stage has returned, before those that take it are looked at."""
        if call.id not in self._wanted:
            return
        try:
            self._contents[call.id] = content or self.keys.content(call, result)
        except Uncacheable as error:
            self._contents[call.id] = None
            self.warn(f"stages that take the result of {call.name} are computed and not cached: {error}")

    def warn(self, text: str) -> None:
        """Say something once."""
        with self._telling:
            if text in self._told:
                return
            self._told.add(text)
        print(f"foundations: warning: {text}", file=sys.stderr, flush=True)

    def _can_be_asked(self, call: Call) -> bool:
        return (
            call.cached and not call.caching.refresh and all(stage in self._contents for stage in self._takes[call.id])
        )

    def _serve(self, keys: Sequence[tuple[Call, StageKey]]) -> dict[str, Hit]:
        wanted = [(call, key) for call, key in keys if not call.caching.refresh]
        chosen = self._choose(wanted, beside=False)
        # only where an entry is there and serves no longer: others may stand beside it, which costs a listing
        stale = [(call, key) for call, key in wanted if call.id not in chosen and not self._stale.isdisjoint(key.names)]
        chosen |= self._choose(stale, beside=True)
        calls = {call.id: call for call, _ in wanted}
        hits = [(calls[stage], hit) for stage, hit in chosen.items()]
        there = self._entries.take(hits) if hits else []
        for (call, hit), whole in zip(hits, there, strict=True):
            if not whole:
                self.warn(f"the cached result of stage {call.name} is damaged or gone; it is computed anew")
                self._broken.add(hit.name)
        return {call.id: hit for (call, hit), whole in zip(hits, there, strict=True) if whole}

    def _choose(self, keys: Sequence[tuple[Call, StageKey]], *, beside: bool) -> dict[str, Hit]:
        """Return the entries that still serve; note where there is one that does not."""
        questions = [Question(call, key.names) for call, key in keys]
        answers = self._entries.find(questions, beside=beside) if questions else []
        chosen: dict[str, Hit] = {}
        for (call, key), hits in zip(keys, answers, strict=True):
            for hit in hits:
                if self._still_serves(call, key, hit):
                    chosen[call.id] = hit
                    break
                self._stale.add(hit.name)
        return chosen

    def _still_serves(self, call: Call, key: StageKey, hit: Hit) -> bool:
        ttl = call.caching.ttl
        if ttl is not None and not 0 <= time.time() - hit.made <= ttl:
            return False
        observed = Observed.of(hit.observed)
        # a file that an argument names counts though the run that made the entry found none there
        names = self.observer.names(key.files)
        return all(name in observed.files for name in names) and still_holds(observed, root=self._root) is None


def taken_by(call: Call) -> tuple[str, ...]:
    """Return the stages whose results are in the arguments of a call."""
    if not call.parents:
        return ()
    return tuple(dict.fromkeys(hole.stage for hole in holes((call.args, dict(call.kwargs)), Upstream)))
