"""One thing with all that it reaches, written down: nodes are numbered as they are found, and referred to by number.

So circles need nothing special, things that are alike and not the same are told apart, and nothing depends on what was
looked at before.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import chain

from foundations.keys.graph_digest import settle
from foundations.keys.nodes import Node, framed
from foundations.keys.reflection import seen

_SCHEME = b"foundations-closure/1"


class Transcript:
    """What a node reaches: `nodes` in the order in which they are found, and the digest of it all."""

    def __init__(self, root: Node) -> None:
        numbers = {id(root): 0}
        self.nodes = [root]
        pieces = [_SCHEME]
        for node in self.nodes:  # which grows meanwhile
            for piece in node.written or _written(node):
                if isinstance(piece, bytes):
                    pieces.append(piece)
                    continue
                number = numbers.setdefault(id(piece), len(numbers))
                if number == len(self.nodes):
                    self.nodes.append(piece)
                pieces.append(b"*%d;" % number)
        self._whole = hashlib.sha256(b"".join(pieces))

    @property
    def inline(self) -> list[Node]:
        """Nodes that stand where they are referred to, which may be in many places."""
        return [one for node in self.nodes for one in _inline(node)]

    def digest(self, looks_at: frozenset[str]) -> bytes:
        """Return the digest for code that looks at some things beside what there is to call."""
        whole = self._whole.copy()
        for node in self.nodes if looks_at else ():
            data = seen(node, looks_at)
            whole.update(b"%d:" % len(data) + data)
        return whole.digest()

    def has_twins(self) -> bool:
        """Tell whether two values are alike, and one of them is referred to from more than one place."""
        alike: dict[bytes, list[Node]] = defaultdict(list)
        for node in self.nodes:
            if node.kind == "data":
                alike[node.digest or settle(node)].append(node)
        twins = {id(node) for nodes in alike.values() if len(nodes) > 1 for node in nodes}
        uses = Counter(map(id, chain.from_iterable(node.children for node in self.nodes)))
        return any(uses[twin] > 1 for twin in twins)


def _written(node: Node) -> tuple[Node | bytes, ...]:
    """Return what a transcript says of a node, with other nodes where it has the numbers of these."""
    pieces: list[Node | bytes] = []
    said: list[bytes] = []

    def add(one: Node) -> None:
        children = in_order(one)
        said.append(b"%d:%b%d:%b%d;" % (len(one.kind), one.kind.encode(), len(one.local), one.local, len(children)))
        for child in children:
            if isinstance(child, bytes):
                said.append(b"%d:%b" % (len(child), child))
            elif child.single:
                pieces.extend((b"".join(said), child))
                said.clear()
            else:
                add(child)

    add(node)
    node.written = (*pieces, b"".join(said))
    return node.written


def _inline(node: Node) -> Iterator[Node]:
    for child in in_order(node):
        if isinstance(child, Node) and not child.single:
            yield child
            yield from _inline(child)


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
