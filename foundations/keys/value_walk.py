"""One walk over a value and all that it holds, from the inside out; nothing here recurses."""

import hashlib
import pathlib
import types
from collections.abc import Callable
from typing import Any

from foundations.keys.ignored import Ignored
from foundations.keys.kinds import TakeApart, counts_by_code, way_of
from foundations.keys.no_identity import NoStableIdentity, Refused, said, type_name
from foundations.keys.plain_values import ATOMS, CONTAINERS, atom_token, plain_token
from foundations.keys.trees import Hashers, Tree
from foundations.keys.value_cycles import circle_tokens, framed
from foundations.keys.value_parts import Content, Parts

_ATOMS = frozenset(map(id, ATOMS))
_CONTAINERS = frozenset(map(id, CONTAINERS))
_LONG_TEXT = 4096
_LARGE_TEXT = 1024 * 1024
_IGNORED = b"i"
# one waits for another in turn, and no more deeply than this
_DEEPEST_PENDING = 4


class Node:
    """A value that has been taken apart, and what is known of its children."""

    __slots__ = ("at", "children", "index", "low", "ordered", "parts", "pending", "value")

    def __init__(self, value: Any, parts: Parts, index: int) -> None:
        self.value, self.parts, self.ordered = value, parts, parts.ordered
        self.index = self.low = index
        self.at = 0
        self.pending = False
        # a token each; a tree that is being hashed, or a node of the same circle, until these have one
        self.children: list[Any] = []

    def framed(self) -> bytes:
        """Return tag and data."""
        mark = b"o" if self.ordered else b"u"
        return mark + framed(self.parts.tag.encode()) + framed(self.parts.data)

    def token(self) -> bytes:
        """Return what stands for the node, all of whose children have tokens."""
        children = self.children if self.ordered else sorted(self.children)
        whole = hashlib.sha256(framed(self.framed()))
        whole.update(len(children).to_bytes(8, "big"))
        # no token is longer than 255 bytes
        whole.update(b"".join([b"%c%b" % (len(child), child) for child in children]))
        return b"@" + whole.digest()


class Pending:
    """A node in which something large is still being hashed, by threads; others may begin meanwhile."""

    __slots__ = ("_node", "depth")

    def __init__(self, node: Node) -> None:
        self._node = node
        self.depth = 1 + max(child.depth for child in node.children if not isinstance(child, bytes))
        # what was copied to be hashed can go as soon as it is
        node.parts.children = ()

    def token(self) -> bytes:
        """Wait, and return what stands for the node."""
        self._node.children = [_settled(child) for child in self._node.children]
        return self._node.token()


class Walk:
    """The tokens of values: equal for equal values, and for no others. What is shared is looked at once."""

    def __init__(self, code: Callable[[Any], bytes], hashers: Hashers, *, fast: bool = True) -> None:
        self._code, self._hashers, self._fast = code, hashers, fast
        self._tokens: dict[int, bytes | Pending] = {}
        self._alive: list[Any] = []  # an address means something only as long as what is there lives
        self._ways: dict[int, TakeApart | None] = {}
        self._open: dict[int, Node] = {}
        self._circle: list[Node] = []
        self._strings: list[str] = []
        self.texts = [self._strings]

    def token(self, value: Any, path: str) -> bytes:
        """Return what stands for `value`; raise `NoStableIdentity` with the path to what has none."""
        stack: list[Node] = []
        found = self._known(value)
        if found is None:
            self._begin(value, stack, path)
        while stack:
            node = stack[-1]
            if not self._take_known(node):
                self._begin(node.parts.children[node.at], stack, path)
                continue
            stack.pop()
            found = self._finished(node)
            if stack:
                above = stack[-1]
                above.at += 1
                above.children.append(found)
                above.pending = above.pending or type(found) is not bytes
                if found is node:  # a part of a circle that goes on above it
                    above.low = min(above.low, node.low)
        settled: bytes = _settled(found)
        return settled

    def _take_known(self, node: Node) -> bool:
        """Give a node the tokens of its next children, and tell whether these were the last."""
        children, taken = node.parts.children, node.children
        for place in range(node.at, len(children)):
            child = children[place]
            known = self._known(child)
            if type(known) is not bytes:
                if known is None:
                    known = self._open.get(id(child))
                    if known is None:
                        node.at = place
                        return False
                    node.low = min(node.low, known.low)
                node.pending = True
            taken.append(known)
        return True

    def _known(self, value: Any) -> Any:
        """Return the token of what needs no looking inside, or has been seen; None for the rest."""
        kind = type(value)
        if id(kind) in _ATOMS:
            return self._atom(value, kind)
        token = self._tokens.get(id(value))
        if token is not None:
            return token
        if kind is Content:
            return self._hashers.tree(value.data)
        if kind is Ignored:
            return _IGNORED
        if self._fast and id(kind) in _CONTAINERS:
            token = plain_token(value, self.texts)
            if token is not None:
                self._remember(value, token)
            return token
        return None

    def _atom(self, value: Any, kind: type) -> bytes:
        if kind is str:
            self._strings.append(value)
        elif kind is not bytes:
            return atom_token(value)
        if len(value) < _LONG_TEXT:
            return atom_token(value)
        token = self._tokens.get(id(value))
        if type(token) is not bytes:
            token = self._long_text(value, kind)
            self._remember(value, token)
        return token

    def _long_text(self, value: Any, kind: type) -> bytes:
        if len(value) < _LARGE_TEXT:
            return atom_token(value)
        data = value if kind is bytes else value.encode("utf-8", "surrogatepass")
        return b"$" + kind.__name__.encode() + b" " + self._hashers.tree(data).digest()

    def _begin(self, value: Any, stack: list[Node], path: str) -> None:
        try:
            parts = self._parts(value, type(value))
        except NoStableIdentity:
            raise
        except Exception as error:  # the class's own code may raise anything
            why = str(error) if isinstance(error, Refused) else f"it can't be taken apart ({said(error)})"
            steps = "".join(node.parts.step(node.at) for node in stack)
            raise NoStableIdentity(path + steps, type_name(type(value)), why) from error
        self._strings += [text for text in parts.texts if type(text) is str]
        node = Node(value, parts, len(self._alive))
        self._alive.append(value)
        self._open[id(value)] = node
        self._circle.append(node)
        stack.append(node)

    def _parts(self, value: Any, kind: type) -> Parts:
        if id(kind) not in self._ways:
            self._ways[id(kind)] = way_of(kind)
        way = self._ways[id(kind)]
        if way is None or (kind is types.BuiltinFunctionType and counts_by_code(value)):
            return Parts("code", self._code(value))
        if issubclass(kind, pathlib.PurePath):
            self._strings.append(str(value))
        return way(value)

    def _finished(self, node: Node) -> "bytes | Pending | Node":
        """Return the token of a node that is whole, or itself where it belongs to a circle that is not."""
        if node.low < node.index:
            return node
        if self._circle[-1] is node and not any(child is node for child in node.children):
            self._circle.pop()
            del self._open[id(node.value)]
            found = self._tokens[id(node.value)] = _token_of(node)
            return found
        nodes: list[Node] = []
        while not nodes or nodes[-1] is not node:
            nodes.append(self._circle.pop())
        for one in nodes:
            del self._open[id(one.value)]
            if one.pending:
                one.children = [_settled(child) for child in one.children]
        tokens = circle_tokens(nodes)
        for one, token in zip(nodes, tokens, strict=True):
            self._tokens[id(one.value)] = token
        return tokens[-1]

    def _remember(self, value: Any, token: bytes) -> None:
        self._tokens[id(value)] = token
        self._alive.append(value)


def _token_of(node: Node) -> "bytes | Pending":
    if node.pending:
        pending = Pending(node)
        return pending if pending.depth <= _DEEPEST_PENDING else pending.token()
    return node.token()


def _settled(token: Any) -> Any:
    if isinstance(token, Pending):
        return token.token()
    return b"~" + token.digest() if isinstance(token, Tree) else token
