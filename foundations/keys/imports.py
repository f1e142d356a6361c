"""Imports inside functions: which of a function's variables stand for which modules."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from foundations.keys.bytecode import Instruction
from foundations.keys.flow import Mark
from foundations.keys.modules import MISSING, Module, attribute, imported_name, module_named, package_of
from foundations.keys.user_code import UserCode

Stream = Sequence[Instruction | Mark]

STORES = frozenset({"STORE_FAST", "STORE_DEREF", "STORE_NAME", "STORE_GLOBAL"})
_BETWEEN = frozenset({"SWAP", "ROT_TWO", "POP_TOP"})


class Import(NamedTuple):
    """One import statement: the module that it names first, and what it makes of it."""

    name: str | None
    module: Module | None
    taken: tuple["Taken", ...]


class Taken(NamedTuple):
    """What an import statement makes a variable of: a module, or the attribute of one."""

    module: Module
    attribute: str | None
    value: Any
    store: str | None
    variable: str | None


def imports_in(stream: Stream, namespace: Mapping[str, Any], code: UserCode) -> dict[int, Import]:
    """Return every import of some code, by the place of its instruction."""
    return {
        place: _import(stream, place, one, namespace, code)
        for place, one in enumerate(stream)
        if type(one) is Instruction and one.op == "IMPORT_NAME"
    }


def _import(stream: Stream, place: int, one: Instruction, namespace: Mapping[str, Any], code: UserCode) -> Import:
    level, names = _constant(stream, place - 2) or 0, _constant(stream, place - 1)
    name = imported_name(str(one.argument), level if isinstance(level, int) else 0, package_of(namespace))
    if name is None:
        return Import(None, None, ())
    module = module_named(name, code)
    # a plain `import a.b` gives the name of a
    first = module if names else module_named(name.partition(".")[0], code)
    return Import(name, module, tuple(_taken(stream, place + 1, first, code)))


def _taken(stream: Stream, place: int, first: Module, code: UserCode) -> Iterator[Taken]:
    current, found = first, Taken(first, None, first, None, None)
    while place < len(stream) and isinstance(one := stream[place], Instruction):
        if one.op == "IMPORT_FROM":
            value = attribute(current, str(one.argument), code)
            found = Taken(current, str(one.argument), value, None, None)
        elif one.op in STORES:
            yield found._replace(store=one.op, variable=str(one.argument))
            if found.attribute is None:  # an import without `from` stores once
                return
        elif one.op in _BETWEEN:
            if one.op != "POP_TOP" and found.value is not MISSING:
                current = found.value
        else:
            return
        place += 1


def _constant(stream: Stream, place: int) -> Any:
    one = stream[place] if place >= 0 else None
    return one.argument if isinstance(one, Instruction) and one.op == "LOAD_CONST" else None
