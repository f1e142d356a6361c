"""Transcripts: what is alike and what is the same are told apart, whatever else has been written down before."""

import hashlib

import pytest

from foundations.keys.graph_digest import settle
from foundations.keys.nodes import Node
from foundations.keys.transcript import Transcript

NOTHING: frozenset[str] = frozenset()


def _value(*children: Node | bytes, local: bytes = b"list") -> Node:
    return Node("data", "", local=local, children=[*children])


def _function(*children: Node | bytes) -> Node:
    return Node("function", "", local=b"code", children=[*children])


def _settled(root: Node) -> Node:
    settle(root)
    return root


def test_one_value_twice_is_not_two_that_are_alike() -> None:
    shared, other = _value(), _value()
    once = Transcript(_settled(_function(shared, shared, other)))
    turned = Transcript(_settled(_function(shared, other, other)))
    assert once.has_twins()
    assert turned.has_twins()
    assert once.digest(NOTHING) != turned.digest(NOTHING)


def test_values_that_are_referred_to_once_are_no_twins() -> None:
    assert not Transcript(_settled(_function(_value(), _value()))).has_twins()
    assert not Transcript(_settled(_function(shared := _value(), shared, _value(local=b"dict")))).has_twins()


@pytest.mark.parametrize("others_first", [False, True])
def test_what_was_written_before_changes_nothing(others_first: bool) -> None:
    shared = _value()
    below = _function(shared, shared, b"x", Node("constant", "", local=b"1", single=False, children=[shared]))
    circle = _function(below)
    circle.children.append(circle)
    root, other = _settled(_function(circle, below)), _settled(_function(_value(), below, shared))
    if others_first:
        Transcript(other)
        Transcript(circle)
    said = hashlib.sha256(b"foundations-closure/1")
    said.update(b"8:function4:code2;*1;*2;")
    said.update(b"8:function4:code2;*2;*1;")
    said.update(b"8:function4:code4;*3;*3;1:x8:constant1:11;*3;")
    said.update(b"4:data4:list0;")
    assert Transcript(root).digest(NOTHING) == said.digest()


def test_what_stands_where_it_is_referred_to_is_listed_by_its_holder() -> None:
    inner = Node("constant", "inner", single=False)
    outer = Node("constant", "outer", single=False, children=[inner, b"x"])
    root = _settled(_function(outer, _value(inner)))
    assert [one.name for one in Transcript(root).inline] == ["outer", "inner", "inner"]


def test_order_of_children_without_order_does_not_show() -> None:
    def transcript(*children: Node | bytes) -> bytes:
        held = Node("data", "", local=b"set", children=[*children], ordered=False)
        return Transcript(_settled(_function(held))).digest(NOTHING)

    assert transcript(b"1", b"2", _value()) == transcript(_value(), b"2", b"1")
