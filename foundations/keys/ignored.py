"""`foundations.ignore(value)`: an argument that counts as nothing for the cache."""

from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from typing import Any

_CONTAINERS = frozenset({list, tuple, dict, set, frozenset})
# so that a job in which nothing is ignored need not look for it
_made = False


class Ignored:
    """A value that does not count in cache keys; the stage's function gets the value itself."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        global _made
        _made = True
        self.value = value

    def __repr__(self) -> str:
        return f"foundations.ignore({self.value!r})"

    def __reduce__(self) -> tuple[Callable[[Any], "Ignored"], tuple[Any]]:
        return ignore, (self.value,)


def ignore(value: Any) -> Ignored:
    """Return `value`, marked: it reaches the stage's function as it is, and counts as nothing for the cache.

    It is for what a result does not depend on, such as a progress bar, a connection or a number of threads. It can be
    an argument itself or stand in lists, tuples, dicts and sets inside one.

    >>> train(data, threads=foundations.ignore(8)).enable_caching()
    """
    return value if isinstance(value, Ignored) else Ignored(value)


def without_marks(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return arguments with what `ignore` has marked in their places; what holds no mark is not copied."""
    if not _made:
        return args, dict(kwargs)
    found = _Unmarking((args, dict(kwargs))).whole()
    return found[0], found[1]


class _Unmarking:
    """One value whose marks are taken out. Nothing here recurses, and what is shared inside it stays shared."""

    def __init__(self, value: Any) -> None:
        self._value = value
        self._containers: dict[int, Any] = {}
        self._above: dict[int, list[int]] = {}
        self._marked: list[int] = []
        self._new: dict[int, Any] = {}

    def whole(self) -> Any:
        """Return the value without marks."""
        self._look(self._value)
        changed = self._changed()
        if not changed:
            return self._value
        # what can be filled later comes first, so that circles through it close
        for place in changed:
            old = self._containers[place]
            if type(old) in (list, dict, set):
                self._new[place] = type(old)()
        for place in self._innermost_first(changed):
            self._make(place)
        return self._new[id(self._value)]

    def _look(self, value: Any) -> None:
        waiting = [value]
        while waiting:
            one = waiting.pop()
            if id(one) in self._containers:
                continue
            self._containers[id(one)] = one
            kinds = set(map(type, _inside(one)))
            if Ignored in kinds:
                self._marked.append(id(one))
            if not kinds.isdisjoint(_CONTAINERS) or Ignored in kinds:
                for part in map(_unwrapped, _inside(one)):
                    if type(part) in _CONTAINERS:
                        self._above.setdefault(id(part), []).append(id(one))
                        waiting.append(part)

    def _changed(self) -> set[int]:
        """Return the containers that hold a mark, however deep."""
        changed: set[int] = set()
        waiting = list(self._marked)
        while waiting:
            place = waiting.pop()
            if place not in changed:
                changed.add(place)
                waiting += self._above.get(place, ())
        return changed

    def _innermost_first(self, changed: set[int]) -> Iterable[int]:
        seen: set[int] = set()
        stack = [(id(self._value), False)]
        while stack:
            place, done = stack.pop()
            if done:
                yield place
            elif place not in seen:
                seen.add(place)
                stack.append((place, True))
                inside = (id(_unwrapped(part)) for part in _inside(self._containers[place]))
                stack += [(one, False) for one in inside if one in changed]

    def _make(self, place: int) -> None:
        old = self._containers[place]
        kind = type(old)
        if kind is dict:
            self._new[place].update((self._of(key), self._of(value)) for key, value in old.items())
        elif kind is list:
            self._new[place].extend(map(self._of, old))
        elif kind is set:
            self._new[place].update(map(self._of, old))
        else:
            self._new[place] = kind(map(self._of, old))

    def _of(self, part: Any) -> Any:
        part = _unwrapped(part)
        return self._new.get(id(part), part) if type(part) in _CONTAINERS else part


def _inside(container: Any) -> Iterable[Any]:
    return chain(container, container.values()) if type(container) is dict else container


def _unwrapped(value: Any) -> Any:
    while type(value) is Ignored:
        value = value.value
    return value
