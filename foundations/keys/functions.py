"""Functions, and what wraps them: what they say, what they are given beforehand, and what they share."""

import functools
import types
from collections.abc import Callable
from typing import Any

from foundations.keys.code_reader import CodeReader
from foundations.keys.library import owns_function
from foundations.keys.modules import MISSING
from foundations.keys.nodes import Node, of_text
from foundations.keys.reach import Reach

LRU_CACHE = type(functools.lru_cache(lambda: None))
_EMPTY = b"empty"


def expand_function(reach: Reach, node: Node) -> None:
    """Give the node of a function all that the function says and refers to."""
    function: types.FunctionType = node.subject
    cells = cells_of(function)
    if is_generic(function):
        node.local = of_text("singledispatch")
        node.children.append(reach.refer(node, dict(vars(function)["registry"]), f"{node.name}.registry"))
        return
    if owns_function(function, reach.code):
        CodeReader(reach, node, function.__globals__, cells).read(function.__code__)
    else:
        # a library's own, made anew with what it was given: what it says counts by where it stands
        code = function.__code__
        node.shown = False
        node.local = of_text(
            "made by", str(function.__globals__.get("__name__")), code.co_name, str(code.co_firstlineno)
        )
        for name, value in cells.items():
            node.children.append(reach.refer(node, value, f"{node.name}.{name}") if value is not MISSING else _EMPTY)
    _add_given(reach, node, function)


def cells_of(function: types.FunctionType) -> dict[str, Any]:
    """Return the variables that a function shares with the one around it."""
    return {
        name: _content(cell)
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    }


def is_generic(function: types.FunctionType) -> bool:
    """Tell whether `functools.singledispatch` has made a function; its cache says nothing that counts."""
    held = vars(function)
    return function.__globals__ is vars(functools) and "registry" in held and "dispatch" in held


def expand_wrapper(reach: Reach, node: Node) -> None:
    """Give the node of a descriptor, or of what caches a function's results, what it is made of."""
    subject = node.subject
    node.shown = False
    node.local = of_text(type(subject).__module__, type(subject).__qualname__)
    for name in _PARTS.get(type(subject), ("__wrapped__",)):
        part = getattr(subject, name, None)
        if name == "__doc__" or callable(part) is False:
            node.local = of_text(node.local.hex(), repr(part))
        else:
            node.children.append(reach.refer(node, part, node.name))
    if isinstance(subject, LRU_CACHE):
        node.children.append(reach.refer(node, subject.cache_parameters(), node.name))


_PARTS: dict[type, tuple[str, ...]] = {
    staticmethod: ("__func__",),
    classmethod: ("__func__",),
    property: ("fget", "fset", "fdel"),
    functools.cached_property: ("func", "attrname"),
    LRU_CACHE: ("__wrapped__",),
}
WRAPPERS: tuple[type, ...] = tuple(_PARTS)


def _content(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # it has no value yet
        return MISSING


def _add_given(reach: Reach, node: Node, function: types.FunctionType) -> None:
    given = {f"default {place}": value for place, value in enumerate(function.__defaults__ or ())}
    given |= {f"default {name}": value for name, value in (function.__kwdefaults__ or {}).items()}
    given |= {f".{name}": value for name, value in vars(function).items() if name not in _SAID_ELSEWHERE}
    node.local = of_text(node.local.hex(), *given)
    for name, value in given.items():
        node.children.append(reach.refer_named(node, value, f"{node.name}, {name}"))


_SAID_ELSEWHERE = frozenset({"__signature__", "__doc__"})
Expand = Callable[[Reach, Node], None]
