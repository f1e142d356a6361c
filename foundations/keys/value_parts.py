"""What a value is taken apart into: a name of its kind, some bytes, and further values."""

import marshal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


def nameless(place: int) -> str:
    """Return the step to a part that has no name of its own."""
    del place
    return ""


def by_place(place: int) -> str:
    """Return the step to an item of a sequence."""
    return f"[{place}]"


def named(*steps: str) -> Callable[[int], str]:
    """Return the function that gives the step to each of the first parts, and none to the rest."""

    def step(place: int) -> str:
        return steps[place] if place < len(steps) else ""

    return step


@dataclass(slots=True)
class Parts:
    """A value, one level deep: two values are equal where tag, data and children are.

    `step` says how one gets to a child, for messages. Where `ordered` is false, the order of the children is chance.
    """

    tag: str
    data: bytes = b""
    children: Sequence[Any] = ()
    step: Callable[[int], str] = nameless
    ordered: bool = True
    # strings that are in the bytes and may name files
    texts: Sequence[str | None] = ()


@dataclass(slots=True, frozen=True)
class Content:
    """A child that is a run of bytes, which may be large."""

    data: bytes | bytearray | memoryview


def attribute_parts(tag: str, data: str, attributes: Mapping[str, Any]) -> Parts:
    """Return parts whose children are attributes, whose names count."""
    steps = named(*(f".{name}" for name in attributes))
    return Parts(tag, spelled([data, *attributes]), list(attributes.values()), steps)


def spelled(words: list[str]) -> bytes:
    """Return the bytes of some words, no two lists of which are taken for one another."""
    return marshal.dumps(list(map(str, words)), 2)
