"""Which part of a value it is that can't be pickled, and the path to it."""

import functools
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

_MOST_LOOKED_AT = 100
# above it the first culprit is looked for by halves
_FEW = 100

Fails = Callable[[Any], Exception | None]
Part = tuple[str, Any]


def culprit(path: str, value: Any, fails: Fails, *, opaque: tuple[type, ...] = ()) -> Part:
    """Return the path to, and the innermost part of, what makes `fails` return an error for `value`.

    What is `opaque` is not looked into.
    """
    whole = path, value
    waiting, seen = [whole], set()
    for _ in range(_MOST_LOOKED_AT):
        if not waiting:
            break
        path, value = waiting.pop()
        parts = [] if isinstance(value, opaque) else [(path + step, part) for step, part in _parts(value)]
        failing = _failing(parts, fails)
        if not failing:
            return path, value
        # parts may hold one another, and then some lead back to where the search has been
        seen.add(id(value))
        waiting.extend(part for part in reversed(failing) if id(part[1]) not in seen)
    return whole


def _failing(parts: list[Part], fails: Fails) -> list[Part]:
    if len(parts) <= _FEW:
        return [part for part in parts if fails(part[1]) is not None]
    while len(parts) > 1:
        half = parts[: len(parts) // 2]
        parts = half if fails([part for _, part in half]) is not None else parts[len(half) :]
    return [part for part in parts if fails(part[1]) is not None]


def _parts(value: Any) -> Iterator[Part]:
    if isinstance(value, Mapping):
        yield from ((f"[{key!r}]", item) for key, item in value.items())
    elif isinstance(value, Sequence | set | frozenset) and not isinstance(value, str | bytes):
        yield from ((f"[{place}]", item) for place, item in enumerate(value))
    yield from ((f".{name}", item) for name, item in _attributes(value))


def _attributes(value: Any) -> Iterator[Part]:
    """Yield what a value consists of beside its items: what its code names, or its attributes."""
    if isinstance(value, types.FunctionType):
        for name, cell in zip(value.__code__.co_freevars, value.__closure__ or (), strict=True):
            with suppress(ValueError):  # a variable that has no value yet
                yield name, cell.cell_contents
        yield from ((name, value.__globals__[name]) for name in value.__code__.co_names if name in value.__globals__)
        return
    if isinstance(value, types.MethodType):
        yield "__self__", value.__self__
    if isinstance(value, functools.partial):
        yield from (("func", value.func), ("args", value.args), ("keywords", value.keywords))
    yield from getattr(value, "__dict__", {}).items()
    slots = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
    yield from ((name, getattr(value, name)) for name in slots if hasattr(value, name))
