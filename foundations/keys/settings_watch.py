"""Whether a stage has changed what its process is set to, and what a stage finds changed.

A stage that is served sets nothing, so one that does must not be kept; what others find counts in their keys.
"""

import contextvars
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import CodeType
from typing import Any

from foundations.keys.memory import namespace_of
from foundations.keys.process_settings import SETTINGS, Setting
from foundations.keys.words import Words, words_in

_NOTHING: Any = object()


@dataclass(frozen=True)
class Looked:
    """What a process was set to when a stage began, and how many have begun by then."""

    found: Mapping[str, Any]
    context: contextvars.Context
    modules: int
    number: int
    alone: bool


class SettingsWatch:
    """Knows what the process was set to when its first stage began, and what stages have set since."""

    def __init__(self, owns: Callable[[str], bool]) -> None:
        self._owns = owns
        self._first: dict[str, Any] = {}
        self._context = contextvars.Context()
        self._folder = ""
        self._set: set[str] = set()
        self._variables: dict[contextvars.ContextVar[Any], str] = {}
        self._begun = self._open = 0

    def begin(self) -> None:
        """Take what the process is set to now for what its stages should find; a second time changes nothing."""
        if not self._first:
            self._first = {one.name: one.look() for one in SETTINGS}
            self._context = contextvars.copy_context()
            self._folder = str(self._first["the working directory"])

    def enter(self, words: Words) -> Looked:
        """Look at what the process is set to when a stage begins, whose code has these words."""
        self._begun += 1
        self._open += 1
        found = {one.name: one.look() for one in SETTINGS if not one.by_words_only or not one.words.isdisjoint(words)}
        return Looked(found, contextvars.copy_context(), len(sys.modules), self._begun, self._open == 1)

    def leave(self, before: Looked, words: Words) -> dict[str, str]:
        """Return what the stage has changed, by name, each with what to do instead."""
        self._open -= 1
        alone = before.alone and before.number == self._begun
        certain = alone and len(sys.modules) == before.modules
        changed: dict[str, str] = {}
        for one in SETTINGS:
            if one.name not in before.found or _same(before.found[one.name], now := one.look()):
                continue
            if one.libraries_set and not certain and one.words.isdisjoint(words):
                if _same(self._first.get(one.name), before.found[one.name]):
                    self._first[one.name] = now  # a library has been imported: that others find, or not, as it is
                continue
            names = _changes(one, before.found[one.name], now)
            changed |= dict.fromkeys(names, one.instead)
            if names:
                self._set.add(one.name)
        for variable, name in self._changed_variables(before.context):
            self._variables[variable] = name
            changed[name] = "reset it, with the token that set() returns"
        return changed

    def found(self) -> dict[str, Any]:
        """Return what stages have set and not taken back, by name, as values that count."""
        if not self._set and not self._variables:
            return {}
        told: dict[str, Any] = {}
        for one in SETTINGS:
            if one.name in self._set:
                first, now = self._first[one.name], one.look()
                told |= _changes(one, first, now) if not _same(first, now) else {}
        for variable, name in self._variables.items():
            value = variable.get(_NOTHING)
            if value is not self._context.get(variable, _NOTHING):
                told[name] = None if value is _NOTHING else value
        return {name: self._relative(value) for name, value in told.items()}

    @contextmanager
    def watching(self, function: Any) -> Iterator[None]:
        """Take note of what a stage changes that is not cached."""
        code = getattr(function, "__code__", None)
        words = words_in(frozenset({code})) if isinstance(code, CodeType) else frozenset()
        before = self.enter(words)
        try:
            yield
        finally:
            self.leave(before, words)

    def _changed_variables(self, before: contextvars.Context) -> Iterator[tuple[contextvars.ContextVar[Any], str]]:
        now = contextvars.copy_context()
        for variable in {**now, **before}:
            if now.get(variable, _NOTHING) is not before.get(variable, _NOTHING):
                name = self._name_of(variable)
                if name is not None:
                    yield variable, f"the context variable {name}"

    def _name_of(self, variable: contextvars.ContextVar[Any]) -> str | None:
        """Return the name of a variable of the project's; what others keep in theirs is their own affair."""
        for module in sys.modules.copy().values():
            namespace = namespace_of(module)
            file = namespace.get("__file__")
            if type(file) is str and self._owns(file):
                for name, value in list(namespace.items()):
                    held = type.__getattribute__(value, "__dict__").values() if issubclass(type(value), type) else ()
                    if value is variable or any(one is variable for one in held):
                        return f"{namespace.get('__name__')}.{name}"
        return None

    def _relative(self, value: Any) -> Any:
        """Return a value with paths in it relative to where the job began, which is another folder each time."""
        if type(value) is tuple:
            return tuple(map(self._relative, value))
        if type(value) is str and f"{value}/".startswith(f"{self._folder}/"):
            return os.path.relpath(value, self._folder)
        return value


def _changes(setting: Setting, before: Any, now: Any) -> dict[str, Any]:
    """Return what has changed of a setting, by name, with what it is now."""
    old, new = setting.by_name(before), setting.by_name(now)
    return {
        name: new.get(name) for name in {**old, **new} if not _same(old.get(name, _NOTHING), new.get(name, _NOTHING))
    }


def _same(one: Any, other: Any) -> bool:
    try:
        return bool(one == other)
    except Exception:  # noqa: BLE001 - a user's own value, in an option
        return one is other
