"""Random edits of a random program: some that may change what it computes, and some that change nothing at all."""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.foundations.cache_fuzz.cosmetic import COSMETIC, TEXT_ONLY, moved
from tests.foundations.cache_fuzz.program import MODULES, Definition, Program, Style
from tests.foundations.cache_fuzz.text_changes import change_text

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
    return moved(program, one, chance)


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


EDITS: dict[str, Change] = {
    "text": change_text,
    "names swapped": _swap_bodies,
    "import": _import_otherwise,
    "anything moved": _move_anything,
    "moved down": _move_down,
    "builtin shadowed": _shadow_builtin,
}
