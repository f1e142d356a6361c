"""What importing a module does beside defining names, the module's own imports included."""

import ast
import os
import re
import sys
import types
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from foundations.keys.changing import Changing
from foundations.keys.code_reader import CodeReader
from foundations.keys.effects import Effects, is_main, is_type_checking
from foundations.keys.module_source import Sources, bodies_of
from foundations.keys.modules import imported_name, package_of, parents
from foundations.keys.nodes import Node, of_text
from foundations.keys.reach import Reach
from foundations.keys.user_code import UserCode
from foundations.keys.variables_at_import import variables_asked_for

_DYNAMIC = frozenset({"importlib", "import_module", "pkgutil", "__import__", "iter_modules", "walk_packages"})
# in ASCII they stand as they are, but for files in an encoding of their own
_DYNAMIC_NAMES = re.compile("|".join([*sorted(_DYNAMIC), "coding[:=]"]))
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class TopLevels:
    """The top levels of the user's modules that are loaded."""

    def __init__(self, code: UserCode, sources: Sources, wait: Callable[[Node], Node]) -> None:
        self._code, self._sources, self._wait = code, sources, wait
        self._changing = Changing(code, sources)
        self._own: dict[str, tuple[types.ModuleType, Node | None]] = {}
        self._imports: dict[str, list[str]] = {}
        self._whole: dict[str, Node | None] = {}

    def of(self, module: types.ModuleType) -> Node | None:
        """Return the node of all that importing a module does, None where it only defines names."""
        name = module.__name__
        if name not in self._whole:
            nodes = [node for one in self._executed(module) if (node := self._residue(one)) is not None]
            whole = Node("top level", f"imports of {name}", local=of_text("imports"), shown=False) if nodes else None
            if whole is not None:
                whole.children.extend(nodes)
            self._whole[name] = whole
        return self._whole[name]

    def _executed(self, module: types.ModuleType) -> Iterator[types.ModuleType]:
        """Yield the user's modules that an import executes, in the order in which their top levels end."""
        seen: set[str] = set()
        stack: list[tuple[types.ModuleType, Iterator[str]]] = []

        def enter(name: str) -> None:
            one = sys.modules.get(name)
            if name not in seen and isinstance(one, types.ModuleType) and name != "__main__":
                seen.add(name)
                if self._code.owns_module(name):
                    stack.append((one, iter(self._imported(one))))

        enter(module.__name__)
        while stack:
            one, names = stack[-1]
            name = next(names, None)
            if name is None:
                yield one
                stack.pop()
            else:
                enter(name)

    def _imported(self, module: types.ModuleType) -> list[str]:
        name = module.__name__
        if name not in self._imports:
            source = self._sources.of(_file(module))
            found = list(parents(name))
            if source is not None:
                found += _imports_among(source.statements, package_of(vars(module)))
                if source.mentions(_DYNAMIC_NAMES) and _is_dynamic(source.statements):
                    found += sorted(one for one in sys.modules if one.startswith(f"{name}."))
            self._imports[name] = found
        return self._imports[name]

    def _residue(self, module: types.ModuleType) -> Node | None:
        """Return the node for a module's own statements, without what it imports."""
        known = self._own.get(module.__name__)
        if known is None or known[0] is not module:
            known = self._own[module.__name__] = module, self._read(module)
        return known[1]

    def _read(self, module: types.ModuleType) -> Node | None:
        source = self._sources.of(_file(module))
        if source is None:
            return None
        statements = Effects(vars(module), self._code, self._changing).among(source.statements)
        if not statements:
            return None
        node = Node("top level", f"top level of {module.__name__}", subject=(module, statements), lenient=True)
        node.file, node.source = self._code.relative(_file(module)), partial(source.of, statements)
        return self._wait(node)


def expand_top_level(reach: Reach, node: Node) -> None:
    """Give the node of a module's top level what its statements say and refer to."""
    module, statements = node.subject
    tree = ast.Module(body=list(statements), type_ignores=[])
    namespace = vars(module)
    code = compile(tree, _file(module), "exec", dont_inherit=True)
    CodeReader(reach, node, namespace, {}).read(code)
    # these run when the module is imported, and what they would refuse has happened by then
    node.refused, node.coarse = None, ()
    node.local = of_text(node.local.hex(), *variables_asked_for(code, namespace, reach.code))
    node.codes = node.codes[1:]  # functions that it defines; its own code never runs again


def _imports_among(statements: Iterable[ast.stmt], package: str | None) -> Iterator[str]:
    for one in statements:
        if isinstance(one, ast.Import):
            yield from (name for alias in one.names for name in (*parents(alias.name), alias.name))
        elif isinstance(one, ast.ImportFrom):
            name = imported_name(one.module or "", one.level, package)
            if name is not None:
                yield from (*parents(name), name)
                yield from (f"{name}.{alias.name}" for alias in one.names)
        elif isinstance(one, ast.If) and (is_main(one.test) or is_type_checking(one.test)):
            yield from _imports_among(one.orelse, package)
        elif not isinstance(one, _FUNCTIONS):
            yield from _imports_among(bodies_of(one), package)


def _is_dynamic(statements: Iterable[ast.stmt]) -> bool:
    return any(
        getattr(one, "id", getattr(one, "attr", None)) in _DYNAMIC
        for statement in statements
        if not isinstance(statement, (*_FUNCTIONS, ast.Import, ast.ImportFrom))
        for one in ast.walk(statement)
    )


def _file(module: types.ModuleType) -> str:
    file = vars(module).get("__file__")
    return os.path.abspath(file) if isinstance(file, str) else ""
