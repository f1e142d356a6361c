"""Modules that a function imports and nothing has imported yet: by their files, name by name.

They are not imported here: when that happens, and what is set by then, is the stage's own affair.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial

from foundations.keys.coarse import code_text, statement_text
from foundations.keys.effects import Effects, is_main, is_type_checking
from foundations.keys.library import needs_all
from foundations.keys.module_source import ModuleSource, Sources, bodies_of
from foundations.keys.modules import MISSING, Unloaded, attribute, imported_name, module_named, parents
from foundations.keys.nodes import Node, of_text
from foundations.keys.reach import Reach

_DYNAMIC = frozenset(
    {"eval", "exec", "globals", "__import__", "importlib", "import_module", "vars", "pkgutil", "runpy"}
)
_FILES = frozenset({"__file__", "__path__"})
_DEFINES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass
class _Slice:
    """The statements of a module that a name needs, and what these take from other modules."""

    statements: dict[int, ast.stmt] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)


def expand_unloaded(reach: Reach, node: Node, sources: Sources) -> None:
    """Give the node of a module that is not loaded, or of one of its names, what its file says of it."""
    module, name = node.subject
    source = sources.of(module.file)
    if source is None:
        node.local = of_text("file", code_text(module.file))
        node.covers = ((module.file, "*"),)
        return
    found = _sliced(reach, source, name)
    words = [statement_text(one) for one in found.statements.values()]
    _add_imports(reach, node, module, source, found)
    node.local = of_text("not loaded", name or "", *words)
    node.file = reach.code.relative(module.file)
    node.source = partial(source.of, list(found.statements.values()))
    node.covers = tuple((module.file, word) for word in ("<module>", *_bound_by(found.statements.values())))
    if not found.names.isdisjoint(_DYNAMIC):
        node.explain(
            f"{node.name} is not loaded yet and uses {min(found.names & _DYNAMIC)}, {needs_all('builtins.eval')}"
        )
        node.children.append(reach.refer_everything())
    if not found.names.isdisjoint(_FILES):
        node.children.append(reach.refer_data_files())


def _sliced(reach: Reach, source: ModuleSource, name: str | None) -> _Slice:
    """Return what a name needs of a module: what defines it and what that names, and all that has an effect."""
    effects = Effects(None, reach.code)
    found = _Slice()
    needed = {"__getattr__"} if name is None else {name, "__getattr__"}
    while True:
        for place, one in enumerate(source.statements):
            if place in found.statements or _is_nothing(one):
                continue
            if name is None or not needed.isdisjoint(_bound_by([one])) or effects.has(one) or _takes_all(one):
                found.statements[place] = one
        names = {word for one in found.statements.values() for word in _names_in(one)}
        if names <= found.names and names <= needed:
            break
        found.names |= names
        needed |= names
    found.statements = dict(sorted(found.statements.items()))
    return found


def _add_imports(reach: Reach, node: Node, module: Unloaded, source: ModuleSource, found: _Slice) -> None:
    is_package = module.file is not None and module.file.endswith("__init__.py")
    package = module.name if is_package else module.name.rpartition(".")[0]
    inside = [
        *found.statements.values(),
        *(one for one in source.statements if isinstance(one, ast.Import | ast.ImportFrom)),
    ]
    seen: set[tuple[str, str | None]] = set()
    for one in inside:
        for each in _imports_in(one):
            for name, taken in _taken(each, package):
                if (name, taken) not in seen:
                    seen.add((name, taken))
                    used = one in found.statements.values() or each is not one
                    _add_import(reach, node, name, taken if used else "")


def _add_import(reach: Reach, node: Node, name: str, taken: str | None) -> None:
    target = module_named(name, reach.code)
    effects = reach.refer_effects(target)
    if effects is not None:
        node.children.append(effects)
    if taken == "":
        return
    value = attribute(target, taken, reach.code) if taken is not None else target
    if isinstance(target, Unloaded) and target.file is not None:
        value = value if isinstance(value, Unloaded) else target
        inner = None if value is not target else taken
        node.children.append(reach.refer_inside(node, value, inner))
    elif isinstance(value, Unloaded):
        if value.file is not None:
            node.children.append(reach.refer_inside(node, value, None))
    elif value is not MISSING and reach.code.owns_module(name):
        node.children.append(reach.refer(node, value, f"{name}.{taken}" if taken else name))
    else:
        node.children.append(reach.refer_library(node, f"{name}.{taken}" if taken else name, value))


def _taken(one: ast.Import | ast.ImportFrom, package: str) -> Iterator[tuple[str, str | None]]:
    if isinstance(one, ast.Import):
        for alias in one.names:
            yield from ((above, "") for above in parents(alias.name))
            yield alias.name, None
        return
    name = imported_name(one.module or "", one.level, package)
    if name is not None:
        yield from ((above, "") for above in parents(name))
        yield from ((name, None if alias.name == "*" else alias.name) for alias in one.names)


def _imports_in(statement: ast.stmt) -> Iterable[ast.Import | ast.ImportFrom]:
    return [one for one in ast.walk(statement) if isinstance(one, ast.Import | ast.ImportFrom)]


def _bound_by(statements: Iterable[ast.stmt]) -> set[str]:
    """Return the names that statements of a module's top level define."""
    found: set[str] = set()
    for one in statements:
        if isinstance(one, _DEFINES):
            found.add(one.name)
        elif isinstance(one, ast.Import | ast.ImportFrom):
            found.update((alias.asname or alias.name).partition(".")[0] for alias in one.names)
        else:
            found.update(
                each.id for each in ast.walk(one) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
            )
            found |= _bound_by(bodies_of(one))
    return found


def _names_in(statement: ast.stmt) -> set[str]:
    names = {one.id for one in ast.walk(statement) if isinstance(one, ast.Name)}
    return names | {one.attr for one in ast.walk(statement) if isinstance(one, ast.Attribute) and one.attr in _DYNAMIC}


def _takes_all(one: ast.stmt) -> bool:
    return isinstance(one, ast.ImportFrom) and any(alias.name == "*" for alias in one.names)


def _is_nothing(one: ast.stmt) -> bool:
    if isinstance(one, ast.If):
        return (is_main(one.test) or is_type_checking(one.test)) and not one.orelse
    return isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant)
