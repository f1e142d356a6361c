"""Classes: bases, metaclass, and everything in their bodies, but for what only describes them."""

import abc
import dataclasses
import enum
import types
import typing
from collections.abc import Iterator
from typing import Any

from foundations.keys.nodes import Node, of_text
from foundations.keys.reach import Reach
from foundations.keys.user_code import UserCode

_DESCRIBES = frozenset(
    {
        "__doc__", "__module__", "__weakref__", "__firstlineno__", "__static_attributes__", "__abstractmethods__",
        "_abc_impl", "_abc_registry", "_abc_cache", "_abc_negative_cache", "_abc_negative_cache_version",
        "__slotnames__", "__qualname__", "__annotations__", "__annotations_cache__", "__annotate__",
        "__annotate_func__",
        "__dict__", "__class_getitem_cache__",
    }
)  # fmt: skip
_OF_ENUM = frozenset(
    {
        "_member_names_", "_member_map_", "_value2member_map_", "_hashable_values_", "_unhashable_values_",
        "_unhashable_values_map_", "_member_type_", "_new_member_", "_use_args_", "_value_repr_", "_singles_mask_",
        "_flag_mask_", "_all_bits_", "_inverted_",
    }
)  # fmt: skip
_OF_MEMBER = frozenset({"_value_", "_name_", "__objclass__", "_sort_order_", "_inverted_", "_hashable_values_"})
_TUPLE_FIELD = "_tuplegetter"
_LOOK_AWAY = frozenset({"builtins", "abc", "typing", "collections.abc", "enum"})
_PROTOCOL_META = type(typing.Protocol)
_MADE_BY_PYDANTIC = "__pydantic_"
_KEPT_OF_PYDANTIC = frozenset({"__pydantic_fields__", "__pydantic_computed_fields__", "__pydantic_private__"})


def expand_class(reach: Reach, node: Node) -> None:
    """Give the node of a class all that the class is made of."""
    cls: type = node.subject
    name = type.__getattribute__(cls, "__qualname__").rpartition("<locals>.")[2]
    words = ["class", name]
    for part in (type(cls), *cls.__bases__):
        node.children.append(reach.refer(node, part, part.__qualname__))
    for word, value in _entries(cls, reach.code):
        words.append(word)
        node.children.append(reach.refer_named(node, value, f"{node.name}.{word}"))
    node.local = of_text(*words)


def _entries(cls: type, code: UserCode) -> Iterator[tuple[str, Any]]:
    held = type.__dict__["__dict__"].__get__(cls)
    members = _members(cls)
    for name, value in members.items():
        yield f"member {name}", _of_member(value)
    for name in sorted(held):
        value = held[name]
        if not is_described(name, value, cls) and name not in members:
            yield name, _place(value) if type(value).__name__ == _TUPLE_FIELD else value
    annotations = held.get("__annotations__")
    if held.get("_is_runtime_protocol") and isinstance(annotations, dict):  # which isinstance() looks for
        yield "attributes asked for", sorted(annotations)
    if isinstance(annotations, dict) and annotations and _uses_annotations(cls, held, code):
        yield "annotations", list(annotations.items())


def _members(cls: type) -> dict[str, Any]:
    return dict(cls.__members__) if isinstance(cls, enum.EnumMeta) else {}


def _of_member(member: Any) -> list[Any]:
    held = {name: value for name, value in vars(member).items() if name not in _OF_MEMBER}
    return [member._name_, member._value_, held]


def is_described(name: str, value: Any, cls: type) -> bool:
    """Tell whether an entry of a class only describes it, or is made of its other entries."""
    if name in _DESCRIBES or (name.startswith(_MADE_BY_PYDANTIC) and name not in _KEPT_OF_PYDANTIC):
        return True
    if isinstance(cls, enum.EnumMeta) and (name in _OF_ENUM or (name == "__new__" and cls.__members__)):
        return not isinstance(value, types.FunctionType) or name == "__new__"
    return isinstance(value, types.GetSetDescriptorType)


def _place(field: Any) -> Any:
    return field.__reduce__()[1][0]  # beside the text that documents it


def _uses_annotations(cls: type, held: Any, code: UserCode) -> bool:
    """Tell whether somebody but a reader may use the annotations in a class's body."""
    if dataclasses.is_dataclass(cls) or "_fields" in held or "__attrs_attrs__" in held:
        return True
    if type(cls) not in (type, abc.ABCMeta, _PROTOCOL_META):
        return True
    others = (base.__module__ for base in type.__getattribute__(cls, "__mro__")[1:])
    return any(module not in _LOOK_AWAY and not code.owns_module(module) for module in others)
