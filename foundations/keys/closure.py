"""The code closures of a job's stages: everything of the project that each of them can reach."""

import os
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from foundations.keys.graph import Graph
from foundations.keys.no_identity import Refused
from foundations.keys.nodes import Kind, Node
from foundations.keys.transcript import Transcript, data_digest, running
from foundations.keys.user_code import UserCode


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
    texts in its code and its globals name. `codes` is all code that it can run.
    """

    digest: str
    parts: tuple[Part, ...]
    coarse: tuple[str, ...] = ()
    refused: str | None = None
    codes: frozenset[types.CodeType] = frozenset()
    files: tuple[str, ...] = ()
    whole: bool = False
    looks_at: frozenset[str] = frozenset()
    modules: frozenset[tuple[str, str]] = frozenset()
    places: frozenset[tuple[str, str, bytes]] = frozenset()

    def covers(self, code: types.CodeType) -> bool:
        """Tell whether the closure counts a piece of code; one that was loaded again is the same."""
        if self.whole or code in self.codes:
            return True
        name = getattr(code, "co_qualname", code.co_name)
        file = os.path.abspath(code.co_filename)
        if (file, name.partition(".")[0]) in self.modules or (file, "*") in self.modules:
            return True
        return (os.path.basename(file), code.co_name, code.co_code) in self.places


class Closures:
    """Makes the closures of one job; what two stages can reach is looked at once.

    What a global is counts as it is when the first stage that reaches it is asked for.
    """

    def __init__(self, code: UserCode) -> None:
        self._graph = Graph(code)
        self._closures: dict[int, tuple[Any, Closure]] = {}
        self._digests: dict[tuple[int, frozenset[str]], tuple[Any, bytes]] = {}

    def of(self, function: Callable[..., Any]) -> Closure:
        """Return what a function, or another callable, can reach; never raises for what the user's code holds."""
        known = self._closures.get(id(function))
        if known is None:
            known = self._closures[id(function)] = function, self._safely(function)
        return known[1]

    def of_class(self, cls: type) -> str:
        """Return the digest of a class with all that its methods can reach."""
        return self.code(cls).hex()

    def code(self, subject: Any, looks_at: frozenset[str] = frozenset()) -> bytes:
        """Return the bytes by which a function, a class, a module or anything callable counts inside a value.

        Raise `Refused` for what no stage that gets it can be cached with.
        """
        key = id(subject), looks_at
        known = self._digests.get(key)
        if known is None:
            root = self._root(subject)
            why = next((node.refused for node in running(root) if node.refused), None)
            if why is not None:
                raise Refused(f"it can run code that can't be cached: {why}")
            known = self._digests[key] = subject, Transcript(root, looks_at).digest
        return known[1]

    def code_for(self, function: Callable[..., Any]) -> Callable[[Any], bytes]:
        """Return the `code` for arguments of a function: what it looks at, such as names, counts in them."""
        looks_at = self.of(function).looks_at
        return lambda subject: self.code(subject, looks_at)

    def _safely(self, function: Callable[..., Any]) -> Closure:
        try:
            return self._closure(function)
        except Exception as error:  # noqa: BLE001 - what users' classes and modules do when they are looked at
            why = f"the code of {_name(function)} can't be followed ({type(error).__name__}: {error})"
            return Closure("", (), refused=why)

    def _root(self, subject: Any) -> Node:
        root = Node("function", "", local=b"root")
        root.children.append(self._graph.refer(root, subject, _name(subject)))
        self._graph.grow()
        return root

    def _closure(self, function: Callable[..., Any]) -> Closure:
        root = self._root(function)
        transcript = Transcript(root)
        runs = list(running(root))
        codes = frozenset(code for node in runs for code in node.codes)
        everything = self._graph.refer_everything() if any(node.coarse for node in runs) else None
        return Closure(
            transcript.digest.hex(),
            tuple(_parts(transcript)),
            coarse=tuple(dict.fromkeys(why for node in runs for why in node.coarse)),
            refused=next((node.refused for node in runs if node.refused), None),
            codes=codes,
            files=tuple(sorted({file for node in runs for file in node.files})),
            whole=everything is not None and any(node is everything for node in runs),
            looks_at=transcript.looks_at,
            modules=frozenset(pair for node in runs for pair in node.covers),
            places=frozenset((os.path.basename(code.co_filename), code.co_name, code.co_code) for code in codes),
        )


def _parts(transcript: Transcript) -> Iterator[Part]:
    inside = {id(child) for node in transcript.nodes if node.kind == "data" for child in node.children}
    found: set[tuple[str, str]] = set()
    for node in (*transcript.nodes, *transcript.inline):
        if not node.shown or node.name == "" or (node.kind in ("data", "constant") and id(node) in inside):
            continue
        digest = (data_digest(node) if node.kind in ("data", "constant") else node.local).hex()
        if (node.name, digest) not in found:
            found.add((node.name, digest))
            yield Part(node.name, node.kind, digest, node.file, node.source)


def _name(subject: Any) -> str:
    return str(getattr(subject, "__qualname__", type(subject).__qualname__))
