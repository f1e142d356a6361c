"""The instructions of a function in the order in which control reaches them, however the compiler laid them out.

Where lines break decides which jumps CPython shortens and which ends it copies; the order here shows neither.
"""

import types
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from foundations.keys.bytecode import Handler, Instruction, instructions_of

_ENDS = frozenset({"RETURN_VALUE", "RAISE_VARARGS", "RERAISE"})
# one that is on the same line as the next may be within its `try` or not
_NEVER_RAISE = frozenset({"LOAD_FAST", "STORE_FAST", "LOAD_CONST", "POP_TOP", "COPY", "SWAP"})
_LONGEST_COPY = 8
_FAR = 1 << 30
# what jumps on a condition that the place where it lands asks again (up to Python 3.11)
_ASKED_AGAIN = {
    ("JUMP_IF_FALSE_OR_POP", "JUMP_IF_FALSE_OR_POP"): True,
    ("JUMP_IF_FALSE_OR_POP", "POP_JUMP_IF_FALSE"): True,
    ("JUMP_IF_FALSE_OR_POP", "JUMP_IF_TRUE_OR_POP"): False,
    ("JUMP_IF_FALSE_OR_POP", "POP_JUMP_IF_TRUE"): False,
    ("JUMP_IF_TRUE_OR_POP", "JUMP_IF_TRUE_OR_POP"): True,
    ("JUMP_IF_TRUE_OR_POP", "POP_JUMP_IF_TRUE"): True,
    ("JUMP_IF_TRUE_OR_POP", "JUMP_IF_FALSE_OR_POP"): False,
    ("JUMP_IF_TRUE_OR_POP", "POP_JUMP_IF_FALSE"): False,
}
_ASKS = frozenset(op for op, _ in _ASKED_AGAIN)
_TURNED = {"POP_JUMP_IF_TRUE": "POP_JUMP_IF_FALSE", "POP_JUMP_IF_NOT_NONE": "POP_JUMP_IF_NONE"}


class Mark(NamedTuple):
    """What stands between instructions: where a path begins, where it joins one that was there, what handles errors."""

    word: str
    number: int = 0
    depth: int = 0
    with_place: int = 0

    @property
    def op(self) -> str:
        """What it does: nothing."""
        return ""

    @property
    def argument(self) -> None:
        """What it does that with."""


_PATH, _UNHANDLED = Mark("path"), Mark("unhandled")


def in_order(instructions: Sequence[Instruction]) -> list[Instruction | Mark]:
    """Return every instruction that can be reached, in an order that only depends on what leads to what."""
    straight = _straight(instructions)
    if straight:
        return [_PATH, *instructions[:straight]]
    walk = _Walk(instructions)
    walk.run()
    return _labelled(walk.found, walk.starts, walk.joins)


class Streams:
    """The instructions of the functions that have been read."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[types.CodeType, list[Instruction | Mark]]] = {}

    def of(self, code: types.CodeType) -> list[Instruction | Mark]:
        """Return the instructions of `code` in order."""
        known = self._known.get(id(code))
        if known is None:
            known = self._known[id(code)] = code, in_order(instructions_of(code))
        return known[1]


class _Walk:
    def __init__(self, instructions: Sequence[Instruction]) -> None:
        self._all = instructions
        self._to_end = _distances(instructions)
        self.found: list[Instruction | Mark] = []
        # where in it each instruction is, by its place in the code
        self.starts: dict[int, int] = {}
        # where in it paths join others
        self.joins: list[int] = []
        self._handlers: dict[int, int] = {}
        self._waiting: deque[int] = deque([0])

    def run(self) -> None:
        """Follow every path to its end."""
        while self._waiting:
            self.found.append(_PATH)
            self._path(self._waiting.popleft())

    def _path(self, place: int) -> None:
        everything, to_end, found = self._all, self._to_end, self.found
        handler: Handler | None = None
        while True:
            one = everything[place]
            if one.always:
                place = self._landing(place)
                one = everything[place]
            if to_end[place] > _LONGEST_COPY:  # short ends are there as often as something leads to them
                if place in self.starts:
                    self.joins.append(len(found))
                    found.append(Mark("join", place))
                    return
                self.starts[place] = len(found)
            if one.handler != handler and one.op not in _NEVER_RAISE:
                handler = one.handler
                self._handled(handler)
            found.append(one)
            if one.op in _ENDS:
                return
            place = place + 1 if one.target is None else self._branch(one, place + 1)

    def _branch(self, one: Instruction, after: int) -> int:
        """Leave one of two ways for later, the same whichever of them is a jump, and return the other."""
        if one.op in _ASKS:
            one = self.found[-1] = self._asked_once(one)
        jumps_to = one.target or 0
        if one.op in _TURNED:
            self.found[-1] = one._replace(op=_TURNED[one.op])
            after, jumps_to = jumps_to, after
        self._waiting.append(jumps_to)
        return after

    def _landing(self, place: int) -> int:
        while (one := self._all[place]).always and one.target is not None:
            if one.target == place:
                return place
            place = one.target
        return place

    def _handled(self, handler: Handler | None) -> None:
        if handler is None:
            self.found.append(_UNHANDLED)
            return
        if handler.target not in self._handlers:
            self._handlers[handler.target] = len(self._handlers)
            self._waiting.append(handler.target)
        self.found.append(Mark("handled", self._handlers[handler.target], handler.depth, handler.with_place))

    def _asked_once(self, one: Instruction) -> Instruction:
        for _ in self._all:
            place = self._landing(one.target or 0)
            there = self._all[place]
            same = _ASKED_AGAIN.get((one.op, there.op))
            if same is None:
                break
            op = there.op if same else f"POP_JUMP_IF_{one.op.split('_')[2]}"
            one = one._replace(op=op, target=there.target if same else place + 1)
        return one


def _straight(instructions: Sequence[Instruction]) -> int:
    """Return how many instructions there are until the end where they lead straight to it, else 0."""
    for place, one in enumerate(instructions):
        if one.target is not None or one.handler is not None:
            return 0
        if one.op in _ENDS:
            return place + 1
    return 0


def _labelled(
    found: list[Instruction | Mark], starts: dict[int, int], joins: Sequence[int]
) -> list[Instruction | Mark]:
    """Return what was found with a mark where a path joins, numbered in the order of the marks."""
    if not joins:
        return found
    joined = {at: found[at][1] for at in joins}
    numbers = {place: number for number, place in enumerate(sorted({*joined.values()}, key=starts.__getitem__))}
    for at, place in joined.items():
        found[at] = Mark("join", numbers[place])
    labelled: list[Instruction | Mark] = []
    before = 0
    for place, number in numbers.items():
        labelled += found[before : starts[place]]
        labelled.append(Mark("here", number))
        before = starts[place]
    return labelled + found[before:]


def _distances(instructions: Sequence[Instruction]) -> list[int]:
    """Return for each instruction how many there are until the function ends, _FAR where that depends."""
    found = [_FAR] * (len(instructions) + 1)
    distance = _FAR
    for place in range(len(instructions) - 1, -1, -1):
        one = instructions[place]
        if one.op in _ENDS:
            distance = 1
        elif one.target is None:
            distance += 1
        else:
            distance = found[one.target] if one.always and one.target > place else _FAR
        found[place] = distance
    return found
