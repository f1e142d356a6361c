"""Pixels: boxes never touch, and what hangs together stands straight."""

import itertools
import random

import pytest

from foundations.pictures.layout import Layout, Size, layout_of
from foundations.pictures.shapes import Edge


def tangle(seed: int) -> tuple[list[Size], list[Edge]]:
    chosen = random.Random(seed)
    pairs = {(start, end) for end in range(1, 60) for start in chosen.sample(range(end), min(end, 2))}
    sizes = [Size(chosen.uniform(20, 300), chosen.uniform(20, 120)) for _ in range(60)]
    return sizes, [Edge(start, end) for start, end in sorted(pairs)]


def box(layout: Layout, sizes: list[Size], number: int) -> tuple[float, float, float, float]:
    spot, size = layout.spots[number], sizes[number]
    return spot.x - size.width / 2, spot.top, spot.x + size.width / 2, spot.bottom


@pytest.mark.parametrize("seed", range(8))
def test_boxes_never_touch_and_lie_within_the_picture(seed: int) -> None:
    sizes, edges = tangle(seed)
    layout = layout_of(sizes, edges)
    boxes = [box(layout, sizes, number) for number in range(60)]
    for one, other in itertools.combinations(boxes, 2):
        assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
    assert min(one[0] for one in boxes) > -0.01
    assert max(one[2] for one in boxes) < layout.size.width + 0.01
    assert max(one[3] for one in boxes) < layout.size.height + 0.01
    assert [one[3] - one[1] for one in boxes] == pytest.approx([size.height for size in sizes])


@pytest.mark.parametrize("seed", range(8))
def test_every_arrow_leaves_one_box_and_arrives_at_the_other(seed: int) -> None:
    sizes, edges = tangle(seed)
    layout = layout_of(sizes, edges)
    arriving = [curve for curve in layout.curves if curve.edge]
    assert sorted((curve.edge.start, curve.edge.end) for curve in arriving if curve.edge) == [
        (edge.start, edge.end) for edge in edges
    ]
    for curve in arriving:
        assert curve.edge is not None
        left, top, right, _ = box(layout, sizes, curve.edge.end)
        assert left <= curve.end[0] <= right
        assert curve.end[1] == top
        assert curve.start.floor < top


def test_arrows_that_arrive_at_one_box_stand_side_by_side() -> None:
    layout = layout_of([Size(100, 30)] * 4, [Edge(0, 3), Edge(1, 3), Edge(2, 3)])
    places = sorted(curve.end[0] for curve in layout.curves)
    assert [round(right - left, 3) for left, right in itertools.pairwise(places)] == [24.0, 24.0]


def test_a_chain_is_a_straight_line() -> None:
    layout = layout_of([Size(50 + 10 * (at % 7), 30) for at in range(50)], [Edge(at, at + 1) for at in range(49)])
    assert {round(spot.x, 3) for spot in layout.spots} == {round(layout.spots[0].x, 3)}


def test_one_box_that_needs_many_stands_below_their_middle() -> None:
    layout = layout_of([Size(100, 30)] * 6, [Edge(at, 5) for at in range(5)])
    assert layout.spots[5].x == pytest.approx(layout.size.width / 2)


def test_nothing_takes_no_place() -> None:
    assert layout_of([], []) == Layout((), (), Size(0.0, 0.0))
    assert layout_of([Size(10, 20)], []).size == Size(10, 20)
