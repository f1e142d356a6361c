"""The code closures of a job's stages: everything of the project that each of them can reach."""

import gc
import os
import threading
import types
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from foundations.keys.constants import constant_text
from foundations.keys.graph import Graph
from foundations.keys.graph_digest import settle
from foundations.keys.hints import hinted
from foundations.keys.no_identity import Refused
from foundations.keys.nodes import Below, Kind, Node, framed
from foundations.keys.reflection import HINTS, IDENTITY
from foundations.keys.transcript import Transcript, data_digest, reached
from foundations.keys.user_code import UserCode

_Place = tuple[Any, ...]
_MANY = 10_000  # objects that have been made
_FEW_FROZEN = 1_000  # Python itself freezes some when it starts, and who else does freezes many more


@dataclass(frozen=True)
class Part:
    """One thing that a stage can reach, as explanations name it."""

    name: str
    kind: Kind
    digest: str
    file: str | None = None
    source: str | None = None


@dataclass(frozen=True)
class Closure:
    """Everything of the project that a stage can reach, and by what it counts.

    `coarse` says why more counts than that, `refused` why the stage can't be cached at all; `files` are those that
    texts in its code and its globals name, and `looks_at` what it sees of functions beside calling them.
    """

    digest: str
    coarse: tuple[str, ...] = ()
    refused: str | None = None
    files: tuple[str, ...] = ()
    looks_at: frozenset[str] = frozenset()
    root: Node | None = field(default=None, repr=False, compare=False)

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """Everything that is reached and has a name, in the order in which it is found."""
        return tuple(_parts(Transcript(self.root))) if self.root is not None else ()

    @cached_property
    def codes(self) -> frozenset[types.CodeType]:
        """All code that the stage can run."""
        return frozenset(code for node in self.nodes for code in node.codes)

    def covers(self, code: types.CodeType) -> bool:
        """Tell whether the closure counts a piece of code; one that was loaded again is the same."""
        if self._whole or code in self.codes:
            return True
        name = getattr(code, "co_qualname", code.co_name)
        file = os.path.abspath(code.co_filename)
        if (file, name.partition(".")[0]) in self._modules or (file, "*") in self._modules:
            return True
        return _place(code) in self._places

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """All nodes that are reached."""
        return tuple(reached(self.root)) if self.root is not None else ()

    @cached_property
    def _whole(self) -> bool:
        return any(node.kind == "files" and node.subject == "everything" for node in self.nodes)

    @cached_property
    def _modules(self) -> frozenset[tuple[str, str]]:
        return frozenset(pair for node in self.nodes for pair in node.covers)

    @cached_property
    def _places(self) -> frozenset[_Place]:
        return frozenset(map(_place, self.codes))


class Closures:
    """Makes the closures of one job; what two stages can reach is looked at once.

    A global counts as what it is when the first stage that reaches it is asked for.
    """

    def __init__(self, code: UserCode) -> None:
        self._start(Graph(code))

    @property
    def user_code(self) -> UserCode:
        """Which code is the user's."""
        return self._graph.code

    def again(self) -> "Closures":
        """Return what looks at everything anew, but for what files and code objects say: to find globals changed."""
        other = Closures.__new__(Closures)
        other._start(Graph(self._graph.code, self._graph.sources, self._graph.streams))
        return other

    def _start(self, graph: Graph) -> None:
        self._graph = graph
        self._lock = threading.RLock()  # arguments of stages that run at the same time are digested at the same time
        self._closures: dict[int, tuple[Any, Closure]] = {}
        self._digests: dict[tuple[int, frozenset[str]], tuple[Any, bytes, tuple[str, ...]]] = {}

    def of(self, function: Callable[..., Any]) -> Closure:
        """Return what a function, or another callable, can reach; never raises for what the user's code holds."""
        with self._lock:
            known = self._closures.get(id(function))
            if known is None:
                known = self._closures[id(function)] = function, self._safely(function)
            return known[1]

    def below(self, subject: Any) -> Closure:
        """Return all that a function, a class or anything else that is code can reach, with no digest."""
        with self._lock:
            root, _ = self._settled(subject)
            return Closure("", root=root)

    def of_class(self, cls: type) -> str:
        """Return the digest of a class with all that its methods can reach."""
        return self.code(cls).hex()

    def code(self, subject: Any, looks_at: frozenset[str] = frozenset()) -> bytes:
        """Return the bytes by which a function, a class, a module or anything callable counts inside a value.

        Raise `Refused` for what no stage that gets it can be cached with.
        """
        return self._counted(subject, looks_at)[0]

    def _counted(self, subject: Any, looks_at: frozenset[str]) -> tuple[bytes, tuple[str, ...]]:
        key = id(subject), looks_at
        with self._lock:
            known = self._digests.get(key)
            if known is None:
                root, below = self._settled(subject, looks_at)
                if below.refused is not None:
                    raise Refused(f"it can run code that can't be cached: {below.refused}")
                known = self._digests[key] = subject, self._digest(root, below.looks_at | looks_at), below.coarse
            return known[1:]

    def code_for(self, function: Callable[..., Any], reasons: list[str]) -> Callable[[Any], bytes]:
        """Return the `code` for arguments of a function: what it looks at, such as names, counts in them.

        To `reasons` is added why more counts than what can be reached.
        """
        looks_at = self.of(function).looks_at

        def code(subject: Any) -> bytes:
            counted, coarse = self._counted(subject, looks_at)
            reasons.extend(coarse)
            return counted

        return code

    def _settled(self, subject: Any, looks_at: frozenset[str] = frozenset()) -> tuple[Node, Below]:
        hints: list[Any] = []
        with _uncollected():
            while True:
                root = self._root(subject, hints)
                assert root.below is not None
                if HINTS not in root.below.looks_at | looks_at or len(found := hinted(root)) == len(hints):
                    return root, root.below
                hints = found

    def _root(self, subject: Any, hints: Sequence[Any]) -> Node:
        """Return a node for what a subject reaches, and beside it what the annotations in there name."""
        root = Node("function", "", local=b"root")
        root.children.append(self._graph.refer(root, subject, _name(subject)))
        if hints:
            beside = Node("data", "what annotations name", local=b"hints", ordered=False, shown=False, lenient=True)
            beside.children.extend(self._graph.refer(beside, hint, _name(hint)) for hint in hints)
            root.children.append(beside)
        self._graph.grow()
        settle(root)
        return root

    def _digest(self, root: Node, looks_at: frozenset[str]) -> bytes:
        """Return what stands for all that a node reaches: for most by content alone, which is known by now.

        Where identities may show, or names do, all of it is written down.
        """
        if not looks_at and not self._graph.has_twins():
            return framed(b"content", root.digest or b"")
        transcript = Transcript(root)
        if looks_at or transcript.has_twins():
            return framed(b"identities", transcript.digest(looks_at - {IDENTITY}))
        return framed(b"content", root.digest or b"")

    def _safely(self, function: Callable[..., Any]) -> Closure:
        try:
            root, below = self._settled(function)
            digest = self._digest(root, below.looks_at).hex()
        except Exception as error:  # noqa: BLE001 - what users' classes and modules do when they are looked at
            why = f"the code of {_name(function)} can't be followed ({type(error).__name__}: {error})"
            return Closure("", refused=why)
        return Closure(digest, below.coarse, below.refused, tuple(sorted(below.files)), below.looks_at, root)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep the garbage collector away: it looks at all that is made here, again and again, and all of it stays."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        if gc.get_count()[0] > _MANY and gc.get_freeze_count() < _FEW_FROZEN:
            # all there is counts as old by this, else it would be looked at as soon as the collector is back
            gc.freeze()
            gc.unfreeze()
        gc.enable()


def _parts(transcript: Transcript) -> Iterator[Part]:
    inside = {id(child) for node in transcript.nodes if node.kind == "data" for child in node.children}
    found: set[tuple[str, str]] = set()
    for node in (*transcript.nodes, *transcript.inline):
        if not node.shown or node.name == "" or (node.kind in ("data", "constant") and id(node) in inside):
            continue
        digest = (data_digest(node) if node.kind in ("data", "constant") else node.local).hex()
        if (node.name, digest) not in found:
            found.add((node.name, digest))
            yield Part(node.name, node.kind, digest, node.file, node.source() if node.source is not None else None)


def _place(code: types.CodeType) -> _Place:
    constants = [_place(one) if type(one) is types.CodeType else constant_text(one) for one in code.co_consts]
    return os.path.basename(code.co_filename), code.co_name, code.co_code, code.co_names, *constants


def _name(subject: Any) -> str:
    return str(getattr(subject, "__qualname__", type(subject).__qualname__))
