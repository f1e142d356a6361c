"""Where a stage's code asks for the current time or draws random numbers that nobody seeded, by a look at its code.

The clock can't be watched: `datetime.now` is a method of a type in C. So it is the names in the code that tell, and
what they stand for in its module. Random draws within libraries show in the state of the generators that all share.
"""

import dis
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType, ModuleType
from typing import Any

from foundations.keys.chance_names import (
    ALIASES,
    CLOCK,
    CLOCK_WITHOUT_ARGUMENT,
    DRAWING_PREFIXES,
    DRAWS,
    DRAWS_WITHOUT_ARGUMENT,
    NO_DRAWS,
    SEEDS,
)

_SUSPECT = frozenset(name.rpartition(".")[2] for name in (*CLOCK, *DRAWS, *DRAWS_WITHOUT_ARGUMENT)) | SEEDS
_MODULES = frozenset({"random", "secrets", "numpy", "np"})

_NAMED = frozenset({"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FAST", "LOAD_FAST_CHECK", "LOAD_DEREF", "LOAD_CLASSDEREF"})
_ATTRIBUTE = frozenset({"LOAD_ATTR", "LOAD_METHOD", "IMPORT_FROM"})
_STORE = frozenset({"STORE_FAST", "STORE_NAME", "STORE_DEREF", "STORE_GLOBAL"})
_BETWEEN = frozenset({"PUSH_NULL", "PRECALL", "CACHE", "EXTENDED_ARG"})
_CALL = frozenset({"CALL", "CALL_FUNCTION", "CALL_METHOD"})


@dataclass(frozen=True)
class Chance:
    """What some code does: asks the clock, draws numbers, and whether it seeds a generator."""

    clock: tuple[str, ...] = ()
    random: tuple[str, ...] = ()
    seeds: bool = False


def chance_in(codes: Iterable[CodeType]) -> Chance:
    """Return where these functions ask for the time or draw numbers: file, line and name of each first place."""
    found = [_chance_of(code) for code in codes]
    return Chance(
        tuple(sorted({one for each in found for one in each.clock})),
        tuple(sorted({one for each in found for one in each.random})),
        any(each.seeds for each in found),
    )


@lru_cache(maxsize=10_000)
def _chance_of(code: CodeType) -> Chance:
    if not _SUSPECT.intersection(code.co_names) and not _MODULES.intersection(code.co_names):
        return Chance()
    clock, draws, seeds = [], [], False
    for name, bare, line in _calls(code):
        place = f"{name} in {code.co_filename}:{line}"
        last = name.rpartition(".")[2]
        seeds = seeds or last in SEEDS
        if name in CLOCK and (bare or name not in CLOCK_WITHOUT_ARGUMENT):
            clock.append(place)
        elif _draws(name, last, bare=bare):
            draws.append(place)
    return Chance(tuple(clock), tuple(draws), seeds)


def _draws(name: str, last: str, *, bare: bool) -> bool:
    if name in DRAWS_WITHOUT_ARGUMENT:
        return bare
    # the classes of generators and of their seeds have names with capitals
    return name in DRAWS or (name.startswith(DRAWING_PREFIXES) and last.islower() and last not in NO_DRAWS)


def _calls(code: CodeType) -> Iterator[tuple[str, bool, int]]:
    """Yield the dotted names in a function's code, whether each is called with nothing, and its line."""
    instructions = [one for one in dis.get_instructions(code) if one.opname not in _BETWEEN]
    names, line = _Names(code), code.co_firstlineno
    lines = {start: number for start, number in dis.findlinestarts(code) if number is not None}
    chain: list[str] = []
    imported = ""
    for one in instructions:
        line = lines.get(one.offset, line)
        if one.opname in _ATTRIBUTE and (chain or imported):
            if one.opname == "IMPORT_FROM":
                chain = [imported, str(one.argval)]
            else:
                chain.append(str(one.argval))
            continue
        if one.opname in _STORE and chain:
            names.local[str(one.argval)] = ".".join(chain)
        elif chain:
            yield ".".join(chain), one.opname in _CALL and not one.arg, line
        chain = []
        if one.opname == "IMPORT_NAME":
            imported = str(one.argval)
            chain = [imported]
        elif one.opname in _NAMED:
            chain = [names.meaning(str(one.argval))]


class _Names:
    """What the names in a function's code stand for."""

    def __init__(self, code: CodeType) -> None:
        self.local: dict[str, str] = {}
        self._module = _module_of(code.co_filename)

    def meaning(self, name: str) -> str:
        if name in self.local:
            return self.local[name]
        value = self._module.get(name)
        if isinstance(value, ModuleType):
            return value.__name__
        if isinstance(getattr(value, "__self__", None), _generators()):
            return f"{'random' if type(value.__self__).__module__ == 'random' else 'numpy.random'}.{value.__name__}"  # type: ignore[union-attr]
        if callable(value) and isinstance(where := getattr(value, "__module__", None), str):
            return f"{where}.{getattr(value, '__qualname__', name)}"
        return ALIASES.get(name, name)


def _generators() -> tuple[type, ...]:
    kinds: list[Any] = [getattr(sys.modules.get("random"), "Random", None)]
    kinds.append(getattr(sys.modules.get("numpy.random"), "RandomState", None))
    return tuple(kind for kind in kinds if isinstance(kind, type))


def _module_of(file: str) -> dict[str, Any]:
    for module in list(sys.modules.values()):
        if getattr(module, "__file__", None) == file:
            return vars(module)
    return {}
