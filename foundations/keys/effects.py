"""Which statements of a module's top level do more than define names that one can look at afterwards."""

import ast
import builtins
import re
import types
from collections.abc import Iterable, Mapping
from typing import Any

from foundations.keys.library import is_a
from foundations.keys.module_source import bodies_of
from foundations.keys.modules import MISSING
from foundations.keys.user_code import UserCode

# names of what changes a library's state, and returns something that may be assigned
_CHANGES = re.compile(
    r"(set(?!$)|seed|manual_seed|use_|use$|enable|disable|register|init|config|basic_?config|patch|install|setup|"
    r"load_dotenv|activate|start|add_|push|update_|putenv|chdir|insert$|append$|extend$|filterwarnings|simplefilter|"
    r"environ$|monkey|option|hook)",
    re.IGNORECASE,
)
_REGISTERS = re.compile(
    r"register|route|command|listen|subscribe|connect|handler|hook|implements|callback|receiver|task|accessor|expose",
    re.IGNORECASE,
)
_NOTHING = (ast.Import, ast.ImportFrom, ast.Pass, ast.Global, ast.Nonlocal, ast.Assert)
_DEFINES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_PLAIN = (dict, list, set)


class Effects:
    """Tells for the statements of one module; `namespace` is what the module holds, None while it is not loaded."""

    def __init__(self, namespace: Mapping[str, Any] | None, code: UserCode) -> None:
        self._namespace, self._code = namespace, code

    def among(self, statements: Iterable[ast.stmt]) -> list[ast.stmt]:
        """Return the statements that have an effect."""
        return [statement for statement in statements if self.has(statement)]

    def has(self, statement: ast.stmt) -> bool:
        """Tell whether a statement has an effect beside the names that it defines."""
        if isinstance(statement, _NOTHING) or type(statement).__name__ == "TypeAlias":
            return False
        if isinstance(statement, ast.Expr):
            return not isinstance(statement.value, ast.Constant)
        if isinstance(statement, ast.Delete):
            return not all(isinstance(target, ast.Name) for target in statement.targets)
        if isinstance(statement, ast.ClassDef) and any(map(_is_call, statement.body)):
            return True
        if isinstance(statement, _DEFINES):
            return any(self._registers(one) for one in statement.decorator_list)
        if isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
            return self._assigns(statement)
        if isinstance(statement, ast.If):
            return self._chooses(statement)
        if isinstance(statement, ast.Try):
            return any(map(self.has, bodies_of(statement)))
        return True

    def _chooses(self, statement: ast.If) -> bool:
        if is_main(statement.test):
            return any(map(self.has, statement.orelse))
        if is_type_checking(statement.test):
            return any(map(self.has, statement.orelse))
        return self._evaluates(statement.test) or any(map(self.has, bodies_of(statement)))

    def _assigns(self, statement: ast.Assign | ast.AnnAssign | ast.AugAssign) -> bool:
        if statement.value is not None and self._evaluates(statement.value):
            return True
        if isinstance(statement, ast.AnnAssign) and statement.value is None:
            return False
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        return any(map(self._changes_library, targets))

    def _changes_library(self, target: ast.expr) -> bool:
        if isinstance(target, ast.Tuple | ast.List):
            return any(map(self._changes_library, target.elts))
        if isinstance(target, ast.Starred):
            return self._changes_library(target.value)
        if not isinstance(target, ast.Attribute | ast.Subscript):
            return False
        changed = self._value(target.value)
        if type(changed) in _PLAIN:
            root = self._value(_root(target.value))
            return is_a(root, types.ModuleType) and not self._code.owns_module(root.__name__)
        return not self._is_users(changed)

    def _evaluates(self, expression: ast.expr) -> bool:
        return any(isinstance(one, ast.Call) and self._call_changes(one.func) for one in ast.walk(expression))

    def _call_changes(self, function: ast.expr) -> bool:
        value = self._value(function)
        if self._is_users(value):
            return reaches_changes(value, self._code)
        if value is MISSING and self._namespace is None and isinstance(function, ast.Name):
            return function.id not in _BUILTINS
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        return _CHANGES.match(name) is not None

    def _registers(self, decorator: ast.expr) -> bool:
        function = decorator.func if isinstance(decorator, ast.Call) else decorator
        value = self._value(function)
        if self._is_users(value):
            return reaches_changes(value, self._code)
        if value is MISSING and self._namespace is None:
            return not _is_known_decorator(function)
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        root = self._value(_root(function))
        # what a user's own object is asked to register is found in that object
        return _REGISTERS.search(name) is not None and not self._is_users(root) and not _is_generic(root)

    def _is_users(self, value: Any) -> bool:
        if value is MISSING:
            return False
        if is_a(value, types.ModuleType):
            return self._code.owns_module(value.__name__)
        kind = value if is_a(value, type, types.FunctionType) else type(value)
        return self._code.owns_module(kind.__module__)

    def _value(self, expression: ast.expr) -> Any:
        """Return what a name stands for, through modules and classes; MISSING where that can't be told."""
        if isinstance(expression, ast.Name):
            return (self._namespace or {}).get(expression.id, MISSING)
        if not isinstance(expression, ast.Attribute):
            return MISSING
        holder = self._value(expression.value)
        if is_a(holder, types.ModuleType, type):
            return vars(holder).get(expression.attr, MISSING)
        return MISSING


def _is_call(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)


def reaches_changes(value: Any, code: UserCode) -> bool:
    """Tell whether a function of the user's, or what it calls, names something that may change a library's state."""
    seen: set[int] = set()
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        for function in _functions_of(one):
            names = set(_names_in(function.__code__))
            if any(_CHANGES.match(name) for name in names):
                return True
            below = (function.__globals__.get(name) for name in names)
            waiting += [each for each in below if _is_code(each) and code.owns_module(each.__module__)]
    return False


def _is_code(value: Any) -> bool:
    return is_a(value, types.FunctionType, type)


def is_main(test: ast.expr) -> bool:
    """Tell whether a condition asks for the module to be the program."""
    return isinstance(test, ast.Compare) and "'__name__'" in ast.dump(test) and "'__main__'" in ast.dump(test)


def is_type_checking(test: ast.expr) -> bool:
    """Tell whether a condition asks for a type checker."""
    return getattr(test, "id", getattr(test, "attr", None)) == "TYPE_CHECKING"


def _functions_of(value: Any) -> list[types.FunctionType]:
    if is_a(value, types.FunctionType):
        return [value]
    kind = value if is_a(value, type) else type(value)
    names = ("__init__", "__new__", "__post_init__", "__init_subclass__", "__call__")
    found = [vars(one).get(name) for one in kind.__mro__ for name in names]
    return [one for one in found if isinstance(one, types.FunctionType)]


def _names_in(code: types.CodeType) -> Iterable[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names_in(constant)


def _root(expression: ast.expr) -> ast.expr:
    while isinstance(expression, ast.Attribute | ast.Subscript | ast.Call):
        expression = expression.func if isinstance(expression, ast.Call) else expression.value
    return expression


def _is_generic(value: Any) -> bool:
    return is_a(value, types.FunctionType) and hasattr(value, "registry")


def _is_known_decorator(function: ast.expr) -> bool:
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name in _KNOWN_DECORATORS


_KNOWN_NAMES = """
dataclass wraps lru_cache cache cached_property total_ordering singledispatch contextmanager staticmethod
classmethod property abstractmethod unique final overload njit jit no_grad
"""
_KNOWN_DECORATORS = frozenset(_KNOWN_NAMES.split())
_BUILTINS = frozenset(dir(builtins))
