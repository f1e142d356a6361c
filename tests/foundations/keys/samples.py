"""What the tests of digests are about: classes of every sort, and a simple way to tell code."""

import datetime as dt
import enum
import pathlib
import random
import types
from collections import ChainMap, Counter, OrderedDict, UserDict, defaultdict, deque
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import attrs
import pydantic

from foundations.keys.values import value_digest


def code_of(obj: Any) -> bytes:
    """Stand in for the closures: functions by their bytecode, the rest by name."""
    name = f"{type.__getattribute__(type(obj), '__name__')} {getattr(obj, '__module__', '')}."
    name += str(getattr(obj, "__qualname__", getattr(obj, "__name__", "")))
    code = obj.__code__ if isinstance(obj, types.FunctionType) else None
    return name.encode() if code is None else code.co_code + repr(code.co_consts).encode()


def digest(value: Any) -> str:
    return value_digest(value, code=code_of).digest


class Plain:
    def __init__(self, **attributes: Any) -> None:
        vars(self).update(attributes)

    def method(self) -> Any: ...

    def other(self) -> Any:
        return 1


class Other(Plain): ...


class Slotted:
    __slots__ = ("left", "right")

    def __init__(self, left: Any, right: Any = None) -> None:
        self.left = left
        if right is not None:
            self.right = right


class SlottedToo(Slotted):
    __slots__ = ("__dict__", "more")


class WithState:
    def __init__(self, kept: Any, dropped: Any) -> None:
        self.kept, self.dropped = kept, dropped

    def __getstate__(self) -> Any:
        return ("state", self.kept)

    def __setstate__(self, state: Any) -> None:
        self.kept, self.dropped = state[1], None


class WithArguments:
    value: Any
    word: Any

    def __new__(cls, value: Any, *, word: Any = None) -> "WithArguments":
        new = super().__new__(cls)
        new.__dict__["made"] = (value, word)
        return new

    def __getnewargs_ex__(self) -> Any:
        return (self.__dict__["made"][0],), {"word": self.__dict__["made"][1]}

    def __getstate__(self) -> None:
        return None


class Reduced:
    def __init__(self, content: Any) -> None:
        self.content = content

    def __reduce__(self) -> Any:
        return Reduced, (self.content,)


class Keyed:
    def __init__(self, key: Any, resource: Any = None) -> None:
        self.key, self.resource = key, resource

    def __foundations_key__(self) -> Any:
        return self.key


class KeyedToo(Keyed): ...


class KeyedDict(dict[str, Any]):
    def __foundations_key__(self) -> Any:
        return sorted(self)


class Int(int): ...


class Str(str):
    note: Any


class Float(float): ...


class Bytes(bytes): ...


class List(list[Any]):
    note: Any


class Tuple(tuple[Any, ...]): ...


class Dict(dict[Any, Any]):
    note: Any


class Shy(dict[Any, Any]):
    def items(self) -> Any:
        return {}.items()


class Set(set[Any]):
    note: Any


class Frozen(frozenset[Any]): ...


class Pair(NamedTuple):
    left: Any
    right: Any = 2


class Couple(NamedTuple):
    left: Any
    right: Any = 2


@dataclass
class Data:
    left: Any
    right: Any = field(default=2)


@dataclass(frozen=True, slots=True)
class FrozenData:
    left: Any
    right: Any = 2


@attrs.define
class Attrs:
    left: Any
    right: Any = 2


@attrs.frozen(slots=False)
class FrozenAttrs:
    left: Any


class Model(pydantic.BaseModel):
    left: Any
    right: Any = 2
    _hidden: Any = pydantic.PrivateAttr(default=0)


class Color(enum.Enum):
    RED = 1
    ROUGE = 1  # noqa: PIE796 - another name of it
    GREEN = 2


class Paint(enum.Enum):
    RED = 1


class Number(enum.IntEnum):
    ONE = 1


class Word(enum.StrEnum):
    ONE = "1"


class Flags(enum.Flag):
    A = 1
    B = 2


class Day(dt.date):
    """Its pickle forgets attributes."""


class Folder(type(pathlib.Path())):  # type: ignore[misc]
    note: Any


class Dice(random.Random):
    note: Any


class Failure(Exception):
    code: int


class Countdown:
    """An iterator whose position is its state."""

    def __init__(self, left: int) -> None:
        self.left = left

    def __iter__(self) -> "Countdown":
        return self

    def __next__(self) -> int:
        self.left -= 1
        return self.left


class Meta(type):
    def __eq__(cls, other: object) -> bool:
        raise RuntimeError("classes can't be compared")

    __hash__ = None  # type: ignore[assignment]


class Odd(metaclass=Meta):
    def __init__(self, value: Any) -> None:
        self.value = value


SENTINELS: dict[str, Any] = {}


class Named:
    """Known by a name, and yet with attributes."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __reduce__(self) -> str:
        return "NAMED"


NAMED = Named(1)


def first(x: Any) -> Any:
    return x


def second(x: Any) -> Any:
    return x + 1


def with_note(value: Any, note: Any) -> Any:
    value.note = note
    return value


def generator_at(seed: int, drawn: int) -> random.Random:
    found = random.Random(seed)
    for _ in range(drawn):
        found.gauss(0, 1)
    return found


def ring(length: int, *values: Any) -> list[Any]:
    """Return a list that leads back to itself over `length` lists."""
    nodes: list[list[Any]] = [[value] for value in (values or [None] * length)]
    for one, following in zip(nodes, [*nodes[1:], nodes[0]], strict=True):
        one.append(following)
    return nodes[0]


class Node:
    """A part of a graph, whose neighbours are a set."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.near: set[Node] = set()


def graph(names: str, *edges: str) -> dict[str, Node]:
    nodes = {name: Node(name) for name in names}
    for one, other in edges:
        nodes[one].near.add(nodes[other])
        nodes[other].near.add(nodes[one])
    return nodes


def tree(depth: int, parent: Any = None) -> Plain:
    node = Plain(parent=parent, depth=depth)
    node.children = [tree(depth - 1, node) for _ in range(2)] if depth else []  # type: ignore[attr-defined]
    return node


def limited(*items: Any, most: int | None) -> deque[Any]:
    return deque(items, most)


def table(factory: Any, **items: Any) -> defaultdict[str, Any]:
    return defaultdict(factory, items)


MAPPINGS = (dict, OrderedDict, Counter, UserDict, Dict, ChainMap)
