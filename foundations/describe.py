"""A graph as people read it: names, arguments and sources, as the archive's records hold them."""

import inspect
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from foundations import parts
from foundations.graph import Call, StageGraph, Upstream, filled, holes
from foundations.identity import digest
from foundations.plain import tagged_float
from foundations.signature import arguments_of, signature_of
from foundations_archive.records import Argument, StageSpec

_SHOWN_CHARACTERS = 200
_SHOWN_ITEMS = 100
_LARGE = 1000


def describe(graph: StageGraph) -> tuple[tuple[StageSpec, ...], dict[str, str]]:
    """Return what each stage of a graph is, and the sources of their functions by digest."""
    names = {call.id: call.name for call in graph.calls}
    sources: dict[str, str] = {}
    known: dict[int, _Function] = {}
    stages = []
    for call in graph.calls:
        function = known.get(id(call.function))
        if function is None:
            function = known[id(call.function)] = _Function.of(call.function)
            if function.text:
                sources[function.digest] = function.text
        stages.append(_stage(call, names, function))
    return tuple(stages), sources


@dataclass(frozen=True)
class _Function:
    """What is found out once of the function of many stages."""

    signature: inspect.Signature | None
    text: str | None

    @classmethod
    def of(cls, function: Callable[..., Any]) -> "_Function":
        return cls(signature_of(function), source_of(function))

    @cached_property
    def digest(self) -> str:
        return digest(self.text or "")[:16]


def source_of(function: Callable[..., Any]) -> str | None:
    """Return a function's source, or None for what has none: builtins, code typed into `python -c`, and ours."""
    while hasattr(function, "func") and not hasattr(function, "__code__"):
        function = function.func
    target = function if hasattr(function, "__name__") else type(function)
    if getattr(target, "__module__", None) == parts.__name__:
        return None
    try:
        return inspect.getsource(target)
    except (OSError, TypeError):
        return None


def _stage(call: Call, names: Mapping[str, str], known: _Function) -> StageSpec:
    function = call.function
    module = getattr(function, "__module__", type(function).__module__)
    return StageSpec(
        id=call.id,
        name=call.name,
        function=f"{module}:{getattr(function, '__qualname__', call.name)}",
        parents=call.parents,
        arguments=_arguments(call, names, known.signature),
        source=known.digest if known.text else None,
        cached=call.cached,
        persisted=call.persisted,
    )


def _arguments(call: Call, names: Mapping[str, str], signature: inspect.Signature | None) -> tuple[Argument, ...]:
    given = len(call.args)
    found = []
    for place, (name, value) in enumerate(arguments_of(signature, call.args, call.kwargs)):
        position = place if place < given and name not in call.kwargs else None
        if isinstance(value, Upstream):
            found.append(Argument(name, stage=value.stage, place=position))
        else:
            inside = tuple(dict.fromkeys(hole.stage for hole in holes(value, Upstream)))
            found.append(Argument(name, value=shown(value, names), place=position, stages=inside))
    return tuple(found)


def shown(value: Any, names: Mapping[str, str]) -> Any:
    """Return what a record shows of an argument: JSON where it is small, else a text of up to 200 characters."""
    value = filled(value, Upstream, lambda hole: names[hole.stage])
    return _json(value) if _is_small(value) else _text(value)


def _is_small(value: Any, left: list[int] | None = None) -> bool:
    left = [_SHOWN_ITEMS] if left is None else left
    left[0] -= 1
    if isinstance(value, list | tuple):
        return left[0] > len(value) and all(_is_small(item, left) for item in value)
    if isinstance(value, dict):
        return left[0] > len(value) and all(type(key) is str and _is_small(item, left) for key, item in value.items())
    return value is None or type(value) in (bool, int, float) or (type(value) is str and len(value) <= 1000)


def _json(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_json(item) for item in value]
    if isinstance(value, dict):
        return {key: _json(item) for key, item in value.items()}
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    return tagged_float(value)


def _text(value: Any) -> str:
    try:
        text = repr(_beginning(value))
    except Exception as error:  # noqa: BLE001 - a user's own __repr__
        text = f"<{type(value).__qualname__}, whose repr raised {type(error).__name__}>"
    text = text.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]} ..."


def _beginning(value: Any) -> Any:
    """Return as much of a large value as is shown, where that is cheaper than all of it."""
    if type(value) not in (list, tuple, dict, str, bytes) or len(value) <= _LARGE:
        return value
    return dict(itertools.islice(value.items(), _LARGE)) if type(value) is dict else value[:_LARGE]
