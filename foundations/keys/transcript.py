"""One thing with all that it reaches, written down: nodes are numbered as they are found, and referred to by number.

So circles need nothing special, things that are alike and not the same are told apart, and nothing depends on what was
looked at before.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator

from foundations.keys.graph_digest import settle
from foundations.keys.nodes import Node, framed
from foundations.keys.reflection import seen

_SCHEME = b"foundations-closure/1"


class Transcript:
    """What a node reaches: `nodes` in the order in which they are found, and the digest of it all."""

    def __init__(self, root: Node) -> None:
        self._whole = hashlib.sha256(_SCHEME)
        self._numbers = {id(root): 0}
        self.nodes = [root]
        self.inline: list[Node] = []
        for node in self.nodes:  # which grows meanwhile
            self._write(node)

    def digest(self, looks_at: frozenset[str]) -> bytes:
        """Return the digest for code that looks at some things beside what there is to call."""
        whole = self._whole.copy()
        for node in self.nodes if looks_at else ():
            data = seen(node, looks_at)
            whole.update(b"%d:" % len(data) + data)
        return whole.digest()

    def has_twins(self) -> bool:
        """Tell whether two values are alike, and one of them is referred to from more than one place."""
        uses: Counter[int] = Counter(
            id(child) for node in self.nodes for child in node.children if isinstance(child, Node) and child.single
        )
        alike: dict[bytes, list[Node]] = defaultdict(list)
        for node in self.nodes:
            if node.kind == "data":
                alike[settle(node)].append(node)
        return any(len(nodes) > 1 and any(uses[id(node)] > 1 for node in nodes) for nodes in alike.values())

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


def reached(root: Node) -> Iterator[Node]:
    """Yield everything that a node reaches."""
    found = {id(root)}
    waiting = [root]
    for node in waiting:
        yield node
        for child in node.children:
            if isinstance(child, Node) and id(child) not in found:
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
