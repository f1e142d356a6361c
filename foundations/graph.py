"""A job's stages as plain data: what travels to the worker, and the arguments with their holes for results."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Swap = Callable[[Any], Any]

_CONTAINERS = (dict, list, tuple, set, frozenset)


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


@dataclass(frozen=True)
class StageGraph:
    """The stages of a job, every one behind those that it needs, and the id of the one that was run."""

    calls: tuple[Call, ...]
    target: str


def holes(value: Any, kind: type) -> Iterator[Any]:
    """Yield each `kind` in `value`, looking into lists, tuples, sets and dicts."""
    waiting, seen = [value], set()
    while waiting:
        one = waiting.pop()
        if isinstance(one, kind):
            yield one
        elif isinstance(one, _CONTAINERS) and id(one) not in seen:
            seen.add(id(one))  # it may hold itself
            parts = itertools.chain.from_iterable(one.items()) if isinstance(one, dict) else one
            waiting.extend(reversed(list(parts)))


def filled(value: Any, kind: type, swap: Swap) -> Any:
    """Return `value` with `swap` of each `kind` in its place; what holds none is returned as it is."""
    if isinstance(value, kind):
        return swap(value)
    if not isinstance(value, _CONTAINERS) or next(holes(value, kind), None) is None:
        return value
    if isinstance(value, dict):
        pairs = [(filled(key, kind, swap), filled(item, kind, swap)) for key, item in value.items()]
        return _like(value, dict(pairs))
    items = [filled(item, kind, swap) for item in value]
    if isinstance(value, tuple) and hasattr(value, "_make"):
        return value._make(items)
    return _like(value, items)


def _like(value: Any, content: Any) -> Any:
    # subclasses with constructors of their own are not ours to rebuild: they become the plain type
    plain = next(kind for kind in _CONTAINERS if isinstance(value, kind))
    return plain(content)
