"""Values that hold themselves: what stands for each part of such a circle."""

import hashlib
from typing import Any, Protocol

_ROUNDS = 16


class Node(Protocol):
    """A value in a circle; its children's tokens are bytes, or nodes of the same circle."""

    children: list[Any]
    ordered: bool

    def framed(self) -> bytes:
        """Return tag and data."""


def circle_tokens(nodes: list[Any]) -> list[bytes]:
    """Return what stands for each node of a circle, in which everything can be reached from everything.

    The nodes are numbered in the order in which they are found from one of them: who holds whom counts, and so do
    identities, since a ring of three is none of six.
    """
    labels = _labels(nodes)
    root = min(nodes, key=lambda node: labels[id(node)])
    order = _numbered(root, labels)
    numbers = {id(node): number for number, node in enumerate(order)}
    whole = hashlib.sha256()
    for node in order:
        whole.update(framed(node.framed()))
        whole.update(len(node.children).to_bytes(8, "big"))
        for child in _in_order(node, labels):
            name = child if isinstance(child, bytes) else b"*%d" % numbers[id(child)]
            whole.update(framed(name))
    return [b"&" + hashlib.sha256(whole.digest() + b"%d" % numbers[id(node)]).digest() for node in nodes]


def framed(data: bytes) -> bytes:
    """Return some bytes behind their length."""
    return len(data).to_bytes(8, "big") + data


def _labels(nodes: list[Any]) -> dict[int, bytes]:
    """Return what tells nodes apart without regard to where one begins: it only decides in which order they come."""
    labels = {id(node): hashlib.sha256(node.framed()).digest() for node in nodes}
    for _ in range(min(len(nodes), _ROUNDS)):
        labels = {id(node): _label(node, labels) for node in nodes}
    return labels


def _label(node: Any, labels: dict[int, bytes]) -> bytes:
    names = [child if isinstance(child, bytes) else labels[id(child)] for child in node.children]
    if not node.ordered:
        names.sort()
    return hashlib.sha256(b"".join(map(framed, (node.framed(), *names)))).digest()


def _in_order(node: Any, labels: dict[int, bytes]) -> list[Any]:
    if node.ordered:
        return node.children  # type: ignore[no-any-return]
    return sorted(node.children, key=lambda child: child if isinstance(child, bytes) else labels[id(child)])


def _numbered(root: Any, labels: dict[int, bytes]) -> list[Any]:
    found: dict[int, Any] = {}
    stack = [root]
    while stack:
        node = stack.pop()
        if id(node) not in found:
            found[id(node)] = node
            stack += [child for child in reversed(_in_order(node, labels)) if not isinstance(child, bytes)]
    return list(found.values())
