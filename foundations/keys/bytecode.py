"""Bytecode as instructions that say the same on every line: without what formatting, or a first run, adds to it."""

import dis
import re
import sys
import types
from bisect import bisect_left
from collections.abc import Iterator
from typing import Any, NamedTuple

_WORD = 2
# since Python 3.11 variables of all kinds have their places in one table
_ONE_TABLE = hasattr(types.CodeType, "co_exceptiontable")


class Handler(NamedTuple):
    """Where an instruction's exceptions go."""

    target: int
    depth: int
    with_place: int


class Instruction(NamedTuple):
    """One instruction; `target` is the index of the one that it may jump to, and `always` says that it does."""

    op: str
    argument: Any = None
    flag: int = 0
    raw: int = 0
    target: int | None = None
    always: bool = False
    handler: Handler | None = None


_new = tuple.__new__  # as a named tuple is made, without the detour that it takes
_NOT_YET = Instruction("")

_NAMES = dis.opname
_JUMPS_BACK = frozenset(op for op, name in enumerate(_NAMES) if "BACKWARD" in name)
_RELATIVE, _ABSOLUTE = frozenset(dis.hasjrel), frozenset(dis.hasjabs)
_JUMPS = _RELATIVE | _ABSOLUTE
_CONSTANT, _NAMED = frozenset(dis.hasconst), frozenset(dis.hasname)
_LOCAL, _FREE = frozenset(dis.haslocal), frozenset(dis.hasfree)
_ALWAYS_JUMP = frozenset({"JUMP_FORWARD", "JUMP_ABSOLUTE", "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT"})
_EXTENDED, _CACHE = dis.opmap["EXTENDED_ARG"], dis.opmap.get("CACHE", -1)
# what shows the layout, as NOP does, which keeps a line alive; or says what attributes and calls say too
_DROPPED = frozenset(
    dis.opmap[name]
    for name in ("NOP", "RESUME", "PUSH_NULL", "COPY_FREE_VARS", "MAKE_CELL", "GEN_START", "CACHE")
    if name in dis.opmap
)
_SAME_AS = {"CALL_METHOD": "CALL_FUNCTION"}
_DIRECTION = re.compile("(FOR|BACK)WARD_IF")
# instructions that stand for two where both are on the same line
_PAIRS = {
    "LOAD_FAST_LOAD_FAST": ("LOAD_FAST", "LOAD_FAST"),
    "STORE_FAST_LOAD_FAST": ("STORE_FAST", "LOAD_FAST"),
    "STORE_FAST_STORE_FAST": ("STORE_FAST", "STORE_FAST"),
}
# bits of the argument that are no part of the name's index
_FLAG_BITS = {
    name: bits
    for since, name, bits in (((3, 11), "LOAD_GLOBAL", 1), ((3, 12), "LOAD_ATTR", 1), ((3, 12), "LOAD_SUPER_ATTR", 2))
    if sys.version_info >= since
}


_TABLE_OF = [
    1 if op in _CONSTANT else 2 if op in _NAMED else 3 if op in _LOCAL else 4 if op in _FREE else 0
    for op in range(len(_NAMES))
]
_SPECIAL = frozenset(
    op for op, name in enumerate(_NAMES) if name in {*_PAIRS, *_FLAG_BITS, "RETURN_CONST", "LOAD_METHOD"}
)
_SAID = [_DIRECTION.sub("IF", _SAME_AS.get(name, name)) for name in _NAMES]
VARIABLES = frozenset(_NAMES[op] for op in (*_LOCAL, *_FREE))


def instructions_of(code: types.CodeType) -> list[Instruction]:
    """Return what `code` does, with names and constants in place of indices; jumps are to places in this list."""
    tables, data, extended = _tables(code), code.co_code, 0
    operations, arguments = data[::_WORD], data[1::_WORD]
    kept = [place for place, op in enumerate(operations) if op not in _DROPPED]
    starts: list[int] = []
    found: list[Instruction] = []
    jumps: list[tuple[int, int, int]] = []
    for place in kept:
        op, argument = operations[place], arguments[place] | extended
        extended = 0
        starts.append(len(found))
        if op in _SPECIAL:
            found += _special(op, argument, tables)
        elif op in _JUMPS:
            jumps.append((len(found), op, _target(op, argument, place + 1, operations)))
            found.append(_NOT_YET)
        elif op == _EXTENDED:
            extended = argument << 8
        else:
            table = tables[_TABLE_OF[op]]
            what = table[argument] if table else argument
            found.append(_new(Instruction, (_SAID[op], what, 0, argument, None, False, None)))
    starts.append(len(found))
    places = _Places(kept, starts)
    for place, op, target in jumps:
        found[place] = _instruction(_SAID[op], target=places.index(target), always=_NAMES[op] in _ALWAYS_JUMP)
    _handle(code, found, places)
    return found


def _instruction(
    op: str, argument: Any = None, flag: int = 0, raw: int = 0, target: int | None = None, always: bool = False
) -> Instruction:
    return _new(Instruction, (op, argument, flag, raw, target, always, None))


def _target(op: int, argument: int, after: int, operations: bytes) -> int:
    """Return the word that an instruction jumps to, where `after` is the word behind it."""
    if op in _ABSOLUTE:
        return argument
    while after < len(operations) and operations[after] == _CACHE:
        after += 1
    return after - argument if op in _JUMPS_BACK else after + argument


def _tables(code: types.CodeType) -> list[tuple[Any, ...]]:
    """Return what arguments are places in, by the numbers that `_TABLE_OF` has; nothing for plain numbers."""
    local, cells = code.co_varnames, (*code.co_cellvars, *code.co_freevars)
    free = cells
    if _ONE_TABLE:
        local = free = (*local, *[name for name in cells if name not in local])
    return [(), code.co_consts, code.co_names, local, free]


def _special(op: int, argument: int, tables: list[tuple[Any, ...]]) -> list[Instruction]:
    """Return an instruction whose argument says more than one thing, or the two that it stands for."""
    name = _NAMES[op]
    _, constants, names, local, _ = tables
    if name in _FLAG_BITS:
        bits = _FLAG_BITS[name]
        return [_instruction(name, names[argument >> bits], argument & ((1 << bits) - 1), argument)]
    if name == "LOAD_METHOD":
        return [_instruction("LOAD_ATTR", names[argument], 1)]
    if name == "RETURN_CONST":
        return [_instruction("LOAD_CONST", constants[argument]), _instruction("RETURN_VALUE")]
    both = zip(_PAIRS[name], (argument >> 4, argument & 15), strict=True)
    return [_instruction(each, local[index]) for each, index in both]


def _handle(code: types.CodeType, found: list[Instruction], places: "_Places") -> None:
    """Say of each instruction where its exceptions go.

    https://github.com/python/cpython/blob/3.11/Objects/exception_handling_notes.txt
    """
    numbers = _numbers(getattr(code, "co_exceptiontable", b""))
    for start, length, target, rest in zip(numbers, numbers, numbers, numbers, strict=True):
        handler = Handler(places.index(target), rest >> 1, rest & 1)
        for place in range(places.index(start), places.index(start + length)):
            found[place] = _new(Instruction, (*found[place][:-1], handler))


class _Places:
    """Where in the list a word of the bytecode is, or the first that is kept behind it."""

    def __init__(self, kept: list[int], starts: list[int]) -> None:
        self._kept, self._starts = kept, starts

    def index(self, word: int) -> int:
        return self._starts[bisect_left(self._kept, word)]


def _numbers(table: bytes) -> Iterator[int]:
    data = iter(table)
    for byte in data:
        number = byte & 63
        while byte & 64:
            byte = next(data)
            number = number << 6 | byte & 63
        yield number
