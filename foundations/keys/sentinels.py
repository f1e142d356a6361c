"""Bare objects, such as `MISSING = object()`: told apart by the names that modules of the user's have for them."""

import sys
from collections import defaultdict

from foundations.keys.user_code import UserCode


class Sentinels:
    """The names of bare objects; modules that are loaded later are looked at when an object is not known."""

    def __init__(self, code: UserCode) -> None:
        self._code = code
        self._names: dict[int, set[str]] = defaultdict(set)
        self._looked_at: set[str] = set()

    def names(self, sentinel: object) -> tuple[str, ...]:
        """Return the names of an object, sorted."""
        if id(sentinel) not in self._names:
            self._look()
        return tuple(sorted(self._names.get(id(sentinel), ())))

    def _look(self) -> None:
        for name, module in list(sys.modules.items()):
            if name in self._looked_at or not self._code.owns_module(name):
                continue
            self._looked_at.add(name)
            for word, value in list(vars(module).items()):
                if type(value) is object:
                    self._names[id(value)].add(word)
