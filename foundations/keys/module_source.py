"""Source files, parsed: their top-level statements, and the lines of each definition."""

import ast
import linecache
import os
import re
import types
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from foundations.keys.parsing import parsed

_LONGEST = 20_000
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_DEFINES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class ModuleSource:
    """A module's file."""

    statements: list[ast.stmt]
    text: str
    ends: dict[int, int] = field(default_factory=dict)
    places: dict[str, tuple[int, int]] = field(default_factory=dict)
    definitions: dict[int, Definition] = field(default_factory=dict)

    @cached_property
    def _lines(self) -> list[str]:
        return self.text.splitlines(keepends=True)

    def between(self, first: int, last: int) -> str:
        """Return some lines as they stand."""
        return "".join(self._lines[first - 1 : last])[:_LONGEST]

    def mentions(self, words: re.Pattern[str]) -> bool:
        """Tell whether names may stand in it, which Python knows in other letters than those of ASCII too."""
        return not self.text.isascii() or words.search(self.text) is not None

    def of(self, statements: Iterable[ast.stmt]) -> str:
        """Return some statements as they stand, those at the same place once."""
        places = dict.fromkeys((one.lineno, one.end_lineno or one.lineno) for one in statements)
        return "\n".join(self.between(*place) for place in places)[:_LONGEST]


class Sources:
    """The files that have been read."""

    def __init__(self) -> None:
        self._known: dict[str, ModuleSource | None] = {}

    def of(self, file: str) -> ModuleSource | None:
        """Return a file, parsed, or None for what is no Python."""
        if file not in self._known:
            self._known[file] = _parsed(file)
        return self._known[file]

    def of_code(self, code: types.CodeType) -> str | None:
        """Return the lines of a function, or of the file that a driver's code brought along."""
        module = self.of(code.co_filename) if os.path.isabs(code.co_filename) else None
        first = code.co_firstlineno
        if module is not None and first in module.ends:
            return module.between(first, module.ends[first])
        lines = linecache.getlines(code.co_filename)
        last = max((line for _, _, line in code.co_lines() if line), default=first)
        return "".join(lines[first - 1 : last])[:_LONGEST] or None

    def of_class(self, file: str | None, qualname: str) -> str | None:
        """Return the lines of a class."""
        module = self.of(file) if file else None
        place = module.places.get(qualname) if module is not None else None
        return module.between(*place) if module is not None and place else None


def _parsed(file: str) -> ModuleSource | None:
    try:
        with open(file, "rb") as opened:
            data = opened.read()
        tree = parsed(data)
        text = data.decode("utf-8", "replace")
    except (OSError, SyntaxError, ValueError, RecursionError):
        return None
    found = ModuleSource(tree.body, text)
    _index(found, tree.body, "")
    return found


def _index(source: ModuleSource, body: Iterable[ast.AST], prefix: str) -> None:
    for statement in body:
        if isinstance(statement, _DEFINES):
            first = min([statement.lineno, *(one.lineno for one in statement.decorator_list)])
            last = statement.end_lineno or first
            source.ends[first] = last
            source.definitions[first] = statement
            source.places[f"{prefix}{statement.name}"] = first, last
            inside = "" if isinstance(statement, ast.ClassDef) else "<locals>."
            _index(source, statement.body, f"{prefix}{statement.name}.{inside}")
        elif isinstance(statement, _HOLDS):
            _index(source, bodies_of(statement), prefix)


_HOLDS = (ast.If, ast.Try, ast.With, ast.For, ast.While, ast.AsyncWith, ast.AsyncFor)


def bodies_of(statement: ast.AST) -> list[ast.stmt]:
    """Return the statements that stand below a compound one, whichever of its parts they are in."""
    found: list[ast.stmt] = []
    for name in ("body", "orelse", "finalbody"):
        found += getattr(statement, name, [])
    for handler in getattr(statement, "handlers", []):
        found += handler.body
    for case in getattr(statement, "cases", []):
        found += case.body
    return found
