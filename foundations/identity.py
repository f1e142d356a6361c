"""Digests that name stages: equal for what is equal, on every machine and in every process, and cheap.

They may look away from what is large: cache keys, which must not, are made in `keys`.
"""

import enum
import hashlib
import itertools
import struct
import types
from collections.abc import Callable
from dataclasses import fields
from typing import Any

_SKETCH_ITEMS = 1000
_SKETCH_BYTES = 100_000
_DEEPEST = 100
_CONTAINERS = frozenset({list, tuple, dict, set, frozenset})
_TOLD_BY_REPR = frozenset(
    f"{module}.{name}"
    for module, names in {
        "builtins": "range",
        "datetime": "date datetime time timedelta",
        "decimal": "Decimal",
        "fractions": "Fraction",
        "uuid": "UUID",
    }.items()
    for name in names.split()
)

Update = Callable[[bytes], None]


def digest(*parts: str) -> str:
    """Return the SHA-256 of several texts, no two sequences of which are taken for one another."""
    whole = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        whole.update(len(data).to_bytes(8, "big") + data)
    return whole.hexdigest()


def sketch(value: Any, *, stand_in: Callable[[Any], str | None]) -> str:
    """Return a digest of what is small and plain in `value`, and of the types of the rest.

    `stand_in` gives the text by which a value counts that is neither, or None for its type alone.
    """
    whole = hashlib.sha256()
    left = [_SKETCH_ITEMS]

    def other(item: Any) -> bytes:
        text = stand_in(item)
        return (_told(item) if text is None else text).encode("utf-8", "surrogatepass")

    _feed(value, whole.update, other, left)
    return whole.hexdigest()


def _feed(
    value: Any,
    update: Update,
    other: Callable[[Any], bytes],
    left: list[int],
    above: frozenset[int] = frozenset(),
) -> None:
    left[0] -= 1
    if left[0] < 0:
        return
    plain = _PLAIN.get(type(value))
    if plain is not None:
        tag, encode = plain
        if tag in ("str", "bytes") and len(value) > _SKETCH_BYTES:
            value, tag = value[:_SKETCH_BYTES], f"{tag} of {len(value)}"
        _frame(update, tag, encode(value))
    elif type(value) in _CONTAINERS and id(value) not in above and len(above) < _DEEPEST:
        _feed_parts(value, update, other, left, above | {id(value)})
    elif (parts := _inside(value)) and id(value) not in above and len(above) < _DEEPEST:
        _frame(update, _type_name(value), str(len(parts)).encode())
        for part in parts:
            _feed(part, update, other, left, above | {id(value)})
    else:
        _frame(update, _type_name(value), other(value))


def _feed_parts(
    value: Any, update: Update, other: Callable[[Any], bytes], left: list[int], above: frozenset[int]
) -> None:
    name = type(value).__name__
    if type(value) in (set, frozenset):
        if len(value) > left[0]:  # which items would be looked at is chance
            _frame(update, f"{name} of {len(value)}", b"")
            return
        shares = [(item, [left[0]]) for item in value]
        _frame(update, name, b"".join(sorted(_one(*share, other, above) for share in shares)))
        return
    _frame(update, name, str(len(value)).encode())
    for part in itertools.chain.from_iterable(value.items()) if type(value) is dict else value:
        if left[0] <= 0:
            break
        _feed(part, update, other, left, above)


def _one(value: Any, left: list[int], other: Callable[[Any], bytes], above: frozenset[int]) -> bytes:
    whole = hashlib.sha256()
    _feed(value, whole.update, other, left, above)
    return whole.digest()


def _frame(update: Update, tag: str, data: bytes) -> None:
    update(f"{tag}:{len(data)}:".encode())
    update(data)


def _inside(value: Any) -> list[Any]:
    """Return what a slice or a dataclass instance consists of."""
    if type(value) is slice:
        return [value.start, value.stop, value.step]
    if not hasattr(type(value), "__dataclass_fields__"):
        return []
    return [getattr(value, field.name, None) for field in fields(value)]


def _told(value: Any) -> str:
    """Return what a sketch has of a value that is not plain: more than its type, where that is the same everywhere."""
    name = _type_name(value)
    if isinstance(value, type | types.FunctionType | types.BuiltinFunctionType):
        return f"{name} {value.__module__}.{value.__qualname__}"
    if isinstance(value, enum.Enum):
        return f"{name} {value.name}"
    if name in _TOLD_BY_REPR:
        return f"{name} {value!r}"
    if type(value).__module__ == "numpy" and getattr(value, "shape", None) == () and type(value).__name__ != "ndarray":
        return f"{name} {value.item()!r}"
    return name


def _type_name(value: Any) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}"


_PLAIN: dict[type, tuple[str, Callable[[Any], bytes]]] = {
    type(None): ("None", lambda value: b""),  # noqa: ARG005 - one signature for all
    bool: ("bool", lambda value: b"1" if value else b"0"),
    int: ("int", lambda value: hex(value).encode()),
    float: ("float", lambda value: struct.pack(">d", value)),
    complex: ("complex", lambda value: struct.pack(">dd", value.real, value.imag)),
    str: ("str", lambda value: value.encode("utf-8", "surrogatepass")),
    bytes: ("bytes", lambda value: value),
}
