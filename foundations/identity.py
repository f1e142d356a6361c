"""Digests of values: equal for what is equal, on every machine and in every process.

`sketch` names stages: cheap, and free to look away from what is large. `fingerprint` makes cache keys: complete.
"""

import hashlib
import itertools
import struct
from collections.abc import Callable
from typing import Any

_SKETCH_ITEMS = 1000
_DEEPEST = 100
_CONTAINERS = frozenset({list, tuple, dict, set, frozenset})

Update = Callable[[bytes], None]


def digest(*parts: str) -> str:
    """Return the SHA-256 of several texts, no two sequences of which are taken for one another."""
    whole = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        whole.update(len(data).to_bytes(8, "big") + data)
    return whole.hexdigest()


def fingerprint(value: Any, *, pickled: Callable[[Any], bytes]) -> str:
    """Return a digest of the whole of `value`, by type: `1`, `1.0` and `True` differ, a dict's order counts.

    What is neither plain nor a NumPy array counts by the bytes that `pickled` makes of it: two values that give the
    same bytes are the same, and where equal values give different bytes there is a recomputation too many.
    """
    whole = hashlib.sha256()
    _feed(value, whole.update, pickled)
    return whole.hexdigest()


def sketch(value: Any, *, stand_in: Callable[[Any], str | None]) -> str:
    """Return a digest of what is small and plain in `value`, and of the types of the rest.

    `stand_in` gives the text by which a value counts that is neither, or None for its type alone.
    """
    whole = hashlib.sha256()
    left = [_SKETCH_ITEMS]

    def other(item: Any) -> bytes:
        text = stand_in(item)
        return (_type_name(item) if text is None else text).encode()

    _feed(value, whole.update, other, left)
    return whole.hexdigest()


def _feed(
    value: Any,
    update: Update,
    other: Callable[[Any], bytes],
    left: list[int] | None = None,
    above: frozenset[int] = frozenset(),
) -> None:
    if left is not None:
        left[0] -= 1
        if left[0] < 0:
            return
    plain = _PLAIN.get(type(value))
    if plain is not None:
        tag, encode = plain
        _frame(update, tag, encode(value))
    elif type(value) in _CONTAINERS and id(value) not in above and len(above) < _DEEPEST:
        _feed_parts(value, update, other, left, above | {id(value)})
    elif _is_array(value) and left is None:
        order = "F" if value.flags.f_contiguous and not value.flags.c_contiguous else "C"
        _frame(update, "ndarray", f"{value.dtype.str} {value.shape} {order}".encode())
        update(memoryview(value.ravel(order=order)).cast("B") if value.size else b"")  # type: ignore[arg-type]
    else:
        _frame(update, _type_name(value), other(value))


def _feed_parts(
    value: Any, update: Update, other: Callable[[Any], bytes], left: list[int] | None, above: frozenset[int]
) -> None:
    name = type(value).__name__
    if type(value) in (set, frozenset):
        _frame(update, name, b"".join(sorted(_one(item, other, above) for item in value)))
        return
    _frame(update, name, str(len(value)).encode())
    for part in itertools.chain.from_iterable(value.items()) if type(value) is dict else value:
        _feed(part, update, other, left, above)


def _one(value: Any, other: Callable[[Any], bytes], above: frozenset[int]) -> bytes:
    whole = hashlib.sha256()
    _feed(value, whole.update, other, None, above)
    return whole.digest()


def _frame(update: Update, tag: str, data: bytes) -> None:
    update(f"{tag}:{len(data)}:".encode())
    update(data)


def _type_name(value: Any) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}"


def _is_array(value: Any) -> bool:
    # structured and object arrays hold references; they count by their pickle
    kind = type(value)
    return (kind.__module__, kind.__name__) == ("numpy", "ndarray") and value.dtype.kind in "biufcSU"


_PLAIN: dict[type, tuple[str, Callable[[Any], bytes]]] = {
    type(None): ("None", lambda value: b""),  # noqa: ARG005 - one signature for all
    bool: ("bool", lambda value: b"1" if value else b"0"),
    int: ("int", lambda value: hex(value).encode()),
    float: ("float", lambda value: struct.pack(">d", value)),
    complex: ("complex", lambda value: struct.pack(">dd", value.real, value.imag)),
    str: ("str", lambda value: value.encode("utf-8", "surrogatepass")),
    bytes: ("bytes", lambda value: value),
}
