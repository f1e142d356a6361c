"""Where bytecode makes functions: what belongs to their annotations, and to the variables that they share."""

import dis
import types
from collections.abc import Sequence
from typing import NamedTuple

from foundations.keys.bytecode import Instruction
from foundations.keys.flow import Mark

Stream = Sequence[Instruction | Mark]

_ANNOTATIONS, _CLOSURE = 4, 8
_CALLS = frozenset({"CALL", "PRECALL", "CALL_FUNCTION", "CALL_FUNCTION_KW", "CALL_KW"})


class Making(NamedTuple):
    """One function that is made: which instructions say nothing that counts, and with what it is made."""

    left_out: range
    flags: int
    end: int


def makings_in(stream: Stream) -> dict[int, Making]:
    """Return what is made of each code object, by the place of the instruction that loads it.

    Annotations of a function that is decorated are kept: they may be what its decorator is for.
    """
    found: dict[int, Making] = {}
    for place, one in enumerate(stream):
        if isinstance(one, Instruction) and one.op == "LOAD_CONST" and isinstance(one.argument, types.CodeType):
            making = _making(stream, place)
            if making is not None:
                found[place] = making
    return found


def _making(stream: Stream, place: int) -> Making | None:
    flags, end = _flags(stream, place + 1)
    if end is None:
        return None
    start: int | None = place
    if flags & _CLOSURE:
        start = _start_of_value(stream, place - 1)
    if start is None:
        return None
    after = stream[end] if end < len(stream) else None
    decorated = isinstance(after, Instruction) and after.op in _CALLS
    if flags & _ANNOTATIONS and not decorated:
        earlier = _start_of_value(stream, start - 1)
        if earlier is not None:
            return Making(range(earlier, place), flags & ~(_CLOSURE | _ANNOTATIONS), end)
    return Making(range(start, place), flags & ~_CLOSURE, end)


def _flags(stream: Stream, place: int) -> tuple[int, int | None]:
    """Return with what a function is made, and where that ends; no end where none is made."""
    one = stream[place]
    if isinstance(one, Instruction) and one.op == "LOAD_CONST":  # Python 3.10 loads the name too
        place += 1
        one = stream[place]
    if not isinstance(one, Instruction) or one.op != "MAKE_FUNCTION":
        return 0, None
    flags, place = one.raw, place + 1
    while isinstance(one := stream[place], Instruction) and one.op == "SET_FUNCTION_ATTRIBUTE":
        flags, place = flags | one.raw, place + 1
    return flags, place


def _start_of_value(stream: Stream, end: int) -> int | None:
    """Return where the instructions begin whose result the one at `end` leaves on the stack."""
    missing = 1
    for place in range(end, -1, -1):
        one = stream[place]
        if isinstance(one, Mark) or one.target is not None:
            return None
        missing -= _effect(one)
        if missing == 0:
            return place
    return None


def _effect(one: Instruction) -> int:
    code = dis.opmap[one.op]
    return dis.stack_effect(code, one.raw if code >= dis.HAVE_ARGUMENT else None)
