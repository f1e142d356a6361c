"""Where a stage's code asks for the current time or draws random numbers that nobody seeded, by a look at its code.

The clock can't be watched: `datetime.now` is a method of a type in C. So it is the names in the code that tell, and
what they stand for in its module. Random draws within libraries show in the state of the generators that all share.
"""

import dis
import sys
from collections.abc import Iterator
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
from foundations.keys.memory import namespace_of

_KNOWN = CLOCK | DRAWS | DRAWS_WITHOUT_ARGUMENT
_SUSPECT = frozenset(name.rpartition(".")[2] for name in _KNOWN) | SEEDS
_MODULES = frozenset({"random", "secrets", "numpy", "np"})

_NAMED = frozenset({"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FAST", "LOAD_FAST_CHECK", "LOAD_DEREF", "LOAD_CLASSDEREF"})
_ATTRIBUTE = frozenset({"LOAD_ATTR", "LOAD_METHOD", "IMPORT_FROM"})
_FUNCTIONS = frozenset({"function", "method", "builtin_function_or_method", "cython_function_or_method"})
_STORE = frozenset({"STORE_FAST", "STORE_NAME", "STORE_DEREF", "STORE_GLOBAL"})
_BETWEEN = frozenset({"PUSH_NULL", "PRECALL", "CACHE", "EXTENDED_ARG"})
_CALL = frozenset({"CALL", "CALL_FUNCTION", "CALL_METHOD"})


@dataclass(frozen=True)
class Chance:
    """What some code does: asks the clock, draws numbers, and whether it seeds a generator."""

    clock: tuple[str, ...] = ()
    random: tuple[str, ...] = ()
    seeds: bool = False


@lru_cache(maxsize=10_000)
def chance_in(codes: frozenset[CodeType]) -> Chance:
    """Return where these functions ask for the time or draw numbers: file, line and name of each first place."""
    found = [_chance_of(code) for code in codes]
    return Chance(
        tuple(sorted({one for each in found for one in each.clock})),
        tuple(sorted({one for each in found for one in each.random})),
        any(each.seeds for each in found),
    )


@lru_cache(maxsize=10_000)
def _chance_of(code: CodeType) -> Chance:
    if not _is_suspect(code):
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


def _is_suspect(code: CodeType) -> bool:
    if not _SUSPECT.isdisjoint(code.co_names) or not _MODULES.isdisjoint(code.co_names):
        return True
    names = _Names(code)  # by another name, as of `from time import time as now`
    return any(names.meaning(name) in _KNOWN for name in code.co_names)


def _draws(name: str, last: str, *, bare: bool) -> bool:
    if name in DRAWS_WITHOUT_ARGUMENT:
        return bare
    # the classes of generators and of their seeds have names with capitals
    return name in DRAWS or (name.startswith(DRAWING_PREFIXES) and last.islower() and last not in NO_DRAWS)


def _calls(code: CodeType) -> Iterator[tuple[str, bool, int]]:
    """Yield the dotted names in a function's code, whether each is called with nothing, and its line."""
    names, line = _Names(code), code.co_firstlineno
    lines = {start: number for start, number in dis.findlinestarts(code) if number is not None}
    chain: list[str] = []
    imported = ""
    for offset, action, name in _actions(code):
        line = lines.get(offset, line)
        if action in _ATTRIBUTE and (chain or imported):
            chain = [imported, name] if action == "IMPORT_FROM" else [*chain, name]
            continue
        if action in _STORE and chain:
            names.local[name] = ".".join(chain)
        elif chain:
            yield ".".join(chain), action in _CALL and name == "0", line
        chain = []
        if action == "IMPORT_NAME":
            imported, chain = name, [name]
        elif action in _NAMED:
            chain = [names.meaning(name)]


def _actions(code: CodeType) -> Iterator[tuple[int, str, str]]:
    """Yield offset, name and argument of each instruction; two of those that are two in one, as of Python 3.13."""
    for one in dis.get_instructions(code):
        if type(one.argval) is tuple and one.opname.count("_FAST") == 2:
            first, second = one.opname[: one.opname.index("_FAST") + 5], one.opname[one.opname.index("_FAST") + 6 :]
            yield one.offset, first, str(one.argval[0])
            yield one.offset, second, str(one.argval[1])
        elif one.opname not in _BETWEEN:
            yield one.offset, one.opname, str(one.arg if one.opname in _CALL else one.argval)


class _Names:
    """What the names in a function's code stand for."""

    def __init__(self, code: CodeType) -> None:
        self.local: dict[str, str] = {}
        self._module = _module_of(code.co_filename)

    def meaning(self, name: str) -> str:
        """Return the whole name of what a name in the code stands for, or itself where that is not known."""
        if name in self.local:
            return self.local[name]
        value: Any = self._module.get(name)
        kind = type(value)
        if issubclass(kind, ModuleType):
            return str(namespace_of(value).get("__name__", name))
        if kind.__name__ not in _FUNCTIONS and not issubclass(kind, type):  # a proxy of the user's is asked nothing
            return ALIASES.get(name, name)
        if isinstance(getattr(value, "__self__", None), _generators()):
            library = "random" if type(value.__self__).__module__ == "random" else "numpy.random"
            return f"{library}.{value.__name__}"
        return f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', name)}"


def _generators() -> tuple[type, ...]:
    kinds: list[Any] = [getattr(sys.modules.get("random"), "Random", None)]
    kinds.append(getattr(sys.modules.get("numpy.random"), "RandomState", None))
    return tuple(kind for kind in kinds if isinstance(kind, type))


def _module_of(file: str) -> dict[str, Any]:
    if file not in _namespaces:
        for module in list(sys.modules.values()):
            namespace = namespace_of(module)
            where = namespace.get("__file__")
            if type(where) is str:
                _namespaces[where] = namespace
    return _namespaces.setdefault(file, {})


_namespaces: dict[str, dict[str, Any]] = {}
