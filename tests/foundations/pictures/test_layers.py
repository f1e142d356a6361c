"""Rows: below what is needed, arrows in pieces from row to row, and few crossings."""

import random

import pytest

from foundations.pictures.layers import Rows, rows_of
from foundations.pictures.shapes import Edge


def edges_of(*pairs: tuple[int, int]) -> list[Edge]:
    return [Edge(start, end) for start, end in pairs]


def tangle(seed: int) -> list[Edge]:
    chosen = random.Random(seed)
    pairs = {(start, end) for end in range(1, 60) for start in chosen.sample(range(end), min(end, 3))}
    return [Edge(start, end, required=chosen.random() < 0.2) for start, end in sorted(pairs)]


def levels_of(rows: Rows) -> dict[int, int]:
    return {cell: level for level, row in enumerate(rows.rows) for cell in row}


def test_nothing_has_no_rows() -> None:
    assert rows_of(0, []) == Rows((), (), 0)


def test_boxes_that_need_nothing_stand_close_to_who_needs_them() -> None:
    rows = rows_of(5, edges_of((0, 1), (1, 2), (2, 4), (3, 4)))
    assert [sorted(row) for row in rows.rows] == [[0], [1], [2, 3], [4]]
    assert rows.cells == 5


def test_boxes_that_nobody_is_tied_to_stand_at_the_top() -> None:
    assert [sorted(row) for row in rows_of(3, edges_of((0, 2))).rows] == [[0, 1], [2]]


def test_long_arrows_of_one_box_share_their_way_but_not_with_those_that_hand_nothing_on() -> None:
    edges = [*edges_of((0, 1), (1, 2), (2, 3), (3, 4), (0, 3), (0, 4)), Edge(0, 2, required=True)]
    rows = rows_of(5, edges)
    assert rows.cells == 5 + 3 + 1


@pytest.mark.parametrize("seed", range(8))
def test_every_link_leads_to_the_next_row_and_every_arrow_arrives_once(seed: int) -> None:
    edges = tangle(seed)
    rows = rows_of(60, edges)
    levels = levels_of(rows)
    assert sorted(levels) == list(range(rows.cells))
    assert all(levels[link.end] == levels[link.start] + 1 for link in rows.links)
    into = {link.end: link for link in rows.links if link.end >= 60}
    arrived = []
    for link in rows.links:
        if link.edge:
            at = link.start
            while at >= 60:
                assert into[at].required == link.required
                at = into[at].start
            arrived.append((at, link.end))
            assert (link.edge.start, link.edge.end) == (at, link.end)
    assert sorted(arrived) == sorted((edge.start, edge.end) for edge in edges)


def crossings(rows: Rows) -> int:
    place = {cell: at for row in rows.rows for at, cell in enumerate(row)}
    level = levels_of(rows)
    links = [(level[link.start], place[link.start], place[link.end]) for link in rows.links]
    return sum(
        one[0] == other[0] and (one[1] - other[1]) * (one[2] - other[2]) < 0
        for at, one in enumerate(links)
        for other in links[at + 1 :]
    )


def test_chains_side_by_side_do_not_cross_whatever_order_they_come_in() -> None:
    chosen = random.Random(1)
    order = chosen.sample(range(20), 20)
    edges = [Edge(at, 20 + place) for at, place in enumerate(order)]
    assert crossings(rows_of(40, edges)) == 0


def test_a_tree_has_no_crossings() -> None:
    edges = [Edge(at, 31 - 1 - (31 - 1 - at - 1) // 2) for at in range(30)]
    assert crossings(rows_of(31, edges)) == 0
