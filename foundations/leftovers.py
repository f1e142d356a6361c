"""What served stages left when they ran and is not there now; a stage that looks for it has them run after all."""

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from foundations.graph import Call, parts_of
from foundations.keys.claims import NAMES, parted
from foundations.keys.leavings import is_there, variables_now, variables_set
from foundations.keys.observed import Observed
from foundations.keys.observer import Observer
from foundations.keys.places import absolute
from foundations.keys.watched_environment import ALL


class Leftovers:
    """The files and variables of one job's served stages; safe from the threads that run its stages."""

    def __init__(self, root: str, observer: Observer) -> None:
        self._root, self._observer = root, observer
        self._lock = threading.Lock()
        # what is missing, by the name of a file or a variable: the stage that left it
        self._files: dict[str, str] = {}
        self._variables: dict[str, str] = {}
        self.given = Observed()

    def found(self, observed: Observed) -> None:
        """Take note of what is left by a stage that is going to be served: others may count on it."""
        if observed.leaves or observed.sets:
            with self._lock:
                leaves, sets = {**self.given.leaves, **observed.leaves}, {**self.given.sets, **observed.sets}
                self.given = Observed(leaves=leaves, sets=sets)

    def served(self, stage: str, observed: Observed) -> None:
        """Take note of what a served stage had left and is not there."""
        self.found(observed)
        now = {} if not observed.sets else variables_set({}, variables_now())
        files = [name for name, claim in observed.leaves.items() if not is_there(name, claim, root=self._root)]
        variables = [name for name, digest in observed.sets.items() if now.get(name) != digest]
        with self._lock:
            self._files |= dict.fromkeys(files, stage)
            self._variables |= dict.fromkeys(variables, stage)

    def ran(self, stage: str) -> None:
        """Take note that a stage has run after all."""
        with self._lock:
            for missing in (self._files, self._variables):
                for name in [name for name, one in missing.items() if one == stage]:
                    del missing[name]

    def missing(self) -> "Missing":
        """Return what is missing now; for a stage that begins, since others may bring it back while it runs."""
        return Missing(self._files.copy(), self._variables.copy())

    def watching(self, call: Call) -> AbstractContextManager[Any]:
        """Return what watches a stage that is not cached, where it may look for something that is missing."""
        if self._files or self._variables:
            return self._observer.watching(call.id)
        return self._observer.settings.watching(call.function)

    def named_in(self, arguments: Any) -> dict[str, str]:
        """Return what arguments name and is missing, each with the stage that left it."""
        if not self._files:
            return {}
        paths = [absolute(os.fspath(one)) for one in _paths_in(arguments) if os.fspath(one)]
        names = self._observer.names_of(path for path in paths if path is not None)
        return {name: self._files[name] for name in names if name in self._files}


@dataclass(frozen=True)
class Missing:
    """What is missing at one time, by the name of a file or a variable: the stage that had left it."""

    files: Mapping[str, str]
    variables: Mapping[str, str]

    def looked_for(self, observed: Observed) -> dict[str, str]:
        """Return what of it a stage has looked for."""
        listed = {name for name, claim in observed.files.items() if (parted(claim)[1] or "").startswith(NAMES)}
        asked = observed.variables
        files = {
            name: stage
            for name, stage in self.files.items()
            if name in observed.files or (name.rpartition("/")[0] or ".") in listed
        }
        return files | {name: stage for name, stage in self.variables.items() if name in asked or ALL in asked}


def _paths_in(arguments: Any) -> Iterator[str | PurePath]:
    """Yield the texts and paths in arguments, through lists, tuples, sets, dicts and dataclasses."""
    waiting, seen = [arguments], {}
    while waiting:
        one = waiting.pop()
        if isinstance(one, str | PurePath):
            yield one
        elif id(one) not in seen:
            seen[id(one)] = parts = _parts_of(one)
            waiting.extend(parts)


def _parts_of(value: Any) -> Sequence[Any]:
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    return list(value) if isinstance(value, list | tuple | set | frozenset) else parts_of(value)
