"""Values that code refers to, one level deep: user code inside them counts as code, wherever it is."""

import hashlib
import threading
import types
import weakref
from contextvars import ContextVar
from typing import Any

from foundations.keys.ignored import Ignored
from foundations.keys.kinds import way_of
from foundations.keys.library import is_a, is_compiled
from foundations.keys.no_identity import NoStableIdentity, Refused, type_name
from foundations.keys.nodes import Node, of_text
from foundations.keys.plain_values import ATOMS
from foundations.keys.reach import Reach
from foundations.keys.reflection import IDENTITY, NAMES
from foundations.keys.refused_kinds import why_refused
from foundations.keys.value_parts import Content, Parts

# what holds nothing that a result can depend on, or what code at other places puts there
_OPAQUE_NAMES = """
_thread.lock _thread.RLock threading._RLock threading.Condition threading.Event threading.Semaphore
threading.BoundedSemaphore threading.Barrier _thread._local _threading_local.local logging.Logger
logging.LoggerAdapter logging.Handler weakref.ReferenceType builtins.weakref builtins.weakproxy
builtins.weakcallableproxy weakref.ProxyType weakref.CallableProxyType weakref.finalize weakref.WeakValueDictionary
weakref.WeakKeyDictionary _weakrefset.WeakSet _thread._ThreadHandle multiprocessing.synchronize.SemLock
asyncio.locks.Lock _contextvars.ContextVar builtins.ContextVar _abc._abc_data
"""
_OPAQUE = frozenset(_OPAQUE_NAMES.split())
_COUNTED_OF_OPAQUE = ("_flag", "_value", "_initial_value", "_parties")  # whether it is set, how many may pass


def is_opaque(kind: type) -> bool:
    """Tell whether values of a type count by the type alone: locks, thread-locals, loggers, weak references."""
    return any(f"{one.__module__}.{one.__qualname__}" in _OPAQUE for one in type.__getattribute__(kind, "__mro__"))


def expand_data(reach: Reach, node: Node) -> None:
    """Give the node of a value what it consists of."""
    value = node.subject
    kind = type(value)
    if is_opaque(kind):
        node.local, node.ordered = of_text("opaque"), False
        node.children = [
            reach.refer(node, one, node.name) for one in (kind, *_inside_opaque(value, lenient=node.lenient))
        ]
        return
    if is_compiled(value):  # its file counts beside it
        node.local = of_text("compiled", value.__qualname__)
        return
    if kind is Ignored:
        node.local = of_text("ignored")
        return
    try:
        parts = _parts(value)
    except (Refused, NoStableIdentity) as error:
        _without_identity(reach, node, str(error))
        return
    node.local = of_text(parts.tag, parts.data.hex())
    node.ordered = parts.ordered
    node.children = [_child(reach, node, place, child, parts) for place, child in enumerate(parts.children)]
    keys = node.children[::2] if parts.tag == "dict" else () if parts.ordered else node.children
    if any(isinstance(key, Node) for key in keys):  # which are found by what they are, and not by what is in them
        node.looks_at |= {IDENTITY, NAMES}


def _inside_opaque(value: Any, *, lenient: bool) -> list[Any]:
    """Return what of an opaque value counts beside its class: what code has put there for all to find."""
    if is_a(value, ContextVar):
        try:
            return [value.get()]
        except LookupError:  # neither set nor with a default
            return []
    if is_a(value, threading.local):
        return [dict(vars(value))]
    if is_a(value, threading.Event, threading.Semaphore, threading.Barrier):
        return [] if lenient else [vars(value).get(name) for name in _COUNTED_OF_OPAQUE]
    held = _weakly_held(value)
    # objects that a library holds come and go with the garbage collector; functions and classes stay
    return [one for one in held if is_a(one, types.FunctionType, type)] if lenient else held


def _weakly_held(value: Any) -> list[Any]:
    if is_a(value, weakref.ReferenceType):
        return [value()]
    if is_a(value, weakref.ProxyType, weakref.CallableProxyType):
        return _behind(value)
    if is_a(value, weakref.finalize):
        return list(value.peek() or ())
    if is_a(value, weakref.WeakSet):
        return list(value)
    if is_a(value, weakref.WeakKeyDictionary, weakref.WeakValueDictionary):
        return [each for pair in value.items() for each in pair]
    return []


def _behind(proxy: Any) -> list[Any]:
    try:
        return [proxy.__repr__.__self__]  # whatever it is asked for, what it stands for answers
    except (ReferenceError, AttributeError):
        return []


def _parts(value: Any) -> Parts:
    way = way_of(type(value))
    if way is None:
        raise Refused("it is code of a kind that is not known")
    try:
        return way(value)
    except (Refused, NoStableIdentity):
        raise
    except Exception as error:
        raise Refused(f"it can't be taken apart ({type(error).__name__}: {error})") from error


def _child(reach: Reach, node: Node, place: int, child: Any, parts: Parts) -> Node | bytes:
    if type(child) is Content:
        return hashlib.sha256(child.data).digest()
    name = "" if type(child) in ATOMS else f"{node.name}{parts.step(place)}"[:200]
    return reach.refer(node, child, name)


def _without_identity(reach: Reach, node: Node, why: str) -> None:
    kind = type(node.subject)
    node.local = of_text("no identity", type_name(kind))
    if node.lenient:
        return
    if why_refused(kind) is not None:
        node.refuse(f"{node.name} is of type {type_name(kind)}: {why}; make it inside the stage")
        return
    node.explain(
        f"{node.name} is of type {type_name(kind)}, which can't be told by its content ({why}), so all code of the "
        "model directory counts"
    )
    node.children = [reach.refer_everything()]
