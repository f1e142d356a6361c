"""The globals that a stage can reach, and whether one of them has changed since the job began.

A stage that changes one leaves it changed for others, which its cached result would not; and what a stage finds changed
is not what its key was made of.
"""

import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from foundations.keys.classes import is_described
from foundations.keys.closure import Closure, Closures
from foundations.keys.data import is_opaque
from foundations.keys.functions import cells_of, is_generic
from foundations.keys.library import is_a, owns_function
from foundations.keys.modules import MISSING
from foundations.keys.no_identity import NoStableIdentity, Refused
from foundations.keys.plain_values import ATOMS
from foundations.keys.subjects import is_code
from foundations.keys.trees import Hashers
from foundations.keys.value_walk import Walk

# which place it is, its name for people, and how to look there
_Place = tuple[Any, str, Callable[[], Any]]
_BEGINNING = frozenset({"__name__", "__builtins__", "__spec__", "__loader__", "__doc__", "__warningregistry__"})


@dataclass(frozen=True)
class _Slot:
    """A place that holds a value: how to look there, and what was found."""

    name: str
    look: Callable[[], Any]
    value: Any
    content: bytes | None


class GlobalState:
    """What functions and classes found in namespaces, when this was made."""

    def __init__(self, closure: Closure, closures: Closures) -> None:
        self._closures, self._code = closures, closures.user_code
        slots = {}
        for node in closure.nodes:
            for key, name, look in self._places(node.subject):
                if key not in slots:
                    value = look()
                    slots[key] = _Slot(name, look, value, self._content(value))
        self._slots = list(slots.values())

    def changed(self) -> str | None:
        """Return the name of the first that is not what it was, or None."""
        return next((slot.name for slot in self._slots if self._has_changed(slot)), None)

    def _has_changed(self, slot: _Slot) -> bool:
        now = slot.look()
        if now is slot.value and (slot.content is None or type(now) in ATOMS):
            return False
        return slot.content is None or self._content(now) != slot.content

    def _content(self, value: Any) -> bytes | None:
        """Return what stands for a value, code being itself; None for what is only the same by being the same."""
        if is_code(value) or is_opaque(type(value)):
            return None
        hashers = Hashers()
        try:
            return Walk(_identity, hashers).token(value, "")
        except NoStableIdentity:
            return self._content_beside_locks(value)
        finally:
            hashers.close()

    def _content_beside_locks(self, value: Any) -> bytes | None:
        """Return what stands for a value that holds a lock, a logger or the like, which count by their type."""
        try:
            return self._closures.again().code(value)
        except Refused:
            return None

    def _places(self, subject: Any) -> Iterator[_Place]:
        if is_a(subject, types.FunctionType):
            if owns_function(subject, self._code) and not is_generic(subject):
                yield from self._of_function(subject)
        elif is_a(subject, type):
            if self._code.owns_module(type.__getattribute__(subject, "__module__")):
                yield from _of_class(subject)
        elif is_a(subject, types.ModuleType) and self._code.owns_module(subject.__name__):
            for name in set(vars(subject)) - _BEGINNING:
                yield _place(vars(subject), name, subject.__name__)

    def _of_function(self, function: types.FunctionType) -> Iterator[_Place]:
        names = set(_names_in(function.__code__))
        where = f"{function.__module__}.{function.__qualname__}"
        for namespace in self._namespaces(function.__globals__, names):
            module = str(namespace.get("__name__", "__main__"))
            yield from (_place(namespace, name, module) for name in names if name in namespace)
        yield (id(function), ""), f"{where}'s attributes", lambda: sorted(vars(function))
        yield from (_place(vars(function), name, where) for name in list(vars(function)))
        for name in cells_of(function):
            yield (id(function), name), f"{name} of {where}", partial(_cell, function, name)
        for place, _ in enumerate(_defaults(function)):
            yield (id(function), place), f"a default of {where}", partial(_default, function, place)

    def _namespaces(self, first: Mapping[str, Any], names: Iterable[str]) -> list[Mapping[str, Any]]:
        """Return the namespaces of modules of the user's that names lead to, one through another."""
        found, seen = [first], {id(first)}
        for namespace in found:  # which grows meanwhile
            for value in [namespace[name] for name in names if name in namespace]:
                if is_a(value, types.ModuleType) and self._code.owns_module(value.__name__):
                    below = vars(value)
                    if id(below) not in seen:
                        seen.add(id(below))
                        found.append(below)
        return found


def _place(namespace: Mapping[str, Any], name: str, module: str) -> _Place:
    return (id(namespace), name), f"{module}.{name}", partial(namespace.get, name, MISSING)


def _of_class(cls: type) -> Iterator[_Place]:
    held: Mapping[str, Any] = type.__dict__["__dict__"].__get__(cls)
    where = f"{type.__getattribute__(cls, '__module__')}.{cls.__qualname__}"

    def counted() -> list[str]:
        return [name for name in list(held) if not is_described(name, held[name], cls)]

    yield (id(cls), ""), f"{where}'s attributes", lambda: sorted(counted())
    for name in counted():
        yield (id(cls), name), f"{where}.{name}", partial(held.get, name, MISSING)


def _cell(function: types.FunctionType, name: str) -> Any:
    return cells_of(function)[name]


def _default(function: types.FunctionType, place: int) -> Any:
    found = _defaults(function)
    return found[place] if place < len(found) else MISSING


def _defaults(function: types.FunctionType) -> list[Any]:
    return [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]


def _names_in(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names_in(constant)


def _identity(subject: Any) -> bytes:
    # a method is made anew whenever it is looked up
    parts = (subject.__func__, subject.__self__) if is_a(subject, types.MethodType) else (subject,)
    return b"".join(id(part).to_bytes(8, "big") for part in parts)
