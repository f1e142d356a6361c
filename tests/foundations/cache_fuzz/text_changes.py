"""Changes of one place in a definition's text: a number, an operator, a name, an attribute, a base, a decorator."""

import ast
import random
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace

from foundations.keys.parsing import parsed
from tests.foundations.cache_fuzz.program import Definition, Program

_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.BitXor)
_COMPARISONS = (ast.Eq, ast.NotEq, ast.Lt, ast.GtE, ast.In, ast.NotIn)
_BUILTINS = ("sum", "len", "max", "min", "int", "float", "abs", "list", "tuple", "sorted")
_ATTRIBUTES = ("a", "b", "m", "n", "p", "k", "s", "v", "f")


def change_text(program: Program, chance: random.Random) -> Program | None:
    """Change one place of the text of a definition, more often of one that is reached."""
    reached = sorted(program.reachable())
    one = chance.choice([program[number] for number in reached] if chance.random() < 0.9 else program.definitions)
    tree = parsed(one.text)
    places = list(_places(tree, program, one, chance))
    if not places:
        return None
    chance.choice(places)()
    try:
        text = ast.unparse(ast.fix_missing_locations(tree))
        with warnings.catch_warnings(action="ignore"):  # Python has its doubts about some, and they may stay
            compile(text, "edited", "exec")
    except (SyntaxError, ValueError):
        return None
    return program.with_one(replace(one, text=text))


def _places(
    tree: ast.Module, program: Program, one: Definition, chance: random.Random
) -> Iterator[Callable[[], object]]:
    """Yield a change for each place of a tree that can be changed."""
    for node in ast.walk(tree):
        yield from _changes_of_values(node, chance)
        yield from _changes_of_names(node, program, one, chance)
        yield from _changes_of_definitions(node, chance)


def _changes_of_values(node: ast.AST, chance: random.Random) -> Iterator[Callable[[], object]]:
    match node:
        case ast.Constant(value=bool() | None):
            pass
        case ast.Constant(value=int() as value):
            yield lambda: setattr(node, "value", _other_number(value, chance))
        case ast.Constant(value=str() as text) if text and "_of_" not in text:
            yield lambda: setattr(node, "value", text[:-1] + chance.choice("abc"))
        case ast.BinOp():
            yield lambda: setattr(node, "op", chance.choice(_OPERATORS)())
            yield lambda: _swap(node, "left", "right")
        case ast.Compare():
            yield lambda: setattr(node, "ops", [chance.choice(_COMPARISONS)()])
        case ast.Tuple(elts=[_, _, *_] as parts) | ast.List(elts=[_, _, *_] as parts):
            yield parts.reverse
        case ast.Dict(keys=[_, _, *_]):
            yield lambda: (node.keys.reverse(), node.values.reverse())


def _changes_of_names(
    node: ast.AST, program: Program, one: Definition, chance: random.Random
) -> Iterator[Callable[[], object]]:
    match node:
        case ast.If(test=test):
            yield lambda: setattr(node, "test", ast.UnaryOp(ast.Not(), test))
        case ast.Name(id=name, ctx=ast.Load()) if name.startswith("ref_"):
            yield lambda: setattr(node, "id", _other_reference(program, one, name, chance))
        case ast.Name(id=name) if name in _BUILTINS:
            yield lambda: setattr(node, "id", chance.choice(_BUILTINS))
        case ast.Attribute(attr=name) if name in _ATTRIBUTES:
            yield lambda: setattr(node, "attr", chance.choice(_ATTRIBUTES))


def _changes_of_definitions(node: ast.AST, chance: random.Random) -> Iterator[Callable[[], object]]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        if node.decorator_list:
            yield lambda: node.decorator_list.pop(chance.randrange(len(node.decorator_list)))
        if len(node.body) > 1:
            yield lambda: node.body.pop(chance.randrange(len(node.body)))
    if isinstance(node, ast.ClassDef):
        if len(node.bases) > 1:
            yield node.bases.reverse
        number = chance.randrange(20)
        for text in (f"a = {number}", f"def m(self, x):\n    return x + {number}", f"p = {number}"):
            yield lambda text=text: node.body.append(parsed(text).body[0])
    if isinstance(node, ast.FunctionDef) and len(node.args.args) > 1 and not node.args.defaults:
        yield node.args.args.reverse


def _other_number(value: int, chance: random.Random) -> object:
    return chance.choice([value + 1, value - 1, value + 2, float(value), value == 1 or value + 3])


def _swap(node: ast.AST, first: str, second: str) -> None:
    one, other = getattr(node, first), getattr(node, second)
    setattr(node, first, other)
    setattr(node, second, one)


def _other_reference(program: Program, one: Definition, name: str, chance: random.Random) -> str:
    """Return what stands for another definition that can be used as this one is, further down the program."""
    now = program[int(name.split("_")[1])]
    fitting = [
        other
        for other in program.definitions[: one.number]
        if other.kind == now.kind and other.module >= one.module and bool(other.uses) == bool(now.uses)
    ]
    return f"ref_{chance.choice(fitting).number}_" if fitting else name
