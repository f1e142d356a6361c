"""An exception as plain data, and an exception of the same type made of it again: nothing is ever unpickled."""

import json
import math
import sys
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from itertools import islice
from operator import attrgetter
from typing import Any

# where an exception that comes from another process keeps what was known of it there
DESCRIPTION = "__foundations_exception__"

_MOST_CHARACTERS = 20_000
_MOST_ATTRIBUTES = 100
_MOST_MEMBERS = 10
_MOST_LEVELS = 2


def described(error: BaseException, *, levels: int = _MOST_LEVELS) -> dict[str, Any]:
    """Return what there is to know of an exception: its type, its text, and what it holds as far as that is JSON.

    Of a group that is its members too, so many `levels` deep.
    """
    known: dict[str, Any] | None = getattr(error, "__dict__", {}).get(DESCRIPTION)
    if known is not None:
        return known
    kind, most = type(error), _MOST_CHARACTERS // 10 ** (_MOST_LEVELS - levels)
    args, attributes = _content(error)
    return {
        **(_group(error, levels) if isinstance(error, BaseExceptionGroup) and levels else {}),
        "module": kind.__module__,
        "name": kind.__qualname__,
        "text": _text(error)[:most],
        "args": args if _is_plain(args, most) else None,
        "attributes": _plain_ones(attributes, most),
    }


def _group(error: BaseExceptionGroup[BaseException], levels: int) -> dict[str, Any]:
    members = [described(one, levels=levels - 1) for one in error.exceptions[:_MOST_MEMBERS]]
    return {"message": error.message, "exceptions": members}


def type_name(description: Mapping[str, Any]) -> str:
    """Return the name of a described exception's type as tracebacks spell it."""
    module, name = description["module"], description["name"]
    return str(name) if module in ("builtins", "__main__") else f"{module}.{name}"


def original(description: Mapping[str, Any]) -> BaseException | None:
    """Return an exception of the described type, or None where this process can't have one.

    Its module is imported unless it is already; no constructor that is written in Python is called, as one may do
    anything and want other arguments than `args`.
    """
    kind = _type(description["module"], description["name"])
    if kind is None:
        return None
    text, args = description["text"], description.get("args")
    if "exceptions" in description:
        args = [description["message"], list(map(_member, description["exceptions"]))]
    made = [_made(kind, given, description["attributes"]) for given in (args, [text]) if given is not None]
    found = [error for error in made if error is not None]
    # some builtin ones have no text but by arguments that did not travel: their type is worth having
    return next((error for error in found if _text(error)[:_MOST_CHARACTERS] == text), next(iter(found), None))


def _member(description: Mapping[str, Any]) -> BaseException:
    return original(description) or Exception(f"{type_name(description)}: {description['text']}")


def _content(error: BaseException) -> tuple[list[Any], Mapping[str, Any]]:
    """Return the arguments that make an exception, and the attributes that it has then, as its builtin base tells."""
    base: Any = next(kind for kind in type(error).__mro__ if kind.__module__ == "builtins")
    reduced: Any = base.__reduce__(error)
    return list(reduced[1]), reduced[2] if len(reduced) > 2 else {}


def _type(module: str, name: str) -> type[BaseException] | None:
    try:
        found = attrgetter(name)(sys.modules.get(module) or import_module(module))
    except (Exception, SystemExit):  # noqa: BLE001 - a module of the user's may raise anything when it is imported
        return None
    return found if isinstance(found, type) and issubclass(found, BaseException) else None


def _made(kind: type[BaseException], args: list[Any], attributes: Mapping[str, Any]) -> BaseException | None:
    try:
        error = kind.__new__(kind, *args)
        if not hasattr(kind.__init__, "__code__"):
            with suppress(TypeError):  # a builtin's own: some texts are made by it, and some take nothing else
                kind.__init__(error, *args)
        BaseException.__setstate__(error, dict(attributes))
    except Exception:  # noqa: BLE001 - the user's own class answers, and may raise anything
        return None
    return error if isinstance(error, BaseException) else None


def _plain_ones(attributes: Mapping[str, Any], most: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in islice(attributes.items(), _MOST_ATTRIBUTES):
        if not key.startswith("__") and _is_plain({**found, key: value}, most):
            found[key] = value
    return found


def _is_plain(value: Any, most: int) -> bool:
    try:
        return _is_json(value) and len(json.dumps(value)) <= most
    except RecursionError:  # it may hold itself
        return False


def _is_json(value: Any) -> bool:
    if type(value) is list:
        return all(map(_is_json, value))
    if type(value) is dict:
        return all(type(key) is str and _is_json(item) for key, item in value.items())
    if type(value) is float:
        return math.isfinite(value)
    return value is None or type(value) in (bool, int, str)


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - a user's own __str__
        return "<exception str() failed>"
