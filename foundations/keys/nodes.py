"""What code closures consist of: nodes for functions, classes, modules and data, each with what it refers to."""

import hashlib
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["function", "class", "module", "constant", "data", "files", "top level"]

_FEW = 256
_HEADS = [b"%d:" % size for size in range(_FEW)]  # made once, since most parts are short


@dataclass(frozen=True, slots=True)
class Below:
    """What has to be said of a node and of all that it reaches, but for what only runs when modules are imported."""

    looks_at: frozenset[str] = frozenset()
    coarse: tuple[str, ...] = ()
    refused: str | None = None
    files: frozenset[str] = frozenset()


@dataclass(eq=False, slots=True)
class Node:
    """One thing that a stage can reach.

    `local` is what it says itself, `children` what it refers to: other nodes, or bytes for what has no parts. Where
    `ordered` is false, the order of the children is chance. What is not `shown` is no part that has a name for people.
    Where it is `lenient`, what can't be told by its content counts by its type, since it belongs to a library. What
    is `single` is one thing, however often it is referred to, and its identity counts.
    """

    kind: Kind
    name: str
    subject: Any = None
    local: bytes = b""
    children: list["Node | bytes"] = field(default_factory=list)
    ordered: bool = True
    shown: bool = True
    lenient: bool = False
    single: bool = True
    file: str | None = None
    source: Callable[[], str | None] | None = None
    coarse: tuple[str, ...] = ()
    refused: str | None = None
    codes: tuple[types.CodeType, ...] = ()
    looks_at: frozenset[str] = frozenset()
    files: tuple[str, ...] = ()
    covers: tuple[tuple[str, str], ...] = ()
    digest: bytes | None = None
    uses: int = 0
    below: "Below | None" = None
    written: "tuple[Node | bytes, ...] | None" = None

    def refuse(self, why: str) -> None:
        """Say why nothing that reaches this can be cached; the first reason is kept."""
        self.refused = self.refused or why

    def explain(self, why: str) -> None:
        """Say why more counts than what can be reached."""
        if why not in self.coarse:
            self.coarse = (*self.coarse, why)


def framed(*parts: bytes) -> bytes:
    """Return the SHA-256 of several runs of bytes, no two sequences of which are taken for one another."""
    pieces: list[bytes] = []
    for part in parts:
        size = len(part)
        pieces += (_HEADS[size] if size < _FEW else b"%d:" % size), part
    return hashlib.sha256(b"".join(pieces)).digest()


def of_text(*texts: str) -> bytes:
    """Return the SHA-256 of several texts."""
    return framed(*[text.encode("utf-8", "surrogatepass") for text in texts])
