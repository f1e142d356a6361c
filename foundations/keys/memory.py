"""What functions and modules remember from one stage to the next: a file that one stage has read for all of them.

A result that `functools.lru_cache` keeps, and what a module made when a stage imported it, are inputs of every stage
that uses them, though it does not read the files again.
"""

import functools
import sys
from types import CodeType
from typing import Any

from foundations.keys.attribution import active, remembering
from foundations.keys.live_record import LiveRecord, ReachableCode
from foundations.keys.places import Places

_Remembers = type(functools.lru_cache(lambda: None))
_INHERITED = ("reads", "kinds", "sizes", "names", "wrote", "made", "moved", "links", "runs", "variables")


class Memory:
    """Knows the functions of the project that keep their results, and what was read to make these."""

    def __init__(self, places: Places, folder: str) -> None:
        self._places, self._folder = places, folder
        self._looked_at: set[str] = set()
        self._modules = 0
        self._functions: dict[int, tuple[CodeType, Any]] = {}
        self._known: dict[int, int] = {}

    def begin(self) -> dict[int, int]:
        """Return how often each function has given what it kept; let go of what was made while nobody looked.

        Call it before the stage is watched.
        """
        self._look()
        for key, (_, function) in self._functions.copy().items():
            # with no stage watched nobody has seen what these were made of
            if not active and function.cache_info().misses > self._known.get(key, 0):
                function.cache_clear()
        return {key: function.cache_info().hits for key, (_, function) in self._functions.copy().items()}

    def end(self, record: LiveRecord, closure: ReachableCode | None, before: dict[int, int]) -> None:
        """Let a stage inherit what was read for the results that it was given; call it when it is watched no more."""
        mine = {
            key: function.cache_info()
            for key, (code, function) in self._functions.copy().items()
            if closure is None or closure.covers(code)
        }
        used = any(info.hits > before.get(key, 0) for key, info in mine.items())
        for key, (code, others) in remembering.copy().items():
            if code.co_name == "<module>" or (used and key in mine):
                record.inherit(others, _INHERITED)
        if not active:
            self._known = {key: function.cache_info().misses for key, (_, function) in self._functions.copy().items()}

    def _look(self) -> None:
        """Find such functions in the project's modules that have been imported since."""
        if len(sys.modules) == self._modules:
            return
        self._modules = len(sys.modules)
        for name, module in sys.modules.copy().items():
            if name not in self._looked_at:
                self._looked_at.add(name)
                namespace = namespace_of(module)
                file = namespace.get("__file__")
                if type(file) is str and self._places.owns(file):
                    self._look_into(namespace)
                    for kind in [one for one in list(namespace.values()) if issubclass(type(one), type)]:
                        self._look_into(type.__getattribute__(kind, "__dict__"))

    def _look_into(self, namespace: Any) -> None:
        for value in list(namespace.values()):
            function = value.__func__ if type(value) in (staticmethod, classmethod) else value
            if type(function) is _Remembers:  # and nothing is asked of any other, which may be a proxy of the user's
                code = getattr(getattr(function, "__wrapped__", None), "__code__", None)
                if type(code) is CodeType:
                    self._functions[id(code)] = code, function
                    remembering.setdefault(id(code), (code, LiveRecord(self._places, folder=self._folder)))


def namespace_of(module: Any) -> dict[str, Any]:
    """Return what a module holds, without asking it: one that is lazy would be imported by that."""
    try:
        namespace = object.__getattribute__(module, "__dict__")
    except AttributeError:
        return {}
    return namespace if type(namespace) is dict else {}


def executed(record: LiveRecord, code: object) -> None:
    """Take the event `exec`: what the top level of a module reads, it reads for all who use the module.

    That it is imported while a stage runs may not be in the stage's code: libraries import what a text names.
    """
    if isinstance(code, CodeType) and code.co_name == "<module>" and record.places.owns(code.co_filename):
        record.ran(code)
        remembering.setdefault(id(code), (code, LiveRecord(record.places, folder="")))


HANDLERS = {"exec": executed}
