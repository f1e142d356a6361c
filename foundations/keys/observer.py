"""Sees what cached stages read: installs the hooks of this process, and keeps a record for each stage that runs."""

import atexit
import base64
import marshal
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from types import CodeType
from typing import Any

from foundations.keys import memory, shared_generators, watched_files, watched_processes
from foundations.keys.argument_files import note_named, noted_paths
from foundations.keys.attribution import active, count_as_workers, mine, observe, remembering, unobserved
from foundations.keys.escape_audit import EscapeAudit
from foundations.keys.finishing import finished
from foundations.keys.leavings import files_named, only_here, variables_now, variables_set
from foundations.keys.live_record import LiveRecord, ReachableCode, leave_fork
from foundations.keys.locality import note_locale, note_zone
from foundations.keys.memory import Memory
from foundations.keys.observed import Observed, joined
from foundations.keys.places import Places
from foundations.keys.settings_watch import SettingsWatch
from foundations.keys.watched_clock import Chance, chance_in
from foundations.keys.watched_environment import unwatch_environment, watch_environment
from foundations.keys.watched_existence import unwatch_existence, watch_existence

_HANDLERS: Mapping[str, Callable[..., None]] = {
    **watched_files.HANDLERS,
    **watched_processes.HANDLERS,
    **memory.HANDLERS,
}


class Observer:
    """The hooks of one process. An audit hook can't be taken away: it is installed once, and idle between stages."""

    def __init__(self, root: str | os.PathLike[str], *, owns: Callable[[str], bool] | None = None) -> None:
        self._places = Places(root, owns=owns)
        self._audit = EscapeAudit(self._places.owns)
        self._folder = tempfile.gettempdir()
        self._memory = Memory(self._places, self._folder)
        self.settings = SettingsWatch(self._places.owns)

    def install(self) -> None:
        """Let this process be watched, from a thread of the worker's own."""
        global _is_hooked
        count_as_workers()
        leave_fork()
        watch_environment()
        watch_existence()
        watched_processes.watch_spawning()
        self._audit.begin()
        if not _is_hooked:
            _is_hooked = True
            sys.addaudithook(_heard)
        atexit.register(self._leave)

    def names(self, paths: Iterable[str]) -> list[str]:
        """Return under which names `Watch.name_files` notes these files and directories, those that it notes."""
        return [self._places.name(path) for path in noted_paths(self._places, paths)]

    def names_of(self, paths: Iterable[str]) -> list[str]:
        """Return the names of absolute paths as records have them."""
        return [self._places.name(path) for path in paths]

    def only_here(self, paths: Iterable[str]) -> str | None:
        """Return the first path that leads into a folder that only this job has, or None."""
        return only_here(paths, self._places)

    def left_by(self, paths: Iterable[str]) -> dict[str, str | None]:
        """Return what is at paths that a result names, by name; see `Observed.leaves`."""
        return files_named(paths, self._places)

    def uninstall(self) -> None:
        """Take away what can be taken away."""
        unwatch_environment()
        unwatch_existence()
        watched_processes.unwatch_spawning()
        self._audit.end()
        remembering.clear()
        atexit.unregister(self._leave)

    def _leave(self) -> None:
        """Let go before the modules are emptied that the hooks need."""
        active.clear()
        self._audit.end()

    def watching(self, stage: str, closure: ReachableCode | None = None, *, collects_code: bool = False) -> "Watch":
        """Return what watches a stage, for a `with` around all attempts at it; see `Watch`.

        Without the closure at hand, `collects_code` hands back the code that ran, for `take_over` where it is.
        """
        record = LiveRecord(self._places, folder=self._folder, closure=closure, collects=collects_code)
        return Watch(stage, record, closure, audit=self._audit, memory=self._memory, settings=self.settings)


class Watch:
    """What is seen of one stage: `observed` once the `with` is over."""

    def __init__(
        self,
        stage: str,
        record: LiveRecord,
        closure: ReachableCode | None,
        *,
        audit: EscapeAudit,
        memory: Memory,
        settings: SettingsWatch,
    ) -> None:
        self._stage, self._record, self._closure = stage, record, closure
        self._audit, self._memory, self._settings = audit, memory, settings
        self._words = record.words
        self._alone = True
        self.observed = Observed()

    def name_files(self, paths: Iterable[str]) -> None:
        """Count what is in these files and directories, which arguments name; before the stage runs."""
        with unobserved():
            note_named(self._record, list(paths))

    def forgive(self, covers: Callable[[CodeType], bool]) -> None:
        """Take back that code has escaped which something else covers; once the `with` is over."""
        outside = self._record.outside
        left = [text for text in self.observed.escaped if not (text in outside and all(map(covers, outside[text])))]
        self.observed = replace(self.observed, escaped=tuple(left))

    def spoil(self, reason: str) -> None:
        """Say why the result must not be kept; before the `with` is over."""
        self._record.spoil(reason)

    def told(self) -> dict[str, Any]:
        """Return what was seen, once the `with` is over, as plain JSON for `take_over` in another process."""
        return {"observed": self.observed.plain(), "ran": list(self._record.notes["ran"])}

    def __enter__(self) -> "Watch":
        count_as_workers()
        mine.busy = False
        mine.in_passing = set()
        self._before = self._memory.begin()
        self._states = shared_generators.states()
        self._variables = variables_now()
        with unobserved():
            self._looked = self._settings.enter(self._words)
        self._audited = self._audit.arm(self._record)
        self._alone = not active
        active[self._stage] = self._record
        return self

    def __exit__(self, *error: object) -> None:
        alone = self._alone and len(active) == 1
        active.pop(self._stage, None)
        with unobserved():
            try:
                self.observed = self._finished(alone=alone)
            except Exception as error:  # noqa: BLE001 - the stage has its result all the same
                reason = f"what it read could not be made out ({type(error).__name__}: {error})"
                self.observed = Observed(spoiled=(reason,))

    def _finished(self, *, alone: bool) -> Observed:
        self._record.gather()
        self._memory.end(self._record, self._closure, self._before)
        self._note_chance(alone=alone)
        self._refuse_changes()
        note_zone(self._record, self._words, self._variables)
        note_locale(self._record, self._words)
        observed = finished(self._record, audited=self._audited)
        observed = replace(observed, sets=variables_set(self._variables, variables_now()))
        for told in self._record.others:
            observed = joined(observed, Observed.of(told["observed"]))
        return observed

    def _refuse_changes(self) -> None:
        changed = self._settings.leave(self._looked, self._words)
        if changed:
            # others would find it changed when this stage runs, and not when it is served
            ways = "; ".join(dict.fromkeys(changed.values()))
            self._record.spoil(f"it changed {', '.join(changed)}, which other stages find changed; {ways}")

    def _note_chance(self, *, alone: bool) -> None:
        """Note the clock and the random draws that the code shows, and those that the shared generators show."""
        chance = chance_in(self._closure.codes) if self._closure is not None else Chance()
        for kind, places in (("clock", chance.clock), ("random", chance.random)):
            for place in places:
                what, _, file = place.partition(" in ")
                self._record.note(kind, f"{what} in {self._record.places.name(file)}")
        if alone and not chance.seeds:
            for library in shared_generators.drawn_from(self._states, shared_generators.states()):
                self._record.note("random", f"the shared generator of {library}")


def is_watched(stage: str) -> bool:
    """Tell whether a stage is watched in this process."""
    return stage in active


def take_over(stage: str, told: Mapping[str, Any]) -> None:
    """Add what another process has seen of a stage that is watched in this one."""
    record = active.get(stage)
    if record is not None:
        record.others.append(told)
        try:
            for code in told["ran"]:
                record.ran(marshal.loads(base64.b64decode(code)))  # noqa: S302 - from a process of our own
        except Exception as error:  # noqa: BLE001 - the stage has its result all the same
            record.spoil(f"which code ran in its process could not be made out ({type(error).__name__}: {error})")


def _heard(event: str, args: tuple[Any, ...]) -> None:
    # every event of the process comes by here: with nothing to do it has to be cheap
    if active:
        handler = _HANDLERS.get(event)
        if handler is not None:
            observe(handler, *args)


_is_hooked = False
