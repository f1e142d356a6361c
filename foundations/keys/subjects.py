"""What kind of thing a value is, and its name for people."""

import types
from typing import Any

from foundations.keys.functions import WRAPPERS
from foundations.keys.library import is_a
from foundations.keys.nodes import Kind


def module_of(value: Any) -> Any:
    """Return the module that a value says it is of, whatever that is."""
    try:
        return getattr(value, "__module__", None)
    except Exception:  # noqa: BLE001 - the object's own __getattr__
        return None


def is_code(value: Any) -> bool:
    """Tell whether a value is a function, a class or a module, and not data."""
    return is_a(value, types.FunctionType, type, types.ModuleType)


def kind_of(value: Any) -> Kind:
    """Return which kind of node stands for a value."""
    if is_a(value, type):
        return "class"
    if is_a(value, types.ModuleType):
        return "module"
    return "function" if is_a(value, types.FunctionType, types.MethodType, *WRAPPERS) else "data"


def name_of(value: Any, name: str) -> str:
    """Return the name by which people know a value, where `name` is how it was come by."""
    if is_a(value, types.FunctionType):
        return f"{value.__module__}.{value.__qualname__}"
    if is_a(value, type):
        return f"class {value.__module__}.{value.__qualname__}"
    return value.__name__ if is_a(value, types.ModuleType) else name
