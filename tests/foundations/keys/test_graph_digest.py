"""Digests of graphs: the same for what unfolds to the same, wherever one begins and however it is built."""

import random

import pytest

from foundations.keys.graph_digest import settle
from foundations.keys.nodes import Node


def _graph(edges: dict[str, str], *, order: int = 0, unordered: str = "") -> dict[str, Node]:
    """Make nodes with one letter each; `order` only decides which is made first."""
    names = sorted(edges)
    random.Random(order).shuffle(names)
    nodes = {name: Node("function", "", local=name[0].encode(), ordered=name not in unordered) for name in names}
    for name in names:
        nodes[name].children = [nodes[word] if word in nodes else word.encode() for word in edges[name].split()]
    return nodes


def _digests(edges: dict[str, str], first: str, **more: object) -> dict[str, bytes]:
    nodes = _graph(edges, **more)  # type: ignore[arg-type]
    settle(nodes[first])
    return {name: settle(node) for name, node in nodes.items()}


CIRCLE = {"a": "b x", "b": "c a", "c": "a d", "d": "y"}


def test_digests_do_not_depend_on_where_one_begins() -> None:
    found = [_digests(CIRCLE, first, order=order) for order in range(5) for first in CIRCLE]
    assert all(one == found[0] for one in found)
    assert len(set(found[0].values())) == 4


@pytest.mark.parametrize("name", CIRCLE)
def test_every_member_of_a_circle_counts_for_all(name: str) -> None:
    before = _digests(CIRCLE, "a")
    after = _digests({**CIRCLE, name: f"{CIRCLE[name]} more"}, "a")
    assert {one for one in "abc" if before[one] != after[one]} == set("abc")


def test_twins_and_one_that_is_there_twice_are_the_same() -> None:
    once = _digests({"a": "b b", "b": "x"}, "a")
    twice = _digests({"a": "b b2", "b": "x", "b2": "x"}, "a")
    assert once["a"] == twice["a"]


def test_children_without_order_count_without_order() -> None:
    edges = {"s": "a b", "a": "s 1", "b": "s 2"}
    turned = {**edges, "s": "b a"}
    assert _digests(edges, "s", unordered="s") == _digests(turned, "s", unordered="s")
    assert _digests(edges, "s")["s"] != _digests(turned, "s")["s"]


def test_members_that_are_alike_are_told_apart_by_what_they_reach() -> None:
    edges = {f"n{at}": f"n{(at + 1) % 50}" for at in range(50)}
    edges["n7"] += " end"
    digests = _digests(edges, "n0")
    assert len(set(digests.values())) == 50
    assert _digests({**edges, "n7": "n8", "n8": "n9 end"}, "n0")["n0"] != digests["n0"]


def test_long_chains_and_long_circles_need_no_recursion() -> None:
    chain = {f"n{at}": f"n{at + 1}" for at in range(5000)} | {"n5000": "end"}
    assert len(set(_digests(chain, "n0").values())) == 5001
    circle = {f"n{at}": f"n{(at + 1) % 2000}" for at in range(2000)}
    circle["n1000"] += " end"
    assert len(set(_digests(circle, "n0").values())) == 2000
