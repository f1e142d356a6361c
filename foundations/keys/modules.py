"""Modules as code refers to them: loaded, or not loaded yet; nothing here imports anything."""

import sys
import types
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import resolve_name
from typing import Any

from foundations.keys.user_code import UserCode

MISSING: Any = object()
_SOURCE = ".py"


@dataclass(frozen=True)
class Unloaded:
    """A module that nothing has imported yet; `file` is the user's source, or None for a library's."""

    name: str
    file: str | None


Module = types.ModuleType | Unloaded


def loaded(name: Any) -> types.ModuleType | None:
    """Return a module that is loaded, or None."""
    found = sys.modules.get(name) if isinstance(name, str) else None
    return found if isinstance(found, types.ModuleType) else None


def module_named(name: str, code: UserCode) -> Module:
    """Return a module by its whole name, without importing it."""
    return loaded(name) or Unloaded(name, _source_of(name, code))


def imported_name(name: str, level: int, package: str | None) -> str | None:
    """Return the whole name of what an import statement names; None where it can't be told."""
    if not level:
        return name
    try:
        return resolve_name("." * level + name, package or "")
    except ImportError:
        return None


def attribute(module: Module, name: str, code: UserCode) -> Any:
    """Return what a module has under a name: a value, a module, or MISSING."""
    if isinstance(module, types.ModuleType):
        found = vars(module).get(name, MISSING)
        if found is not MISSING:
            return found
        if vars(module).get("__path__") is None:
            return MISSING
    below = f"{module.__name__ if isinstance(module, types.ModuleType) else module.name}.{name}"
    inside = module_named(below, code)
    if isinstance(inside, Unloaded) and inside.file is None:
        return MISSING
    return inside


def parents(name: str) -> list[str]:
    """Return the names of the packages that a module lies in, the outermost first."""
    parts = name.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts))]


def package_of(namespace: Mapping[str, Any]) -> str | None:
    """Return the package that relative imports in a namespace start from."""
    package = namespace.get("__package__")
    if isinstance(package, str):
        return package
    name = namespace.get("__name__")
    if not isinstance(name, str):
        return None
    return name if "__path__" in namespace else name.rpartition(".")[0]


def _source_of(name: str, code: UserCode) -> str | None:
    spec = _spec(name)
    if spec is None or not spec.origin or not code.owns(spec.origin):
        return None
    return spec.origin


def _spec(name: str) -> ModuleSpec | None:
    """Return where a module would be found; its packages need not be loaded."""
    path: list[str] | None = None
    parent = name.rpartition(".")[0]
    if parent:
        package = loaded(parent)
        if package is not None:
            path = list(vars(package).get("__path__") or ())
        else:
            above = _spec(parent)
            path = list(above.submodule_search_locations or ()) if above is not None else []
        if not path:
            return None
    try:
        return PathFinder.find_spec(name, path)
    except (ImportError, ValueError, OSError):
        return None
