"""Ids of stages: the same for the same driver in every process and on every machine, and never the same for two."""

import functools
import threading
import types
from collections.abc import Callable, Mapping
from typing import Any

from foundations.identity import digest, sketch
from foundations.signature import name_of

_CHARACTERS = 32
_SHORT = 1000
_SMALL = 2**64
_LITERALS = (int, float, str, bytes, type(None))

_seen: dict[str, int] = {}
_seen_lock = threading.Lock()

StandIn = Callable[[Any], str | None]


def function_identity(function: Callable[..., Any]) -> str:
    """Return what a function counts by: its module and name, what a partial adds, what a lambda names."""
    added = ""
    while isinstance(function, functools.partial):
        added += sketch((function.args, dict(sorted(function.keywords.items()))), stand_in=_no_stand_in)
        function = function.func
    module = getattr(function, "__module__", type(function).__module__)
    name = getattr(function, "__qualname__", name_of(function))
    if isinstance(function, types.FunctionType) and function.__name__ == "<lambda>":
        code = function.__code__
        literals = [one for one in code.co_consts if isinstance(one, _LITERALS)]
        added += ascii((code.co_names, code.co_varnames, sketch(literals, stand_in=_no_stand_in)))
    return digest(str(module), str(name), added)


def new_id(function: str, args: tuple[Any, ...], kwargs: Mapping[str, Any], *, stand_in: StandIn) -> str:
    """Return the id of a new stage: a digest of what is called with what, and which of the equal calls it is.

    `function` is its `function_identity`; `stand_in` gives the text by which a stage or a placeholder counts.
    """
    # the keywords' order is the caller's style, not part of the call
    values: dict[int | str, Any] = {**dict(enumerate(args)), **dict(sorted(kwargs.items()))}
    texts = [_quick(value, stand_in) for value in values.values()]
    if all(texts):
        content = digest(function, ascii([*zip(values, texts, strict=True)]))
    else:
        content = digest(function, sketch((args, dict(sorted(kwargs.items()))), stand_in=stand_in))
    with _seen_lock:
        _seen[content] = place = _seen.get(content, -1) + 1
    return digest(content, str(place))[:_CHARACTERS]


def _quick(value: Any, stand_in: StandIn) -> str | None:
    """Return a text for what is plain and small, in a fraction of the time of a sketch; None for the rest."""
    kind = type(value)
    if kind is str:
        return ascii(value) if len(value) < _SHORT else None
    if kind is int:
        return str(value) if -_SMALL < value < _SMALL else None
    if kind is bool or kind is float or value is None:
        return repr(value)
    return stand_in(value)


def _no_stand_in(_: Any) -> None:
    return None
