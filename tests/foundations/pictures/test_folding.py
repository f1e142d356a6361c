"""Folding: bounded whatever the graph, never a circle, and nothing folded that need not be."""

import random
from collections.abc import Sequence

import pytest

from foundations.pictures.folding import Fold, depths_of, fold

Graph = tuple[list[str], list[list[int]]]


def fan(width: int, *names: str) -> Graph:
    """Return chains of stages of these names, side by side, and one stage that needs them all."""
    kinds, parents = [], []
    for _ in range(width):
        for depth, name in enumerate(names):
            kinds.append(name)
            parents.append([len(kinds) - 2] if depth else [])
    return [*kinds, "total"], [*parents, [at for at, kind in enumerate(kinds) if kind == names[-1]]]


def chain(*names: str) -> Graph:
    return list(names), [[at - 1] if at else [] for at in range(len(names))]


def tangle(seed: int, size: int, kinds: int) -> Graph:
    chosen = random.Random(seed)
    parents = [chosen.sample(range(at), min(at, chosen.randrange(4))) for at in range(size)]
    return [f"kind_{chosen.randrange(kinds)}" for _ in range(size)], parents


def members(folded: Fold) -> list[int]:
    return [folded.groups.count(group) for group in range(folded.count)]


def test_a_small_graph_is_not_folded() -> None:
    kinds, parents = fan(20, "load")
    assert fold(kinds, parents, boxes=21) == Fold(tuple(range(21)), 21, frozenset())
    assert fold(kinds, parents, boxes=20).count == 2


def test_stages_of_one_name_with_the_same_parents_share_a_box() -> None:
    kinds, parents = fan(1000, "load", "clean", "train")
    folded = fold(kinds, parents, boxes=200)
    assert members(folded) == [1000, 1000, 1000, 1]
    assert folded.chained == frozenset()


def test_one_that_failed_keeps_a_box_of_its_own_as_do_those_below_it() -> None:
    kinds, parents = fan(1000, "load", "clean")
    told = [
        (kind, "failed" if at == 500 else "skipped" if at in (501, 2000) else "fine") for at, kind in enumerate(kinds)
    ]
    assert sorted(members(fold(told, parents, boxes=200))) == [1, 1, 1, 999, 999]


def test_a_chain_of_one_name_is_one_box_with_what_it_begins_with() -> None:
    folded = fold(*chain("load", *["step"] * 9_999), boxes=200)
    assert members(folded) == [1, 9_999]
    assert folded.chained == {1}


def test_a_chain_of_changing_names_is_cut_into_pieces() -> None:
    folded = fold(*chain(*["odd", "even"] * 5_000), boxes=200)
    assert folded.count == 24
    assert set(members(folded)) <= {416, 417}
    assert folded.chained == set(range(24))


def test_stages_that_differ_in_their_parents_share_a_box_where_there_are_too_many() -> None:
    kinds = ["load"] * 300 + ["train"] * 300
    parents: list[list[int]] = [[] for _ in range(300)] + [[at % 300, (at * 7) % 300] for at in range(300)]
    different = [f"{kind}_{at}" if kind == "load" and at < 150 else kind for at, kind in enumerate(kinds)]
    assert members(fold(kinds, parents, boxes=200)) == [300, 300]
    assert fold(different, parents, boxes=200).count == 152


def test_arrows_are_bounded_too() -> None:
    kinds = [f"kind_{at}" for at in range(190)]
    parents = [list(range(max(0, at - 50), at)) for at in range(190)]
    assert fold(kinds, parents, boxes=200).count == 24
    everything_to_the_last = [[at - 1] if at else [] for at in range(189)] + [list(range(189))]
    assert fold(kinds, everything_to_the_last, boxes=200).count == 24


@pytest.mark.parametrize("boxes", [1, 2, 7, 50, 200])
@pytest.mark.parametrize(
    "graph",
    [
        fan(500, "a", "b"),
        chain(*"ab" * 300),
        *(tangle(seed, 600, 1 + 3 * seed) for seed in range(6)),
        ([], []),
        (["a"], [[]]),
    ],
    ids=["fan", "chain", *(f"tangle{seed}" for seed in range(6)), "nothing", "one"],
)
def test_whatever_the_graph_boxes_are_few_and_their_numbers_rise_along_arrows(graph: Graph, boxes: int) -> None:
    kinds, parents = graph
    folded = fold(kinds, parents, boxes=boxes)
    assert folded.count <= boxes
    assert sorted(set(folded.groups)) == list(range(folded.count))
    inside = set()
    for group, some in zip(folded.groups, parents, strict=True):
        assert all(folded.groups[parent] <= group for parent in some)
        inside |= {group for parent in some if folded.groups[parent] == group}
    assert folded.chained == inside


@pytest.mark.parametrize(
    ("parents", "depths"),
    [([], []), ([[], [0], [1], [0, 2]], [0, 1, 2, 3]), ([[], [], [0, 1], []], [0, 0, 1, 0])],
)
def test_the_depth_of_a_stage_is_its_longest_way_down(parents: Sequence[Sequence[int]], depths: list[int]) -> None:
    assert depths_of(parents) == depths
