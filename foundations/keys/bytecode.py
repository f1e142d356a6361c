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


class _Raw(NamedTuple):
    offset: int
    op: int
    argument: int
    after: int


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
_SAME_AS = {"LOAD_METHOD": "LOAD_ATTR", "CALL_METHOD": "CALL_FUNCTION"}
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


VARIABLES = frozenset(_NAMES[op] for op in (*_LOCAL, *_FREE))


def instructions_of(code: types.CodeType) -> list[Instruction]:
    """Return what `code` does, with names and constants in place of indices; jumps are to places in this list."""
    raw = list(_raw(code.co_code))
    meant = _Meaning(code)
    offsets: list[int] = []
    starts: list[int] = []
    parts: list[tuple[_Raw, tuple[str, Any, int, int]]] = []
    for one in raw:
        offsets.append(one.offset)
        starts.append(len(parts))
        parts += [(one, part) for part in meant.of(one)]
    places = _Places(offsets, [*starts, len(parts)])
    handlers = _Handlers(code, places)
    found: list[Instruction] = []
    for one, (op, argument, flag, bare) in parts:
        target = _target(one) if one.op in _JUMPS else None
        place = None if target is None else places.index(target)
        handler = handlers.of(one.offset) if handlers.some else None
        found.append(Instruction(op, argument, flag, bare, place, op in _ALWAYS_JUMP, handler))
    return found


def _raw(data: bytes) -> Iterator[_Raw]:
    size, offset, extended = len(data), 0, 0
    while offset < size:
        op, argument = data[offset], data[offset + 1] | extended
        after = offset + _WORD
        while after < size and data[after] == _CACHE:
            after += _WORD
        extended = argument << 8 if op == _EXTENDED else 0
        if op not in _DROPPED:
            yield _Raw(offset, op, argument, after)
        offset = after


def _target(one: _Raw) -> int | None:
    if one.op in _ABSOLUTE:
        return one.argument * _WORD
    if one.op not in _RELATIVE:
        return None
    return one.after + _WORD * (-one.argument if one.op in _JUMPS_BACK else one.argument)


class _Meaning:
    """What the arguments of a code object's instructions stand for."""

    def __init__(self, code: types.CodeType) -> None:
        self._constants, self._names = code.co_consts, code.co_names
        cells = (*code.co_cellvars, *code.co_freevars)
        if _ONE_TABLE:
            cells = tuple(name for name in cells if name not in code.co_varnames)
            self._local = self._free = (*code.co_varnames, *cells)
        else:
            self._local, self._free = code.co_varnames, cells

    def of(self, one: _Raw) -> list[tuple[str, Any, int, int]]:
        """Return name, argument, flag and bare argument of an instruction, or of the two that it stands for."""
        op, name, argument = one.op, _NAMES[one.op], one.argument
        if op in _NAMED:
            if name == "LOAD_METHOD":
                return [("LOAD_ATTR", self._names[argument], 1, 0)]
            bits = _FLAG_BITS.get(name, 0)
            return [(name, self._names[argument >> bits], argument & ((1 << bits) - 1), argument)]
        if op in _JUMPS:
            return [(_DIRECTION.sub("IF", name), None, 0, 0)]
        if name in _PAIRS:
            both = zip(_PAIRS[name], (argument >> 4, argument & 15), strict=True)
            return [(each, self._local[index], 0, 0) for each, index in both]
        if name == "RETURN_CONST":
            return [("LOAD_CONST", self._constants[argument], 0, 0), ("RETURN_VALUE", None, 0, 0)]
        table = self._table(op)
        return [(_SAME_AS.get(name, name), argument if table is None else table[argument], 0, argument)]

    def _table(self, op: int) -> tuple[Any, ...] | None:
        if op in _CONSTANT:
            return self._constants
        if op in _LOCAL:
            return self._local
        return self._free if op in _FREE else None


class _Places:
    """Where in the list an offset of the bytecode is, or the first that is kept behind it."""

    def __init__(self, offsets: list[int], starts: list[int]) -> None:
        self._offsets, self._starts = offsets, starts

    def index(self, offset: int) -> int:
        return self._starts[bisect_left(self._offsets, offset)]


class _Handlers:
    """The exception table of Python 3.11 and later.

    https://github.com/python/cpython/blob/3.11/Objects/exception_handling_notes.txt
    """

    def __init__(self, code: types.CodeType, places: _Places) -> None:
        self._ends: list[int] = []
        self._entries: list[tuple[int, Handler]] = []
        self.some = bool(getattr(code, "co_exceptiontable", b""))
        numbers = _numbers(getattr(code, "co_exceptiontable", b""))
        for start, length, target, rest in zip(numbers, numbers, numbers, numbers, strict=True):
            self._ends.append((start + length) * _WORD - 1)
            handler = Handler(places.index(target * _WORD), rest >> 1, rest & 1)
            self._entries.append((start * _WORD, handler))

    def of(self, offset: int) -> Handler | None:
        """Return where exceptions of the instruction at `offset` go."""
        place = bisect_left(self._ends, offset)
        if place == len(self._ends) or self._entries[place][0] > offset:
            return None
        return self._entries[place][1]


def _numbers(table: bytes) -> Iterator[int]:
    data = iter(table)
    for byte in data:
        number = byte & 63
        while byte & 64:
            byte = next(data)
            number = number << 6 | byte & 63
        yield number
