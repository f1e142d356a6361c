"""What is above something, in an order in which it can run."""

from collections.abc import Iterable

import pytest

from foundations.ancestors import ancestors, in_order, refuse_circle


class Node:
    """Something with a name, an age and parents."""

    def __init__(self, place: int, *above: "Node") -> None:
        self.place, self.above = place, list(above)

    def name(self) -> str:
        return f"n{self.place}"


def above(node: Node) -> Iterable[Node]:
    return node.above


def order(nodes: Iterable[Node]) -> list[int]:
    return [node.place for node in in_order(nodes, above, age=lambda node: node.place)]


def chain(length: int) -> list[Node]:
    nodes = [Node(0)]
    for place in range(1, length):
        nodes.append(Node(place, nodes[-1]))
    return nodes


def test_ancestors_are_found_once_and_the_nearest_first() -> None:
    top = Node(0)
    left, right = Node(1, top), Node(2, top)
    assert ancestors(Node(3, left, right, top), above)[1:] == [left, right, top]


def test_all_of_a_long_chain_are_found() -> None:
    assert len(ancestors(chain(1000)[-1], above)) == 1000


def test_the_older_comes_first_where_there_is_a_choice() -> None:
    first, second, third = Node(5), Node(1), Node(3)
    last = Node(7, first, third, second)
    assert order([last, first, third, second]) == [1, 3, 5, 7]


def test_parents_come_first_whatever_their_age() -> None:
    young = Node(9)
    old = Node(1, young)
    assert order([old, young, Node(4)]) == [4, 9, 1]


def test_a_long_chain_is_put_in_order() -> None:
    nodes = chain(20_000)
    assert order(reversed(nodes)) == list(range(20_000))


def test_nodes_in_a_circle_are_named_in_the_order_in_which_they_would_run() -> None:
    first = Node(0)
    second = Node(1, first)
    third = Node(2, second, Node(4))
    first.above.append(third)
    with pytest.raises(ValueError, match=r"in a circle: n(\d) -> n\d -> n\d -> n\1; leave out one require") as raised:
        order([first, second, third, third.above[1], Node(5, third)])
    ways = {"n0 -> n1 -> n2 -> n0", "n1 -> n2 -> n0 -> n1", "n2 -> n0 -> n1 -> n2"}
    assert str(raised.value).partition("circle: ")[2].partition(";")[0] in ways


def test_a_node_below_what_it_would_require_is_refused() -> None:
    nodes = chain(3)
    refuse_circle(nodes[2], nodes[0], above)
    with pytest.raises(ValueError, match="in a circle: n0 -> n1 -> n2 -> n0; "):
        refuse_circle(nodes[0], nodes[2], above)
    with pytest.raises(ValueError, match="in a circle: n1 -> n1; "):
        refuse_circle(nodes[1], nodes[1], above)


def test_a_circle_is_looked_for_nearby_only() -> None:
    nodes = chain(1000)
    with pytest.raises(ValueError, match="circle"):
        refuse_circle(nodes[950], nodes[-1], above)
    refuse_circle(nodes[0], nodes[-1], above)
