"""One thing with all that it reaches, written down: nodes are numbered as they are found, and referred to by number.

So circles need nothing special, things that are alike and not the same are told apart, and nothing depends on what was
looked at before.
"""

import hashlib
from collections.abc import Iterator

from foundations.keys.graph_digest import settle
from foundations.keys.nodes import Node, framed
from foundations.keys.reflection import seen

_SCHEME = b"foundations-closure/1"


class Transcript:
    """What a node reaches: `nodes` in the order in which they are found, and the digest of it all."""

    def __init__(self, root: Node, looks_at: frozenset[str] = frozenset()) -> None:
        self._whole = hashlib.sha256(_SCHEME)
        self._numbers = {id(root): 0}
        self.nodes = [root]
        self.inline: list[Node] = []
        for node in self.nodes:  # which grows meanwhile
            self._write(node)
        self.looks_at = looks_at.union(*(node.looks_at for node in self.nodes if node.kind != "top level"))
        if self.looks_at:
            for node in self.nodes:
                self._add(seen(node, self.looks_at))
        self.digest = self._whole.digest()

    def _add(self, data: bytes) -> None:
        self._whole.update(b"%d:" % len(data) + data)

    def _write(self, node: Node) -> None:
        self._add(node.kind.encode())
        self._add(node.local)
        children = in_order(node)
        self._whole.update(b"%d;" % len(children))
        for child in children:
            if not isinstance(child, Node):
                self._add(child)
            elif child.single:
                self._whole.update(b"*%d;" % self._number(child))
            else:
                self.inline.append(child)
                self._write(child)

    def _number(self, node: Node) -> int:
        number = self._numbers.get(id(node))
        if number is None:
            number = self._numbers[id(node)] = len(self.nodes)
            self.nodes.append(node)
        return number


def in_order(node: Node) -> list[Node | bytes]:
    """Return a node's children in an order that is the same in every process."""
    if node.ordered:
        return node.children
    settle(node)
    return sorted(node.children, key=lambda child: child if isinstance(child, bytes) else child.digest or b"")


def running(root: Node) -> Iterator[Node]:
    """Yield what a node reaches without what only runs when modules are imported."""
    found = {id(root)}
    waiting = [root]
    for node in waiting:
        yield node
        for child in node.children:
            if isinstance(child, Node) and child.kind != "top level" and id(child) not in found:
                found.add(id(child))
                waiting.append(child)


def data_digest(root: Node) -> bytes:
    """Return a digest of what a value holds, in which functions and classes only have names."""
    numbers: dict[int, int] = {id(root): 0}
    waiting: list[Node] = [root]
    parts: list[bytes] = []
    for node in waiting:
        parts.append(node.local)
        for child in in_order(node):
            if not isinstance(child, Node):
                parts.append(child)
            elif child.kind not in ("data", "constant"):
                parts.append(child.name.encode("utf-8", "surrogatepass"))
            else:
                if id(child) not in numbers:
                    numbers[id(child)] = len(waiting)
                    waiting.append(child)
                parts.append(b"*%d" % numbers[id(child)])
    return framed(*parts)
