"""A job's stages as plain data: what travels to the worker, and the arguments with their holes for results."""

import copy
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

Swap = Callable[[Any], Any]
Kind = type | tuple[type, ...]

_ATOMS = frozenset({type(None), bool, int, float, complex, str, bytes})
_MISSING = object()


def _is_number(value: Any, kind: Any) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)


@dataclass(frozen=True)
class Upstream:
    """Stands in an argument for the result of a stage."""

    stage: str


@dataclass(frozen=True)
class Options:
    """How a stage is run: again after a failure, for how many seconds at most, and whether in a process of its own."""

    retries: int = 0
    retry_delay: float = 0.0
    timeout: float | None = None
    process: bool = False

    def __post_init__(self) -> None:
        if not _is_number(self.retries, int):
            raise TypeError(f"the option retries is a whole number, got {self.retries!r}")
        if not _is_number(self.retry_delay, int | float):
            raise TypeError(f"the option retry_delay is a number of seconds, got {self.retry_delay!r}")
        if self.timeout is not None and not _is_number(self.timeout, int | float):
            raise TypeError(f"the option timeout is a number of seconds, or None for no limit, got {self.timeout!r}")
        if not isinstance(self.process, bool):
            raise TypeError(f"the option process is True or False, got {self.process!r}")
        if self.retries < 0:
            raise ValueError(f"the option retries can't be negative, got {self.retries!r}")
        if not 0 <= self.retry_delay < math.inf:
            raise ValueError(f"the option retry_delay is finite and not negative, got {self.retry_delay!r}")
        if self.timeout is not None and not 0 < self.timeout < math.inf:
            raise ValueError(f"the option timeout is above 0 and finite, or None for no limit, got {self.timeout!r}")


@dataclass(frozen=True)
class Caching:
    """What a stage's caching was told: what counts in its key or not, and for how long an entry serves."""

    version: str | None = None
    ignore: tuple[str, ...] = ()
    ttl: float | None = None
    refresh: bool = False


@dataclass(frozen=True)
class Call:
    """One stage: a function, what it is called with, and what becomes of its result."""

    id: str
    name: str
    function: Callable[..., Any] = field(repr=False)
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    parents: tuple[str, ...] = ()
    cached: bool = False
    persisted: bool = False
    options: Options = Options()
    caching: Caching = Caching()


@dataclass(frozen=True)
class StageGraph:
    """The stages of a job, every one behind those that it needs, and the id of the one that was run."""

    calls: tuple[Call, ...]
    target: str


def holes(value: Any, kind: Kind) -> Iterator[Any]:
    """Yield each `kind` in `value`, looking into lists, tuples, sets, dicts, slices and dataclass instances."""
    waiting, seen = [value], {}
    while waiting:
        one = waiting.pop()
        if isinstance(one, kind):
            yield one
        elif id(one) not in seen and (parts := parts_of(one)):  # it may hold itself
            seen[id(one)] = parts  # kept: what a field gives may be made for the occasion, and an id is used again
            waiting.extend(part for part in reversed(parts) if type(part) not in _ATOMS)


def filled(value: Any, kind: Kind, swap: Swap) -> Any:
    """Return `value` with `swap` of each `kind` in its place; what holds none is returned as it is.

    What is there twice is there twice in the result. Raise `ValueError` where a part holds both itself and a `kind`.
    """
    if type(value) in _ATOMS:
        return value
    made: dict[int, Any] = {}
    opened: dict[int, Sequence[Any]] = {}
    rings: set[int] = set()
    waiting = [value]
    while waiting:
        one = waiting[-1]
        if id(one) in made:
            waiting.pop()
        elif isinstance(one, kind):
            made[id(one)] = swap(one)
        elif id(one) in opened:
            made[id(one)] = _with_parts(one, opened[id(one)], made, ring=id(one) in rings)
        else:
            opened[id(one)] = parts = parts_of(one)
            ahead = [part for part in parts if type(part) not in _ATOMS and id(part) not in made]
            rings.update(id(part) for part in ahead if id(part) in opened)
            waiting.extend(part for part in ahead if id(part) not in opened)
    return made[id(value)]


def filled_arguments(
    args: tuple[Any, ...], kwargs: Mapping[str, Any], kind: Kind, swap: Swap
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments of a call, `filled`; at once where no argument has to be looked into."""
    if any(not isinstance(one, kind) and parts_of(one) for one in (*args, *kwargs.values())):
        return filled((args, dict(kwargs)), kind, swap)  # type: ignore[no-any-return]
    return (
        tuple(swap(one) if isinstance(one, kind) else one for one in args),
        {name: swap(one) if isinstance(one, kind) else one for name, one in kwargs.items()},
    )


def parts_of(value: Any) -> Sequence[Any]:
    """Return the parts of a value that is looked into; nothing where none of them can be or hold a hole."""
    kind = type(value)
    if kind in _ATOMS:
        return ()
    if isinstance(value, dict):
        if _ATOMS.issuperset(map(type, value)) and _ATOMS.issuperset(map(type, value.values())):
            return ()
        return [part for pair in value.items() for part in pair]
    if isinstance(value, list | tuple | set | frozenset):
        return () if _ATOMS.issuperset(map(type, value)) else list(value)
    if kind is slice:
        return (value.start, value.stop, value.step)
    return [getattr(value, name) for name in _fields(value)] if hasattr(kind, "__dataclass_fields__") else ()


def _with_parts(value: Any, parts: Sequence[Any], made: Mapping[int, Any], *, ring: bool) -> Any:
    """Return `value` with what has been made of its parts, or itself where they are what they were."""
    new = [made.get(id(part), part) for part in parts]
    if all(one is other for one, other in zip(new, parts, strict=True)):
        return value
    if ring:
        raise ValueError(f"a {type(value).__qualname__} that holds itself can't hold a stage or a Hyperparameter too")
    if isinstance(value, dict):
        return _filled_dict(value, new)
    if isinstance(value, list):
        # a copy keeps what a subclass has, and its constructor, which is not ours to call, is not called
        like: list[Any] = [] if type(value) is list else copy.copy(value)
        like[:] = new
        return like
    if isinstance(value, tuple):
        return value._make(new) if hasattr(value, "_make") else tuple(new)
    if isinstance(value, set | frozenset):
        return (frozenset if isinstance(value, frozenset) else set)(new)
    return slice(*new) if type(value) is slice else _filled_fields(value, parts, new)


def _filled_dict(value: dict[Any, Any], new: Sequence[Any]) -> dict[Any, Any]:
    pairs = zip(new[::2], new[1::2], strict=True)
    if type(value) is dict:
        return dict(pairs)
    like = copy.copy(value)
    like.clear()
    for key, item in pairs:
        like[key] = item
    return like


def _filled_fields(value: Any, old: Sequence[Any], new: Sequence[Any]) -> Any:
    like = copy.copy(value)  # which runs neither __init__ nor __post_init__
    for name, before, after in zip(_fields(value), old, new, strict=True):
        if after is not before:
            object.__setattr__(like, name, after)  # it may be frozen
    return like


def _fields(value: Any) -> list[str]:
    return [one.name for one in fields(value) if getattr(value, one.name, _MISSING) is not _MISSING]
