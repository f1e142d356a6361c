"""Which statements of a module's top level do more than define names that one can look at afterwards."""

import ast
import builtins
import types
from collections.abc import Iterable, Mapping
from typing import Any

from foundations.keys.change_names import CHANGES, REGISTERS
from foundations.keys.changing import Changing, method_of, root_of, value_of
from foundations.keys.library import is_a
from foundations.keys.module_source import Sources, bodies_of
from foundations.keys.modules import MISSING
from foundations.keys.user_code import UserCode

_NOTHING = (ast.Import, ast.ImportFrom, ast.Pass, ast.Global, ast.Nonlocal, ast.Assert)
_DEFINES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_PLAIN = (dict, list, set)


class Effects:
    """Tells for the statements of one module; `namespace` is what the module holds, None while it is not loaded."""

    def __init__(self, namespace: Mapping[str, Any] | None, code: UserCode, changing: Changing | None = None) -> None:
        self._namespace, self._code = namespace, code
        self._changing = changing or Changing(code, Sources())

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
        if isinstance(statement, ast.ClassDef):
            return any(map(self._registers, statement.decorator_list)) or any(map(self._has_in_class, statement.body))
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            given = _defaults(statement)
            return any(map(self._registers, statement.decorator_list)) or any(map(self._evaluates, given))
        if isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
            return self._assigns(statement)
        if isinstance(statement, ast.If):
            return self._chooses(statement)
        if isinstance(statement, ast.Try):
            return any(map(self.has, bodies_of(statement)))
        return True

    def _has_in_class(self, statement: ast.stmt) -> bool:
        """Tell whether a statement of a class's body has an effect; what a library's class is given stays in there."""
        if self._namespace is None:
            return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            # a name of the class's own, such as a method's `register`, leads to what the class holds
            outer = [one for one in statement.decorator_list if self._value(root_of(one)) is not MISSING]
            return any(map(self._registers, outer)) or any(map(self._evaluates, _defaults(statement)))
        if isinstance(statement, ast.Assign | ast.AnnAssign) and isinstance(statement.value, ast.Call):
            name = _name_of(statement.value.func)
            if name[:1].isupper() and not self._is_users(self._value(statement.value.func)):
                return False
        return self.has(statement)

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
            root = self._value(root_of(target.value))
            return is_a(root, types.ModuleType) and not self._code.owns_module(root.__name__)
        return not self._is_users(changed)

    def _evaluates(self, expression: ast.expr) -> bool:
        if isinstance(expression, ast.Constant | ast.Name):  # as most are
            return False
        return any(isinstance(one, ast.Call) and self._call_changes(one.func) for one in ast.walk(expression))

    def _call_changes(self, function: ast.expr) -> bool:
        value = self._value(function)
        if self._is_users(value):
            return self._changing.reached_by(value)
        if value is MISSING and self._namespace is None and isinstance(function, ast.Name):
            return function.id not in _BUILTINS
        root = self._value(root_of(function))
        method = method_of(root, _name_of(function)) if self._is_users(root) else None
        if method is not None:
            return self._changing.reached_by(method)
        return CHANGES.match(_name_of(function)) is not None

    def _registers(self, decorator: ast.expr) -> bool:
        function = decorator.func if isinstance(decorator, ast.Call) else decorator
        value = self._value(function)
        if self._is_users(value):
            return self._changing.reached_by(value)
        if value is MISSING and self._namespace is None:
            return not _is_known_decorator(function)
        name = _name_of(function)
        root = self._value(root_of(function))
        # what a user's own object is asked to register is found in that object
        return REGISTERS.search(name) is not None and not self._is_users(root) and not _is_generic(root)

    def _is_users(self, value: Any) -> bool:
        if value is MISSING:
            return False
        if is_a(value, types.ModuleType):
            return self._code.owns_module(value.__name__)
        kind = value if is_a(value, type, types.FunctionType) else type(value)
        return self._code.owns_module(kind.__module__)

    def _value(self, expression: ast.expr) -> Any:
        """Return what a name stands for, through modules and classes; MISSING where that can't be told."""
        return value_of(expression, self._namespace or {})


def is_main(test: ast.expr) -> bool:
    """Tell whether a condition asks for the module to be the program."""
    return isinstance(test, ast.Compare) and "'__name__'" in ast.dump(test) and "'__main__'" in ast.dump(test)


def is_type_checking(test: ast.expr) -> bool:
    """Tell whether a condition asks for a type checker."""
    return getattr(test, "id", getattr(test, "attr", None)) == "TYPE_CHECKING"


def _is_generic(value: Any) -> bool:
    return is_a(value, types.FunctionType) and hasattr(value, "registry")


def _is_known_decorator(function: ast.expr) -> bool:
    return _name_of(function) in _KNOWN_DECORATORS


def _defaults(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.expr]:
    return [one for one in (*function.args.defaults, *function.args.kw_defaults) if one is not None]


def _name_of(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else str(getattr(function, "id", ""))


_KNOWN_NAMES = """
dataclass wraps lru_cache cache cached_property total_ordering singledispatch contextmanager staticmethod
classmethod property abstractmethod unique final overload njit jit no_grad
"""
_KNOWN_DECORATORS = frozenset(_KNOWN_NAMES.split())
_BUILTINS = frozenset(dir(builtins))
