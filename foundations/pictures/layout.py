"""Where boxes go, in pixels."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from foundations.pictures.layers import Link, Rows, mean_of, neighbours, rows_of
from foundations.pictures.shapes import Edge

_GAP = 28.0
_TRACK = 14.0
_PORT = 24.0
_SHORTEST, _LONGEST = 46.0, 150.0
_SWEEPS = 14


@dataclass(frozen=True)
class Size:
    """The width and height of a box."""

    width: float
    height: float


@dataclass(frozen=True)
class Spot:
    """A box's or a passing arrow's place: its middle from the left, its top and bottom, and the bottom of its row."""

    x: float
    top: float
    bottom: float
    floor: float


@dataclass(frozen=True)
class Curve:
    """A piece of an arrow: from a box or the top of a row to the next row; `edge` where it reaches its box."""

    start: Spot
    end: tuple[float, float]
    required: bool
    edge: Edge | None


@dataclass(frozen=True)
class Layout:
    """Where all is: a spot for each box, and arrows in pieces."""

    spots: tuple[Spot, ...]
    curves: tuple[Curve, ...]
    size: Size


def layout_of(sizes: Sequence[Size], edges: Sequence[Edge]) -> Layout:
    """Return where boxes of these sizes go."""
    rows = rows_of(len(sizes), edges)
    widths = [size.width for size in sizes] + [0.0] * (rows.cells - len(sizes))
    across = _across(rows, widths)
    tops, heights = _down(rows, sizes, across)
    spots = []
    for cell in range(rows.cells):
        height = sizes[cell].height if cell < len(sizes) else 0.0
        spots.append(Spot(across[cell], tops[cell], tops[cell] + height, tops[cell] + heights[cell]))
    right = max((x + width / 2 for x, width in zip(across, widths, strict=True)), default=0.0)
    bottom = max((spot.floor for spot in spots), default=0.0)
    return Layout(tuple(spots[: len(sizes)]), tuple(_curves(rows, spots, widths)), Size(right, bottom))


def _curves(rows: Rows, spots: Sequence[Spot], widths: Sequence[float]) -> Iterator[Curve]:
    """Yield the links as curves; those that reach one box stand side by side, in the order in which they come."""
    arriving: dict[int, list[Link]] = {}
    for link in rows.links:
        arriving.setdefault(link.end, []).append(link)
    for cell, links in arriving.items():
        end = spots[cell]
        room = min(widths[cell] * 0.8, _PORT * len(links))
        for place, link in enumerate(sorted(links, key=lambda link: spots[link.start].x)):
            x = end.x + room * ((place + 0.5) / len(links) - 0.5)
            yield Curve(spots[link.start], (x, end.top), link.required, link.edge)


def _across(rows: Rows, widths: Sequence[float]) -> list[float]:
    """Return the middle of each cell: as near to its neighbours' as the row's order and the widths leave it."""
    above, below = neighbours(rows.links, rows.cells)
    across = [0.0] * rows.cells
    apart = [_apart(row, widths) for row in rows.rows]
    for row, offsets in zip(rows.rows, apart, strict=True):
        for cell, offset in zip(row, offsets, strict=True):
            across[cell] = offset - offsets[-1] / 2
    for sweep in range(_SWEEPS):
        # downwards at last: what has one parent then stands below it, and long arrows are straight
        near, order = (below, reversed(range(len(apart)))) if sweep % 2 == 0 else (above, range(len(apart)))
        for number in order:
            row = rows.rows[number]
            wished = [mean_of([across[one] for one in near[cell]], across[cell]) for cell in row]
            for cell, x in zip(row, _spread(wished, apart[number]), strict=True):
                across[cell] = x
    left = min((x - width / 2 for x, width in zip(across, widths, strict=True)), default=0.0)
    return [x - left for x in across]


def _apart(row: Sequence[int], widths: Sequence[float]) -> list[float]:
    """Return how far each cell of a row has to be from the first at least."""
    offsets = [0.0]
    for left, right in itertools.pairwise(row):
        gap = _GAP if widths[left] and widths[right] else _TRACK
        offsets.append(offsets[-1] + (widths[left] + widths[right]) / 2 + gap)
    return offsets[: len(row)]


def _spread(wished: Sequence[float], apart: Sequence[float]) -> list[float]:
    """Return the places nearest to those wished for that keep order and distance: an isotonic regression."""
    pools: list[tuple[float, int]] = []
    for wish, offset in zip(wished, apart, strict=True):
        total, count = wish - offset, 1
        while pools and pools[-1][0] / pools[-1][1] > total / count:
            before = pools.pop()
            total, count = total + before[0], count + before[1]
        pools.append((total, count))
    means = [total / count for total, count in pools for _ in range(count)]
    return [mean + offset for mean, offset in zip(means, apart, strict=True)]


def _down(rows: Rows, sizes: Sequence[Size], across: Sequence[float]) -> tuple[list[float], list[float]]:
    """Return the top of each cell and the height of its row; wide leaps between rows get more room."""
    level = {cell: number for number, row in enumerate(rows.rows) for cell in row}
    leaps = [0.0] * (len(rows.rows) + 1)
    for link in rows.links:
        gap = level[link.end]
        leaps[gap] = max(leaps[gap], abs(across[link.end] - across[link.start]))
    tops, heights, top = [0.0] * rows.cells, [0.0] * rows.cells, 0.0
    for number, row in enumerate(rows.rows):
        top += min(max(_SHORTEST, leaps[number] / 8), _LONGEST) if number else 0.0
        height = max((sizes[cell].height for cell in row if cell < len(sizes)), default=0.0)
        for cell in row:
            tops[cell], heights[cell] = top, height
        top += height
    return tops, heights
