"""Which of the user's functions, called while a module is imported, change what is not the user's."""

import ast
import types
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from foundations.keys.change_names import CHANGES
from foundations.keys.library import is_a
from foundations.keys.module_source import Definition, Sources
from foundations.keys.modules import MISSING
from foundations.keys.user_code import UserCode

_RUN_WHEN_CALLED = ("__init__", "__new__", "__post_init__", "__init_subclass__", "__set_name__", "__call__")


class Changing:
    """Tells of functions and classes; of each it is found out once."""

    def __init__(self, code: UserCode, sources: Sources) -> None:
        self._code, self._sources = code, sources
        self._known: dict[int, tuple[Any, bool]] = {}
        self._own: dict[int, tuple[types.CodeType, bool]] = {}

    def reached_by(self, value: Any) -> bool:
        """Tell whether a function or class of the user's, or what it calls, may change what a library holds."""
        known = self._known.get(id(value))
        if known is None:
            found = any(map(self._changes, called_by(value, self._code)))
            known = self._known[id(value)] = value, found
        return known[1]

    def _changes(self, function: types.FunctionType) -> bool:
        code = function.__code__
        known = self._own.get(id(code))
        if known is None:
            found = self._names_change(function) or self._sets(function)
            known = self._own[id(code)] = code, found
        return known[1]

    def _names_change(self, function: types.FunctionType) -> bool:
        # what is the user's own is looked at itself, whatever it is called
        named = (name for name in names_in(function.__code__) if CHANGES.match(name))
        return any(not _is_code_of(function.__globals__.get(name), self._code) for name in named)

    def _sets(self, function: types.FunctionType) -> bool:
        """Tell whether a function sets attributes or items of something that it has from a library."""
        code = function.__code__
        source = self._sources.of(code.co_filename)
        definition = source.definitions.get(code.co_firstlineno) if source is not None else None
        if definition is None:
            return False
        holders = _Holders(definition, function.__globals__, self._code)
        return any(map(holders.is_librarys, _set_in(definition)))


def called_by(value: Any, code: UserCode) -> Iterator[types.FunctionType]:
    """Yield the functions of the user's that run when something is called, as far as names tell."""
    seen: set[int] = set()
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        for function in _functions_of(one):
            yield function
            names = set(names_in(function.__code__))
            below = [each for name in names if _is_code_of(each := function.__globals__.get(name), code)]
            waiting += below
            waiting += [method for each in below for name in names if (method := method_of(each, name))]


def method_of(value: Any, name: str) -> types.FunctionType | None:
    """Return the function that is called by a name of a class, or of an instance, without asking either."""
    kind = value if is_a(value, type) else type(value)
    for one in type.__getattribute__(kind, "__mro__"):
        found = vars(one).get(name)
        found = found.__func__ if is_a(found, staticmethod, classmethod) else found
        if found is not None:
            return found if is_a(found, types.FunctionType) else None
    return None


def names_in(code: types.CodeType) -> Iterable[str]:
    """Return the global names and attributes that some code mentions, and all code in it."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from names_in(constant)


def value_of(expression: ast.expr, namespace: Mapping[str, Any]) -> Any:
    """Return what a name stands for, through modules and classes; MISSING where that can't be told."""
    if isinstance(expression, ast.Name):
        return namespace.get(expression.id, MISSING)
    if not isinstance(expression, ast.Attribute):
        return MISSING
    holder = value_of(expression.value, namespace)
    return vars(holder).get(expression.attr, MISSING) if is_a(holder, types.ModuleType, type) else MISSING


def root_of(expression: ast.expr) -> ast.expr:
    """Return what an expression of attributes, items and calls begins with."""
    while isinstance(expression, ast.Attribute | ast.Subscript | ast.Call):
        expression = expression.func if isinstance(expression, ast.Call) else expression.value
    return expression


class _Holders:
    """Whose the things are that a function sets attributes of."""

    def __init__(self, definition: Definition, namespace: Mapping[str, Any], code: UserCode) -> None:
        self._namespace, self._code = namespace, code
        self._given = {one.arg for one in ast.walk(definition) if isinstance(one, ast.arg)}
        self._made: dict[str, list[ast.expr]] = {}
        for one in ast.walk(definition):
            if isinstance(one, ast.Assign):
                for target in one.targets:
                    if isinstance(target, ast.Name):
                        self._made.setdefault(target.id, []).append(one.value)

    def is_librarys(self, target: ast.Attribute | ast.Subscript) -> bool:
        """Tell whether a library holds what an attribute or item is set of; what is made here is nobody's."""
        holder = target.value
        root = root_of(holder)
        if not isinstance(root, ast.Name) or root.id in self._given:
            return False  # whoever hands something over has it from somewhere
        if root.id not in self._made:
            return self._leads_to_library(holder)
        return any(self._is_shared(value, of_item=isinstance(target, ast.Subscript)) for value in self._made[root.id])

    def _is_shared(self, made: ast.expr, *, of_item: bool) -> bool:
        """Tell whether a local variable is given what a library keeps for all, such as `decimal.getcontext()`."""
        if isinstance(made, ast.Call):
            value = value_of(made.func, self._namespace)
            return not of_item and not is_a(value, type) and self._leads_to_library(made)
        return isinstance(made, ast.Attribute | ast.Name) and self._leads_to_library(made)

    def _leads_to_library(self, expression: ast.expr) -> bool:
        root = root_of(expression)
        value = value_of(root, self._namespace)
        if value is MISSING:
            return False
        kind = value if is_a(value, type, types.FunctionType) else type(value)
        name = value.__name__ if is_a(value, types.ModuleType) else kind.__module__
        # what a user's module holds is looked at there, whatever its type
        return not self._code.owns_module(name) and is_a(value, types.ModuleType, types.FunctionType, type)


def _is_code_of(value: Any, code: UserCode) -> bool:
    return is_a(value, types.FunctionType, type) and code.owns_module(value.__module__)


def _set_in(definition: Definition) -> Iterator[ast.Attribute | ast.Subscript]:
    for one in ast.walk(definition):
        if isinstance(one, ast.Attribute | ast.Subscript) and isinstance(one.ctx, ast.Store | ast.Del):
            yield one


def _functions_of(value: Any) -> list[types.FunctionType]:
    if is_a(value, types.FunctionType):
        return [value]
    kind = value if is_a(value, type) else type(value)
    found = [vars(one).get(name) for one in type.__getattribute__(kind, "__mro__") for name in _RUN_WHEN_CALLED]
    return [one for one in found if isinstance(one, types.FunctionType)]
