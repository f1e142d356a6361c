"""Where boxes go, as ranks: each in a row below all that it needs, and in its row near those that it is tied to."""

from collections.abc import Sequence
from dataclasses import dataclass

from foundations.pictures.folding import depths_of
from foundations.pictures.shapes import Edge

_SWEEPS = 6


@dataclass(frozen=True)
class Link:
    """A piece of an arrow from one row to the next; `edge` where it reaches its box."""

    start: int
    end: int
    required: bool
    edge: Edge | None = None


@dataclass(frozen=True)
class Rows:
    """Cells by row, from left to right, and the links between them.

    The first cells are the boxes, under their numbers; the others are points through which long arrows pass.
    """

    rows: tuple[tuple[int, ...], ...]
    links: tuple[Link, ...]
    cells: int


def rows_of(boxes: int, edges: Sequence[Edge]) -> Rows:
    """Return the rows of a drawing whose edges all lead to a higher number."""
    depths = _depths(boxes, edges)
    levels, links = list(depths), []
    tracks: dict[tuple[int, bool], list[int]] = {}
    for edge in edges:
        # the arrows of one box share their way down
        track = tracks.setdefault((edge.start, edge.required), [edge.start])
        while levels[track[-1]] < depths[edge.end] - 1:
            links.append(Link(track[-1], len(levels), edge.required))
            levels.append(levels[track[-1]] + 1)
            track.append(len(levels) - 1)
        links.append(Link(track[depths[edge.end] - 1 - depths[edge.start]], edge.end, edge.required, edge))
    rows: list[list[int]] = [[] for _ in range(max(levels, default=-1) + 1)]
    for cell, level in enumerate(levels):
        rows[level].append(cell)
    _untangle(rows, links, len(levels))
    return Rows(tuple(map(tuple, rows)), tuple(links), len(levels))


def _depths(boxes: int, edges: Sequence[Edge]) -> list[int]:
    parents: list[list[int]] = [[] for _ in range(boxes)]
    children: list[list[int]] = [[] for _ in range(boxes)]
    for edge in edges:
        parents[edge.end].append(edge.start)
        children[edge.start].append(edge.end)
    depths = depths_of(parents)
    for box, some in enumerate(children):
        if some and not parents[box]:  # what needs nothing stands close to who needs it
            depths[box] = min(depths[child] for child in some) - 1
    return depths


def _untangle(rows: list[list[int]], links: Sequence[Link], cells: int) -> None:
    """Order each row by the mean place of its cells' neighbours in the row before, downwards and upwards in turn."""
    above, below = neighbours(links, cells)
    place = [0] * cells
    for row in rows:
        for number, cell in enumerate(row):
            place[cell] = number
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        near = above if down else below
        for row in rows if down else reversed(rows):
            means = {cell: mean_of([place[one] for one in near[cell]], place[cell]) for cell in row}
            row.sort(key=means.__getitem__)
            for number, cell in enumerate(row):
                place[cell] = number


def neighbours(links: Sequence[Link], cells: int) -> tuple[list[list[int]], list[list[int]]]:
    """Return the cells above each that links lead from, and those below that they lead to."""
    above: list[list[int]] = [[] for _ in range(cells)]
    below: list[list[int]] = [[] for _ in range(cells)]
    for link in links:
        above[link.end].append(link.start)
        below[link.start].append(link.end)
    return above, below


def mean_of(places: Sequence[float], otherwise: float) -> float:
    """Return the mean of some places; `otherwise` where there are none."""
    return sum(places) / len(places) if places else otherwise
