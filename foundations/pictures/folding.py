"""Graphs too large to look at, folded: stages that play the same part are drawn as one box.

Each way of folding keeps less of the graph than the one before it; the first whose picture is small enough is taken.
What is left has no circle, whichever way, and the boxes' numbers rise along every arrow.
"""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

Parents = Sequence[Sequence[int]]
Kinds = Sequence[Hashable]

_ARROWS = 400  # Mermaid draws no more than 500
_CROSSED = 1500
_BANDS = 24


@dataclass(frozen=True)
class Fold:
    """The box of each stage, how many boxes there are, and which of them hold stages that need each other."""

    groups: tuple[int, ...]
    count: int
    chained: frozenset[int]


def fold(kinds: Kinds, parents: Parents, *, boxes: int) -> Fold:
    """Return how stages share at most `boxes` boxes; stages of one kind may share one, others only in the end."""
    depths = depths_of(parents)
    fitting = (groups for groups in _foldings(kinds, parents, depths) if _fits(groups, parents, boxes))
    groups = next(fitting, None) or _in_bands(depths, min(boxes, _BANDS))
    inside = {
        group for group, some in zip(groups, parents, strict=True) if any(groups[parent] == group for parent in some)
    }
    return Fold(tuple(groups), max(groups, default=-1) + 1, frozenset(inside))


def depths_of(parents: Parents) -> list[int]:
    """Return how many stages stand above each on the longest way; parents come before their children."""
    depths: list[int] = []
    for some in parents:
        depths.append(1 + max((depths[parent] for parent in some), default=-1))
    return depths


def _foldings(kinds: Kinds, parents: Parents, depths: Sequence[int]) -> Iterator[Sequence[int]]:
    yield range(len(kinds))
    for groups in (_with_the_same_parents(kinds, parents), _of_the_same_depth(kinds, depths)):
        yield groups
        yield _runs_together(groups, kinds, parents)


def _with_the_same_parents(kinds: Kinds, parents: Parents) -> list[int]:
    groups: list[int] = []
    known: dict[Hashable, int] = {}
    for kind, some in zip(kinds, parents, strict=True):
        key = kind, frozenset(groups[parent] for parent in some)
        groups.append(known.setdefault(key, len(known)))
    return groups


def _of_the_same_depth(kinds: Kinds, depths: Sequence[int]) -> list[int]:
    keys = list(zip(depths, kinds, strict=True))
    known = {key: number for number, key in enumerate(sorted(dict.fromkeys(keys), key=lambda key: key[0]))}
    return [known[key] for key in keys]


def _runs_together(groups: Sequence[int], kinds: Kinds, parents: Parents) -> list[int]:
    """Return `groups` with each run of boxes of one kind, where one leads to the next and nowhere else, as one."""
    above, below = _neighbours(groups, parents)
    kind_of = dict(zip(groups, kinds, strict=True))
    heads = list(range(len(above)))
    for box, some in enumerate(above):
        if len(some) == 1:
            [parent] = some
            if len(below[parent]) == 1 and kind_of[parent] == kind_of[box]:
                heads[box] = heads[parent]
    numbers = {head: number for number, head in enumerate(sorted(set(heads)))}
    return [numbers[heads[group]] for group in groups]


def _in_bands(depths: Sequence[int], bands: int) -> list[int]:
    levels = max(depths, default=0) + 1
    return [depth * min(bands, levels) // levels for depth in depths]


def _neighbours(groups: Sequence[int], parents: Parents) -> tuple[list[set[int]], list[set[int]]]:
    count = max(groups, default=-1) + 1
    above: list[set[int]] = [set() for _ in range(count)]
    below: list[set[int]] = [set() for _ in range(count)]
    for group, some in zip(groups, parents, strict=True):
        for parent in some:
            if groups[parent] != group:
                above[group].add(groups[parent])
                below[groups[parent]].add(group)
    return above, below


def _fits(groups: Sequence[int], parents: Parents, boxes: int) -> bool:
    if max(groups, default=-1) + 1 > boxes:
        return False
    above, below = _neighbours(groups, parents)
    if sum(map(len, above)) > _ARROWS:
        return False
    depths = depths_of([sorted(some) for some in above])
    crossed = (max(depths[child] for child in some) - depths[box] for box, some in enumerate(below) if some)
    return sum(crossed) <= _CROSSED
