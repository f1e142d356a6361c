"""The stages above a stage, in an order in which they can run; nothing recurses."""

import heapq
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, TypeVar

# further up a circle is looked for only when the graph is run: searching for each of thousands would take long
_SEARCHED = 100


class Named(Protocol):
    """What has a name to be told by."""

    def name(self) -> str:
        """Return the name."""


Node = TypeVar("Node", bound=Named)
Parents = Callable[[Node], Iterable[Node]]


def ancestors(node: Node, parents: Parents[Node]) -> list[Node]:
    """Return `node` and what is above it, the nearest first."""
    return list(_came_from(node, parents))


def in_order(nodes: Iterable[Node], parents: Parents[Node], *, age: Callable[[Node], int]) -> list[Node]:
    """Return nodes behind their parents, and the older first where that leaves a choice.

    Raise `ValueError`, which names them, where some require one another in a circle.
    """
    by_age = {age(node): node for node in nodes}
    missing = dict.fromkeys(by_age, 0)
    children: dict[int, list[int]] = {place: [] for place in by_age}
    for place, node in by_age.items():
        for parent in parents(node):
            children[age(parent)].append(place)
            missing[place] += 1
    ready = [place for place, count in missing.items() if not count]
    heapq.heapify(ready)
    ordered = []
    while ready:
        place = heapq.heappop(ready)
        ordered.append(by_age[place])
        for child in children[place]:
            missing[child] -= 1
            if not missing[child]:
                heapq.heappush(ready, child)
    if len(ordered) < len(by_age):
        _raise_circle([by_age[place] for place, count in missing.items() if count], parents)
    return ordered


def refuse_circle(node: Node, required: Node, parents: Parents[Node]) -> None:
    """Raise `ValueError` where `required` is `node` or, as far as is looked, needs it."""
    came = _came_from(required, parents, most=_SEARCHED)
    if node in came:
        way: list[Node] = [node]
        while (before := came[way[-1]]) is not None:
            way.append(before)
        raise ValueError(_told([*way, node]))


def _came_from(node: Node, parents: Parents[Node], *, most: int | None = None) -> Mapping[Node, Node | None]:
    """Return `node` and what is above it, each with the one that led there."""
    came: dict[Node, Node | None] = {node: None}
    waiting = [node]
    for one in waiting:
        for parent in parents(one):
            if parent not in came:
                came[parent] = one
                waiting.append(parent)
        if most is not None and len(waiting) > most:
            break
    return came


def _raise_circle(left: list[Node], parents: Parents[Node]) -> None:
    """Raise for a circle among nodes each of which has a parent among them."""
    among, way = set(left), {left[0]: 0}
    one = left[0]
    while True:
        one = next(parent for parent in parents(one) if parent in among)
        if one in way:
            break
        way[one] = len(way)
    circle = list(way)[way[one] :]
    raise ValueError(_told([one, *reversed(circle)]))


def _told(way: list[Node]) -> str:
    names = [node.name() for node in way]
    shown = names if len(names) <= 10 else [*names[:5], "...", *names[-5:]]
    return f"stages can't need one another in a circle: {' -> '.join(shown)}; leave out one require"
