"""Digests of nodes that refer to one another in any way: equal where what can be reached is equal.

What is in no circle has the digest of what it says and of its children's digests. The members of a circle are told
apart by colours: at first by what each says itself, then again and again by the colours of what it refers to, until
no two of one colour differ. The colours with what they stand for describe the whole circle, wherever one enters it,
and however often a thing is there twice.
"""

from collections import defaultdict
from collections.abc import Iterator

from foundations.keys.nodes import Below, Node, framed

Colours = dict[int, bytes]
NOTHING = Below()


def settle(root: Node) -> bytes:
    """Give `root` and all that it reaches their digests, and return that of `root`."""
    if root.digest is None:
        for circle in _circles(root):
            _settle(circle)
    assert root.digest is not None
    return root.digest


def _circles(root: Node) -> Iterator[list[Node]]:
    """Yield the strongly connected components without a digest, each after all that it refers to.

    Tarjan's algorithm, without recursion: https://en.wikipedia.org/wiki/Tarjan's_strongly_connected_components_algorithm
    """
    numbers: dict[int, int] = {}
    lowest: dict[int, int] = {}
    open_nodes: list[Node] = []
    is_open: set[int] = set()
    work: list[tuple[Node, Iterator[Node]]] = []

    def enter(node: Node, children: list[Node]) -> None:
        numbers[id(node)] = lowest[id(node)] = len(numbers)
        open_nodes.append(node)
        is_open.add(id(node))
        work.append((node, iter(children)))

    enter(root, _unsettled(root))
    while work:
        node, children = work[-1]
        for child in children:
            if child.digest is not None:
                continue
            if id(child) not in numbers:
                below = _unsettled(child)
                if below:
                    enter(child, below)
                    break
                yield [child]  # as most are: in no circle
                continue
            if id(child) in is_open:
                lowest[id(node)] = min(lowest[id(node)], numbers[id(child)])
        else:
            work.pop()
            if work:
                above = id(work[-1][0])
                lowest[above] = min(lowest[above], lowest[id(node)])
            if lowest[id(node)] == numbers[id(node)]:
                place = next(at for at in range(len(open_nodes) - 1, -1, -1) if open_nodes[at] is node)
                circle, open_nodes[place:] = open_nodes[place:], []
                is_open.difference_update(map(id, circle))
                yield circle


def _unsettled(node: Node) -> list[Node]:
    return [child for child in node.children if isinstance(child, Node) and child.digest is None]


def _settle(circle: list[Node]) -> None:
    below = _below(circle)
    for node in circle:
        node.below = below
        for child in node.children:
            if isinstance(child, Node):
                child.uses += 1
    if len(circle) == 1 and not any(child is circle[0] for child in circle[0].children):
        circle[0].digest = _described(circle[0], {})
        return
    colours = _stable_colours(circle)
    described = {colours[id(node)]: _described(node, colours) for node in circle}
    whole = framed(*(part for pair in sorted(described.items()) for part in pair))
    for node in circle:
        node.digest = framed(b"in a circle", whole, colours[id(node)])


def _below(circle: list[Node]) -> Below:
    """Return what is said of the members of a circle and of what they reach; nothing new for most."""
    told: dict[int, Below] = {}
    for node in circle:
        for child in node.children:
            if isinstance(child, Node) and child.below is not None and child.kind != "top level":
                told[id(child.below)] = child.below
    said = [one for one in told.values() if one is not NOTHING]
    said += [
        Below(node.looks_at, node.coarse, node.refused, frozenset(node.files))
        for node in circle
        if (node.looks_at or node.coarse or node.refused or node.files) and node.kind != "top level"
    ]
    if len(said) < 2:
        return said[0] if said else NOTHING
    return Below(
        frozenset().union(*(one.looks_at for one in said)),
        tuple(dict.fromkeys(why for one in said for why in one.coarse)),
        next((one.refused for one in said if one.refused), None),
        frozenset().union(*(one.files for one in said)),
    )


def _stable_colours(circle: list[Node]) -> Colours:
    colours = {id(node): framed(b"colour", node.kind.encode(), node.local, _outward(node)) for node in circle}
    inside = set(colours)
    users: dict[int, list[Node]] = defaultdict(list)
    for node in circle:
        for child in node.children:
            if isinstance(child, Node) and id(child) in inside:
                users[id(child)].append(node)
    changed = circle
    while changed:
        affected = {id(user): user for node in changed for user in users[id(node)]}
        changed = _split(circle, affected, colours)
    return colours


def _split(circle: list[Node], affected: dict[int, Node], colours: Colours) -> list[Node]:
    """Give those new colours that differ from others of their colour, and return them."""
    sizes: dict[bytes, int] = defaultdict(int)
    for node in circle:
        sizes[colours[id(node)]] += 1
    groups: dict[bytes, dict[bytes, list[Node]]] = defaultdict(lambda: defaultdict(list))
    for node in affected.values():
        groups[colours[id(node)]][_described(node, colours)].append(node)
    changed: list[Node] = []
    for colour, ways in groups.items():
        whole = sum(map(len, ways.values())) == sizes[colour]
        if len(ways) > 1 or not whole:  # else all of the colour have changed alike
            for way, nodes in ways.items():
                changed.extend(nodes)
                colours.update((id(node), framed(b"split", colour, way)) for node in nodes)
    return changed


def _described(node: Node, colours: Colours) -> bytes:
    parts = [b"=" + child if isinstance(child, bytes) else _name(child, colours) for child in node.children]
    if not node.ordered:
        parts.sort()
    return framed(node.kind.encode(), node.local, b"ordered" if node.ordered else b"", *parts)


def _name(child: Node, colours: Colours) -> bytes:
    return b"." + child.digest if child.digest is not None else b"*" + colours[id(child)]


def _outward(node: Node) -> bytes:
    """Return what stands for those children that are settled, and for where the others are."""
    parts = [
        b"=" + child if isinstance(child, bytes) else b"" if child.digest is None else _name(child, {})
        for child in node.children
    ]
    return framed(*(parts if node.ordered else sorted(parts)))
