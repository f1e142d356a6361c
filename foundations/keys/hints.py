"""What annotations name: classes and functions that code can get at which reads annotations."""

import re
import sys
import types
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, ForwardRef, Literal, get_args, get_origin

from foundations.keys.nodes import Node
from foundations.keys.transcript import reached

_NAME = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_MOST = 1000


def hinted(root: Node) -> list[Any]:
    """Return what the annotations of the functions and classes that a node reaches name or hold."""
    found: dict[int, Any] = {}
    for node in reached(root):
        for namespace, hints in _annotations(node.subject):
            for value in _in_hints(hints, namespace):
                found[id(value)] = value
    return list(found.values())


def _annotations(subject: Any) -> Iterator[tuple[Mapping[str, Any], list[Any]]]:
    held: Any = None
    if type(subject) is types.FunctionType:
        held, namespace = subject.__annotations__, subject.__globals__
    elif issubclass(type(subject), type):
        held = type.__dict__["__dict__"].__get__(subject).get("__annotations__")
        module = sys.modules.get(type.__getattribute__(subject, "__module__"))
        namespace = vars(module) if module is not None else {}
    if type(held) is dict and held:
        yield namespace, list(held.values())


def _in_hints(hints: Iterable[Any], namespace: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the values in hints, through generics and marks; texts are looked up and not run."""
    waiting = deque(islice(hints, _MOST))
    for _ in range(_MOST):
        if not waiting:
            break
        hint = waiting.popleft()
        text = getattr(hint, "__forward_arg__", None) if type(hint) is ForwardRef else hint
        if type(text) is str:
            yield from _named(text, namespace)
        elif get_origin(hint) is Literal:
            continue
        elif get_origin(hint) is not None:
            waiting.extend([get_origin(hint), *get_args(hint)])
        elif type(hint) in (list, tuple):  # of what a callable takes
            waiting.extend(hint)
        else:
            yield hint


def _named(text: str, namespace: Mapping[str, Any]) -> Iterator[Any]:
    for name in _NAME.findall(text)[:_MOST]:
        first, *rest = name.split(".")
        value = namespace.get(first)
        for part in rest:
            value = vars(value).get(part) if type(value) is types.ModuleType else None
        if value is not None:
            yield value
