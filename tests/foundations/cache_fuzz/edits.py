"""Random edits of a random program: some that may change what it computes, and some that change nothing at all."""

import ast
import copy
import random
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from tests.foundations.cache_fuzz.growing import add_unused
from tests.foundations.cache_fuzz.program import MODULES, Definition, Program, Style

_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.BitXor)
_COMPARISONS = (ast.Eq, ast.NotEq, ast.Lt, ast.GtE, ast.In, ast.NotIn)
_BUILTINS = ("sum", "len", "max", "min", "int", "float", "abs", "list", "tuple", "sorted")
_ATTRIBUTES = ("a", "b", "m", "n", "p", "k", "s", "v", "f")
_STYLES: tuple[Style, ...] = ("name", "alias", "module", "re-export")


@dataclass(frozen=True)
class Edit:
    """What a program has become, and whether no key may tell it from what it was."""

    name: str
    program: Program
    cosmetic: bool


def random_edit(program: Program, chance: random.Random) -> Edit:
    """Return a random edit of a program; three of four may change what it computes."""
    while True:
        draw = chance.random()
        name = "text" if draw < 0.55 else chance.choice(tuple(EDITS if draw < 0.75 else COSMETIC))
        edited = (COSMETIC.get(name) or EDITS[name])(program, chance)
        if edited is not None and edited.files() != program.files():
            alike = name in TEXT_ONLY or (program.quiet and _imported_alike(program, edited))
            return Edit(name, edited, cosmetic=name in COSMETIC and alike)


def _imported_alike(before: Program, after: Program) -> bool:
    """Tell whether each definition takes what it needs by name, or out of a module, as it did."""
    return all(
        _out_of_a_module(before, one.number) == _out_of_a_module(after, one.number) for one in before.definitions
    )


def _out_of_a_module(program: Program, user: int) -> set[int]:
    one = program[user]
    others = (number for number in one.references if program[number].module != one.module)
    return {number for number in others if program.style(one.module, number) == "module"}


Change = Callable[[Program, random.Random], Program | None]


# ------------------------------------------------------------------ what may change the answer
def _change_text(program: Program, chance: random.Random) -> Program | None:
    """Change one place of the text of a definition, more often of one that is reached."""
    reached = sorted(program.reachable())
    one = chance.choice([program[number] for number in reached] if chance.random() < 0.9 else program.definitions)
    tree = ast.parse(one.text)
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
            yield lambda text=text: node.body.append(ast.parse(text).body[0])
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


def _swap_bodies(program: Program, chance: random.Random) -> Program | None:
    """Let two functions of a kind change their names."""
    module = chance.randrange(len(MODULES))
    functions = [one for one in program.definitions if one.is_plain_function and one.module == module]
    functions = [one for one in functions if one.uses == ("OWN(ARG)",)]
    if len(functions) < 2:
        return None
    one, other = chance.sample(functions, 2)
    return program.with_one(replace(one, name=other.name)).with_one(replace(other, name=one.name))


def _import_otherwise(program: Program, chance: random.Random) -> Program | None:
    """Let a module import something in another way."""
    pairs = [
        (one.module, number)
        for one in program.definitions
        for number in sorted(one.references)
        if program[number].module != one.module
    ]
    if not pairs:
        return None
    return replace(program, styles={**program.styles, chance.choice(pairs): chance.choice(_STYLES)})


def _move_anything(program: Program, chance: random.Random) -> Program | None:
    """Move any definition to another module, whatever that does to what happens at import."""
    one = chance.choice([one for one in program.definitions if one.name != "entry"])
    return _moved(program, one, chance)


def _move_down(program: Program, chance: random.Random) -> Program | None:
    """Move a definition to the end of its module, whatever needs it on the way."""
    one = chance.choice(program.definitions)
    last = max(other.position for other in program.definitions)
    return program.with_one(replace(one, position=last + 1))


def _shadow_builtin(program: Program, chance: random.Random) -> Program | None:
    """Define a function that takes a builtin's name in one module."""
    module = chance.randrange(len(MODULES))
    if program.quiet or any(one.name == "len" for one in program.definitions):
        return None  # what is moved there would mean something else
    number = len(program.definitions)
    text = f"def ref_{number}_(values):\n    return {chance.randrange(20)}"
    return replace(
        program, definitions=(*program.definitions, Definition(number, "len", "function", text, module, (), number))
    )


# ------------------------------------------------------------------ what changes nothing
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
    tree = copy.deepcopy(ast.parse(one.text))
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
    return _moved(program, chance.choice(free), chance) if free else None


def _moved(program: Program, one: Definition, chance: random.Random) -> Program | None:
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


EDITS: dict[str, Change] = {
    "text": _change_text,
    "names swapped": _swap_bodies,
    "import": _import_otherwise,
    "anything moved": _move_anything,
    "moved down": _move_down,
    "builtin shadowed": _shadow_builtin,
}
COSMETIC: dict[str, Change] = {
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
