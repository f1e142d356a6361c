"""The fast path: trees of Python's own plain types as the bytes that `marshal` makes of them, at the speed of C.

Version 2 of that format knows no references, sorts what sets hold, and is one-to-one for exactly the types below: what
is no such type is kept from it, since it writes whatever has a buffer, arrays and bytearrays too, as if it were bytes.
Whether a value takes this path depends on the value alone, not on what is shared inside it.
"""

import hashlib
import marshal
from itertools import chain
from typing import Any

ATOMS = frozenset({type(None), bool, int, float, complex, str, bytes, type(...)})
CONTAINERS = frozenset({list, tuple, dict, set, frozenset})

_DEEPEST = 8
_MOST_ITEMS = 1 << 25
_MOST_TEXT = 64 * 1024 * 1024
_SLICE = 16_384
_INLINE = 64
_VERSION = 2
_LONG = 1000
# before the items of a list: its own mark and its length
_HEAD = 5
_WRITTEN = {id(int): (b"i", 5), id(float): (b"g", 9)}

Texts = list[list[str]]


def atom_token(value: Any) -> bytes:
    """Return what stands for a value of one of `ATOMS`."""
    data = marshal.dumps(value, _VERSION)
    return b"=" + data if len(data) < _INLINE else b"#" + hashlib.sha256(data).digest()


def plain_token(value: Any, texts: Texts) -> bytes | None:
    """Return what stands for one of `CONTAINERS` that holds nothing but these and `ATOMS`, or None for all others.

    The strings that were found are added to `texts`, as lists.
    """
    found: Texts = []
    try:
        token = _numbers_token(value)
        if token is not None:
            return token
        flat = _is_plain(value, found)
        if flat is None:
            return None
        token = _flat_token(value) if flat else b"%" + hashlib.sha256(marshal.dumps(value, _VERSION)).digest()
    except Exception:  # noqa: BLE001 - a metaclass whose classes can't be compared, a set that can't be sorted
        return None
    texts += found
    return token


def _is_plain(value: Any, texts: Texts) -> bool | None:
    """Tell whether a plain container holds atoms alone; None where it is not plain, too deep or too large."""
    level, items, text = [value], 0, 0
    for depth in range(_DEEPEST):
        level = _inside(level)
        items += len(level)
        kinds = set(map(type, level))
        deeper = kinds - ATOMS
        if not deeper <= CONTAINERS:
            return None
        if str in kinds:
            texts.append(level if len(kinds) == 1 else [item for item in level if type(item) is str])
            text += sum(map(len, texts[-1]))
        if bytes in kinds:
            text += sum(len(item) for item in level if type(item) is bytes)
        if text > _MOST_TEXT:
            return None
        if not deeper:
            return not depth
        if len(deeper) < len(kinds):
            level = [item for item in level if type(item) in CONTAINERS]
        if items + sum(map(len, level)) > _MOST_ITEMS:  # asked beforehand: shared lists of shared lists grow fast
            return None
    return None


def _inside(level: list[Any]) -> list[Any]:
    if len(level) > 1:
        dicts = [item for item in level if type(item) is dict]
        return list(chain(chain.from_iterable(level), chain.from_iterable(map(dict.values, dicts))))
    only = level[0]
    if type(only) is dict:
        return [*only, *only.values()]
    return only if type(only) is list else list(only)


def _numbers_token(value: Any) -> bytes | None:
    """Return what `_flat_token` does, for a long sequence of nothing but floats, or ints of 32 bits; None for others.

    The bytes themselves say what they are, which saves a look at each item: where the first item is written as a
    number the next one begins so many bytes behind it, and so on to the last.
    """
    kind = type(value)
    if (kind is not list and kind is not tuple) or not _LONG <= len(value) <= _MOST_ITEMS:
        return None
    written = _WRITTEN.get(id(type(value[0])))
    if written is None or type(value[-1]) is not type(value[0]):
        return None
    (mark, width), whole = written, _beginning(value)
    for start in range(0, len(value), _SLICE):
        piece = value[start : start + _SLICE]
        data = marshal.dumps(piece, _VERSION)
        if len(data) != _HEAD + width * len(piece) or data[_HEAD::width].count(mark) != len(piece):
            return None
        whole.update(data)
    return b"/" + whole.digest()


def _beginning(value: Any) -> "hashlib._Hash":
    return hashlib.sha256(f"{type(value).__name__} {len(value)}:".encode())


def _flat_token(value: Any) -> bytes:
    """Return what stands for a container of atoms: a long one is written piece by piece."""
    kind, items = type(value), value
    if kind is set or kind is frozenset:
        kinds = set(map(type, value))
        if len(kinds) != 1 or not kinds <= {int, str, bytes}:
            return b"%" + hashlib.sha256(marshal.dumps(value, _VERSION)).digest()
        items = sorted(value)
    elif kind is dict:
        items = list(chain(value, value.values()))
    whole = _beginning(value)
    for start in range(0, len(items), _SLICE):
        whole.update(marshal.dumps(items[start : start + _SLICE], _VERSION))
    return b"/" + whole.digest()
