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
    for name in ("NOP", "RESUME", "PUSH_NULL", "COPY_FREE_VARS", "MAKE_CELL", "GEN_START", "CACHE", "EXTENDED_ARG")
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
_NO_JUMP = (None, False, None)
_new = tuple.__new__
VARIABLES = frozenset(_NAMES[op] for op in (*_LOCAL, *_FREE))


def instructions_of(code: types.CodeType) -> list[Instruction]:
    """Return what `code` does, with names and constants in place of indices; jumps are to places in this list."""
    tables = _tables(code)
    offsets: list[int] = []
    starts: list[int] = []
    found: list[Instruction] = []
    jumps: list[tuple[int, int]] = []
    for offset, op, argument, after in _raw(code.co_code):
        offsets.append(offset)
        starts.append(len(found))
        if op in _SPECIAL:
            found += _special(op, argument, tables)
        elif op in _JUMPS:
            jumps.append((len(found), _target(op, argument, after)))
            found.append(Instruction(_SAID[op], always=_NAMES[op] in _ALWAYS_JUMP))
        else:
            table = tables[_TABLE_OF[op]]
            found.append(_new(Instruction, (_SAID[op], table[argument] if table else argument, 0, argument, *_NO_JUMP)))
    starts.append(len(found))
    places = _Places(offsets, starts)
    for place, target in jumps:
        found[place] = found[place]._replace(target=places.index(target))
    _handle(code, found, places)
    return found


def _raw(data: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Yield offset, operation and argument of each instruction that counts, and where the next begins."""
    size, offset, extended = len(data), 0, 0
    while offset < size:
        op, argument = data[offset], data[offset + 1] | extended
        after = offset + _WORD
        while after < size and data[after] == _CACHE:
            after += _WORD
        extended = argument << 8 if op == _EXTENDED else 0
        if op not in _DROPPED:
            yield offset, op, argument, after
        offset = after


def _target(op: int, argument: int, after: int) -> int:
    if op in _ABSOLUTE:
        return argument * _WORD
    return after + _WORD * (-argument if op in _JUMPS_BACK else argument)


def _tables(code: types.CodeType) -> list[tuple[Any, ...]]:
    """Return what arguments are places in, by the numbers that `_TABLE_OF` has; nothing for plain numbers."""
    cells = (*code.co_cellvars, *code.co_freevars)
    if _ONE_TABLE:
        cells = tuple(name for name in cells if name not in code.co_varnames)
        local = free = (*code.co_varnames, *cells)
    else:
        local, free = code.co_varnames, cells
    return [(), code.co_consts, code.co_names, local, free]


def _special(op: int, argument: int, tables: list[tuple[Any, ...]]) -> list[Instruction]:
    """Return an instruction whose argument says more than one thing, or the two that it stands for."""
    name = _NAMES[op]
    _, constants, names, local, _ = tables
    if name in _PAIRS:
        both = zip(_PAIRS[name], (argument >> 4, argument & 15), strict=True)
        return [Instruction(each, local[index]) for each, index in both]
    if name == "RETURN_CONST":
        return [Instruction("LOAD_CONST", constants[argument]), Instruction("RETURN_VALUE")]
    if name == "LOAD_METHOD":
        return [Instruction("LOAD_ATTR", names[argument], 1)]
    bits = _FLAG_BITS[name]
    return [Instruction(name, names[argument >> bits], argument & ((1 << bits) - 1), argument)]


def _handle(code: types.CodeType, found: list[Instruction], places: "_Places") -> None:
    """Say of each instruction where its exceptions go.

    https://github.com/python/cpython/blob/3.11/Objects/exception_handling_notes.txt
    """
    numbers = _numbers(getattr(code, "co_exceptiontable", b""))
    for start, length, target, rest in zip(numbers, numbers, numbers, numbers, strict=True):
        handler = Handler(places.index(target * _WORD), rest >> 1, rest & 1)
        for place in range(places.index(start * _WORD), places.index((start + length) * _WORD)):
            found[place] = found[place]._replace(handler=handler)


class _Places:
    """Where in the list an offset of the bytecode is, or the first that is kept behind it."""

    def __init__(self, offsets: list[int], starts: list[int]) -> None:
        self._offsets, self._starts = offsets, starts

    def index(self, offset: int) -> int:
        return self._starts[bisect_left(self._offsets, offset)]


def _numbers(table: bytes) -> Iterator[int]:
    data = iter(table)
    for byte in data:
        number = byte & 63
        while byte & 64:
            byte = next(data)
            number = number << 6 | byte & 63
        yield number
