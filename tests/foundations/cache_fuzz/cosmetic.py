"""Edits that change nothing but how a program is written: each leaves its answer, and its key, as they were."""

import ast
import copy
import random
from collections.abc import Callable
from dataclasses import replace

from foundations.keys.parsing import parsed
from tests.foundations.cache_fuzz.growing import add_unused
from tests.foundations.cache_fuzz.program import MODULES, Definition, Program


def _comment(program: Program, chance: random.Random) -> Program:
    one = chance.choice(program.definitions)
    return program.with_one(replace(one, comment=f"# note {chance.randrange(1000)}\n" * chance.randrange(1, 4)))


def _blank_lines(program: Program, chance: random.Random) -> Program:
    one = chance.choice(program.definitions)
    return program.with_one(replace(one, comment=one.comment + "\n" * chance.randrange(1, 5)))


def _module_docstring(program: Program, chance: random.Random) -> Program:
    place = chance.randrange(len(MODULES))
    return replace(program, docstrings={**program.docstrings, place: f"Note {chance.randrange(1000)}."})


def _docstring(program: Program, chance: random.Random) -> Program | None:
    def add(function: ast.FunctionDef) -> None:
        if ast.get_docstring(function) is not None:
            function.body.pop(0)
        function.body.insert(0, ast.Expr(ast.Constant(f"Note {chance.randrange(1000)}.")))

    return _with_function(program, chance, add)


def _annotation(program: Program, chance: random.Random) -> Program | None:
    def annotate(function: ast.FunctionDef) -> None:
        function.returns = ast.Name(chance.choice(("int", "float", "object")))

    return _with_function(program, chance, annotate)


def _local_renamed(program: Program, chance: random.Random) -> Program | None:
    """Rename the local variables of a function that holds no other."""

    def rename(function: ast.FunctionDef) -> None:
        if any(isinstance(node, ast.FunctionDef | ast.Lambda) for node in ast.walk(function) if node is not function):
            return
        fresh = f"l{chance.randrange(100, 999)}_"
        for node in ast.walk(function):
            if isinstance(node, ast.Name) and node.id.startswith("l") and node.id[1:2].isdigit():
                node.id = fresh + node.id[1]

    return _with_function(program, chance, rename)


def _with_function(
    program: Program, chance: random.Random, change: Callable[[ast.FunctionDef], None]
) -> Program | None:
    functions = [one for one in program.definitions if one.is_plain_function]
    one = chance.choice(functions)
    tree = copy.deepcopy(parsed(one.text))
    function = tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    change(function)
    return program.with_one(replace(one, text=ast.unparse(ast.fix_missing_locations(tree))))


def _renamed(program: Program, chance: random.Random) -> Program | None:
    """Rename a function or a constant; a class counts by its name."""
    one = chance.choice(program.definitions)
    if one.kind not in ("function", "value") or one.name in ("entry", "len"):
        return None
    return program.with_one(replace(one, name=f"{one.kind[0]}{one.number}_{chance.randrange(1000, 9999)}"))


def _function_moved(program: Program, chance: random.Random) -> Program | None:
    """Move a function that nothing needs at import to a module that everything of it can be imported from."""
    eager = program.eager()
    free = [one for one in program.definitions if one.is_plain_function and one.number not in eager]
    free = [one for one in free if one.name not in ("entry", "len")]
    return moved(program, chance.choice(free), chance) if free else None


def moved(program: Program, one: Definition, chance: random.Random) -> Program | None:
    users = [other.module for other in program.definitions if one.number in other.references]
    needed = [program[number].module for number in one.references]
    places = range(max(users, default=0), min(needed, default=len(MODULES) - 1) + 1)
    others = [place for place in places if place != one.module]
    return program.with_one(replace(one, module=chance.choice(others))) if others else None


def _function_reordered(program: Program, chance: random.Random) -> Program | None:
    """Move a function that nothing needs at import to another place in its module."""
    eager = program.eager()
    free = [one for one in program.definitions if one.is_plain_function and one.number not in eager]
    one = chance.choice(free)
    return program.with_one(replace(one, position=chance.uniform(-1, len(program.definitions))))


def _unused_edited(program: Program, chance: random.Random) -> Program | None:
    """Change a function that nothing reaches."""
    used = program.reachable() | program.eager()
    unused = [one for one in program.definitions if one.is_plain_function and one.number not in used]
    unused = [one for one in unused if one.name != "len"]
    if not unused:
        return None
    one = chance.choice(unused)
    return program.with_one(replace(one, text=one.text.replace("return ", f"return {chance.randrange(99)} - ", 1)))


COSMETIC: dict[str, Callable[[Program, random.Random], Program | None]] = {
    "comment": _comment,
    "blank lines": _blank_lines,
    "module docstring": _module_docstring,
    "docstring": _docstring,
    "annotation": _annotation,
    "local renamed": _local_renamed,
    "renamed": _renamed,
    "function moved": _function_moved,
    "function reordered": _function_reordered,
    "unused function added": add_unused,
    "unused function edited": _unused_edited,
}
TEXT_ONLY = frozenset({"comment", "blank lines", "module docstring", "docstring", "annotation"})
