"""The cache as the worker sees it: which stages need not run, and how their results are to be had."""

import sys
import threading
import time
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any

from foundations.entries import Claim, Entries, Hit, Place, Question
from foundations.explaining import Explanations, Ran
from foundations.explanation import Explanation
from foundations.graph import Call, StageGraph, Upstream, holes
from foundations.keys.leavings import gives
from foundations.keys.observed import Observed, still_holds
from foundations.keys.observer import Observer
from foundations.keys.stage_keys import StageKey, StageKeys, Uncacheable
from foundations.leftovers import Leftovers

# a stage, its key, and the names of it that are looked for
_Asked = tuple[Call, StageKey, tuple[str, ...]]


class StageCache:
    """The cache of one job's stages; safe from the threads that run them. To one that is read-only nothing is added."""

    def __init__(
        self,
        graph: StageGraph,
        keys: StageKeys,
        entries: Entries,
        *,
        root: str,
        observer: Observer,
        read_only: bool = False,
    ) -> None:
        self.keys, self.observer, self.read_only = keys, observer, read_only
        self.leftovers = Leftovers(root, observer)
        self._graph, self._entries, self._root = graph, entries, root
        self._calls = {call.id: call for call in graph.calls}
        self._contents: dict[str, str | None] = {}
        self._stale: set[str] = set()
        self._expired: set[str] = set()
        self._broken: set[str] = set()
        self._told: set[str] = set()
        # by stage, what kept the cache from serving it: texts, and the kind of each
        self._against: dict[str, dict[str, str]] = {}
        self._explanations = Explanations(keys)
        self._telling = threading.Lock()
        self._expected: Mapping[str, Mapping[str, Hit]] = {}
        self._takes = {call.id: taken_by(call) for call in graph.calls}
        self._takers: dict[str, list[Call]] = {}
        for call in graph.calls:
            for stage in self._takes[call.id]:
                self._takers.setdefault(stage, []).append(call)
        # whose content somebody will ask for
        self._wanted = {stage for call in graph.calls if call.cached for stage in self._takes[call.id]}

    def look_ahead(self) -> dict[str, Hit]:
        """Return the stages that need not run, and what serves them: found before any stage runs, many at a time.

        By that the content of their results is known, and with it the keys of those that take them.
        """
        self.observer.settings.begin()
        found: dict[str, Hit] = {}
        self._expected = self._entries.expected()
        wave = [call for call in self._graph.calls if self._can_be_asked(call)]
        while wave:
            keys = [(call, self._key(call)) for call in wave]
            chosen = self._find([(call, key) for call, key in keys if key is not None])
            found |= chosen
            self._contents |= {stage: hit.content for stage, hit in chosen.items() if hit.content}
            takers = {call.id: call for stage in chosen for call in self._takers.get(stage, ())}
            wave = [call for call in takers.values() if self._can_be_asked(call)]
        self._expected = {}  # what follows is asked for when it is needed, and may have changed by then
        served = self._without_lost(found)
        for stage, hit in served.items():
            self.leftovers.served(stage, Observed.of(hit.observed))
        if any(call.cached and call.id not in served for call in self._graph.calls):
            _ = self.keys.all_code  # before a stage runs and changes what it finds
        return served

    def needed(self, served: Container[str]) -> set[str]:
        """Return the stages that the target needs, but for what only stages need that are served."""
        needed, waiting = {self._graph.target}, [self._graph.target]
        while waiting:
            call = self._calls[waiting.pop()]
            if call.id in served:
                continue
            new = [parent for parent in call.parents if parent not in needed]
            needed.update(new)
            waiting.extend(new)
        # a result that the job is to keep is wanted for itself
        return needed | {call.id for call in self._graph.calls if call.persisted}

    def serve(self, call: Call, key: StageKey) -> Hit | None:
        """Return what serves a stage whose parents have ended, or None where it has to run."""
        hit = self._whole(self._find([(call, key)])).get(call.id)
        if hit:
            self.leftovers.served(call.id, Observed.of(hit.observed))
        return hit

    def load(self, call: Call) -> tuple[bool, Any]:
        """Return True and the result of a stage that is served, or False where it can't be had after all."""
        return self._entries.load(call)

    def claim(self, call: Call, key: str, *, looked: int | None, waits: bool) -> Claim:
        """Return what a stage shall do that wants to compute a key, see `Entries.claim`."""
        return self._entries.claim(call, key, looked=looked, waits=waits)

    def key(self, call: Call) -> StageKey | None:
        """Return the key of a stage whose parents have ended; None, with a warning, where it can't be cached."""
        changed = self.keys.changed_global(call)
        if changed:
            text = f"it uses {changed}, which has changed since the job began; pass what changes as an argument"
            self._note(call, "refused", text)
            self.warn(f"stage {call.name} is computed and not cached: {text}")
            return None
        return self._key(call, self.observer.settings.found())

    def _key(self, call: Call, settings: Mapping[str, Any] | None = None) -> StageKey | None:
        try:
            return self.keys.of(call, self._contents, settings)
        except Uncacheable as error:
            self._note(call, "refused", str(error))
            self.warn(f"stage {call.name} is computed and not cached: {error}")
            return None

    @property
    def contents(self) -> Mapping[str, str | None]:
        """By what results count, of the stages that have ended."""
        return self._contents

    def explain(
        self,
        call: Call,
        key: StageKey | None,
        *,
        observed: Observed | None = None,
        kept: str | None = None,
        not_kept: str | None = None,
    ) -> Explanation | None:
        """Return why a cached stage was computed; None, with a warning, where that can't be told."""
        against = self._against.get(call.id) or {"no entry": "no entry"}
        if call.caching.refresh:
            against = {"run(refresh=...) asked for it": "refresh"}
        refused = next((text for text, kind in against.items() if kind == "refused"), None) if key is None else None
        told = observed.plain() if observed else {}
        if self.read_only:
            kept, not_kept = None, not_kept or "the cache is only read"
        try:
            ran = Ran([(kind, text) for text, kind in against.items()], told, refused, kept, not_kept)
            return self._explanations.of(call, key, ran)
        except Exception as error:  # noqa: BLE001 - the stage has its result all the same
            self.warn(f"why stage {call.name} was computed can't be archived ({type(error).__name__}: {error})")
            return None

    def lost(self, call: Call, hit: Hit | None) -> None:
        """Take note that the result can't be had that was to serve a stage."""
        self._note(call, "damaged", "its cached result is damaged or gone")
        if hit is not None:
            self._broken.add(hit.name)

    def content(self, stage: str) -> str | None:
        """Return by what the result of a stage counts that has ended."""
        return self._contents.get(stage)

    def taken(self, call: Call) -> tuple[str, ...]:
        """Return the stages whose results a stage takes."""
        return self._takes[call.id]

    def place(self, call: Call, key: str) -> Place:
        """Return where a new entry under a key has to stand, see `Kept`."""
        if call.caching.refresh or key in self._broken or key in self._expired:
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

    def _find(self, keys: Sequence[tuple[Call, StageKey]]) -> dict[str, Hit]:
        """Return the entries that serve stages, as far as these show."""
        wanted = [(call, key) for call, key in keys if not call.caching.refresh]
        chosen = self._choose([(call, key, (key.fine,)) for call, key in wanted])
        chosen |= self._choose([(call, key, (key.coarse,)) for call, key in wanted if call.id not in chosen])
        # only where an entry is there and serves no longer: others may stand beside it, which costs a listing
        left = [(call, key) for call, key in wanted if call.id not in chosen]
        stale = [(call, key, key.names) for call, key in left if not self._stale.isdisjoint(key.names)]
        return chosen | self._choose(stale, beside=True)

    def _whole(self, chosen: Mapping[str, Hit]) -> dict[str, Hit]:
        """Return those of the entries that are served from now on: all that they name is there."""
        hits = [(self._calls[stage], hit) for stage, hit in chosen.items()]
        there = self._entries.take(hits) if hits else []
        for (call, hit), whole in zip(hits, there, strict=True):
            if not whole:
                self.warn(f"the cached result of stage {call.name} is damaged or gone; it is computed anew")
                self.lost(call, hit)
        return {call.id: hit for (call, hit), whole in zip(hits, there, strict=True) if whole}

    def _without_lost(self, found: Mapping[str, Hit]) -> dict[str, Hit]:
        """Return those that are served of all that were found, without what depends on a result that is lost."""
        served = self._whole(found)
        for call in self._graph.calls:
            if call.id in found and not all(stage in served or stage not in found for stage in self._takes[call.id]):
                served.pop(call.id, None)  # made anew, the result may be another one
        for stage in found.keys() - served.keys():
            self._contents.pop(stage, None)
        return served

    def _choose(self, keys: Sequence[_Asked], *, beside: bool = False) -> dict[str, Hit]:
        """Return the entries under these of the keys' names that still serve; note where there is one that does not."""
        chosen: dict[str, Hit] = {}
        for (call, key, _), hits in zip(keys, self._answers(keys, beside=beside), strict=True):
            for hit in hits:
                fault = self._fault(call, key, hit)
                if fault is None:
                    chosen[call.id] = hit
                    self.leftovers.found(Observed.of(hit.observed))
                    break
                self._note(call, *fault)
                self._stale.add(hit.name)
                if fault[0] == "ttl":
                    self._expired.add(hit.name)
        return chosen

    def _answers(self, keys: Sequence[_Asked], *, beside: bool) -> Iterator[Sequence[Hit]]:
        """Yield what is there for each of the keys, and ask only for what is not expected."""
        known = [[] if beside else self._known(call, names) for call, _, names in keys]
        unknown = [Question(call, names) for (call, _, names), hits in zip(keys, known, strict=True) if not hits]
        asked = iter(self._entries.find(unknown, beside=beside) if unknown else [])
        for hits in known:
            yield hits or next(asked)

    def _known(self, call: Call, names: tuple[str, ...]) -> list[Hit]:
        expected = self._expected.get(call.id, {})
        return [expected[name] for name in names if name in expected]

    def _fault(self, call: Call, key: StageKey, hit: Hit) -> tuple[str, str] | None:
        """Return None where an entry still serves, or what is against it: its kind, and the text for people."""
        observed = Observed.of(hit.observed)
        # a file that an argument names counts though the run that made the entry found none there
        for name in self.observer.names(key.files):
            if name not in observed.files and name not in observed.wrote:
                return "stale", f"file {name} has appeared"
        changed = still_holds(observed, root=self._root, given=self.leftovers.given, gives=gives)
        if changed is not None:
            return "stale", changed
        # last: one that is only too old is nobody's any more, one that is stale may serve elsewhere
        ttl = call.caching.ttl
        if ttl is not None and not 0 <= time.time() - hit.made <= ttl:
            return "ttl", f"it was made more than ttl={ttl:g} seconds ago"
        return None

    def _note(self, call: Call, kind: str, text: str) -> None:
        self._against.setdefault(call.id, {})[text] = kind


def taken_by(call: Call) -> tuple[str, ...]:
    """Return the stages whose results are in the arguments of a call."""
    if not call.parents:
        return ()
    return tuple(dict.fromkeys(hole.stage for hole in holes((call.args, dict(call.kwargs)), Upstream)))
