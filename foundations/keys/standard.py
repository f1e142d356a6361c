"""The standard library's types that take another way than their pickle: one level deep."""

import functools
import pathlib
import sys
import types
from collections.abc import Callable
from typing import Any

from foundations.keys.no_identity import type_name
from foundations.keys.objects import attributes_of, object_parts
from foundations.keys.value_parts import Parts, attribute_parts, named

# what an enum's own machinery keeps in its members
_MEMBER_KEEPS = frozenset({"_value_", "_name_", "__objclass__", "_sort_order_", "_inverted_", "_hashable_values_"})

# what counts by its code: the digest of the closure, not of a value
CODE = frozenset(
    {
        types.FunctionType,
        types.ModuleType,
        types.CodeType,
        types.MethodDescriptorType,
        types.WrapperDescriptorType,
        types.ClassMethodDescriptorType,
        types.GetSetDescriptorType,
        types.MemberDescriptorType,
        staticmethod,
        classmethod,
        property,
        functools.cached_property,
        type(functools.lru_cache(lambda: None)),
    }
)


def enum_parts(value: Any) -> Parts:
    """Return the parts of a member of an enum: class, name, value, and what it was given beside them."""
    held = {name: one for name, one in attributes_of(value).items() if name not in _MEMBER_KEEPS}
    parts = attribute_parts("enum", str(value._name_), held)
    parts.children = [*parts.children, type(value), value._value_]
    return parts


def exception_parts(value: Any) -> Parts:
    """Return the parts of an exception: what pickling keeps of it, and those that it was raised from."""
    parts = object_parts(value)
    before, held = parts.step, len(parts.children)
    parts.children = [*parts.children, value.__cause__, value.__context__, value.__suppress_context__]
    parts.step = lambda place: before(place) if place < held else (".__cause__", ".__context__", "")[place - held]
    parts.tag = "exception"
    return parts


def method_parts(value: Any) -> Parts:
    """Return the parts of a method that is bound to an object."""
    return Parts("method", children=[value.__func__, value.__self__], step=named("", ".__self__"))


def builtin_method_parts(value: Any) -> Parts:
    """Return the parts of a builtin's method that is bound to an object."""
    return Parts("builtin method", value.__name__.encode(), [value.__self__], named(".__self__"))


def partial_parts(value: Any) -> Parts:
    """Return the parts of a `functools.partial`."""
    func, args, keywords, held = value.__reduce__()[2]
    children = [type(value), func, args, keywords, held or None]
    return Parts("partial", children=children, step=named("", ".func", ".args", ".keywords"))


def set_subclass_parts(value: Any) -> Parts:
    """Return the parts of an instance of a subclass of set or frozenset."""
    base = set if issubclass(type(value), set) else frozenset
    parts = attribute_parts("set of a class", base.__name__, attributes_of(value))
    parts.children = [*parts.children, type(value), frozenset(base.__iter__(value))]
    return parts


def _path(value: pathlib.PurePath) -> Parts:
    return Parts(type_name(type(value)), str(value).encode("utf-8", "surrogateescape"))


def way_of_zones(kind: type) -> Callable[[Any], Parts] | None:
    """Return what takes values of a time zone's type apart, or None for another type."""
    return _zone if kind is getattr(sys.modules.get("zoneinfo"), "ZoneInfo", None) else None


def _zone(value: Any) -> Parts:
    # with a key; one that was read from a file says no more than that
    return object_parts(value) if value.key is None else Parts("zoneinfo.ZoneInfo", value.key.encode())


_PATHS = (pathlib.PosixPath, pathlib.WindowsPath, pathlib.PurePosixPath, pathlib.PureWindowsPath)
STANDARD_PARTS: dict[type, Callable[[Any], Parts]] = {
    **dict.fromkeys(_PATHS, _path),
    types.MethodType: method_parts,
    types.MethodWrapperType: builtin_method_parts,
    functools.partial: partial_parts,
}
