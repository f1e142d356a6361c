"""Values as bytes: JSON where that loses nothing, else pickle 5 with its large buffers beside it."""

import json
import math
import pickle
from collections.abc import Sequence
from typing import Any

_JSON_ITEMS = 10_000
_JSON_DEPTH = 100
# Python itself refuses to read numbers of more than 4,300 digits
_JSON_INT_BITS = 1024

Buffers = list[memoryview]


def encode(value: Any) -> tuple[str, Buffers]:
    """Return an encoding's name and the buffers that hold `value`; arrays are not copied.

    Raise whatever pickling the value raises: `TypeError`, `PicklingError`, `AttributeError`.
    """
    if _is_json(value, [_JSON_ITEMS]):
        return "json", [memoryview(json.dumps(value).encode())]
    import cloudpickle

    outside: list[pickle.PickleBuffer] = []
    head = cloudpickle.dumps(value, protocol=5, buffer_callback=outside.append)
    return "pickle5", [memoryview(head), *(buffer.raw() for buffer in outside)]


def decode(encoding: str, buffers: Sequence[bytes | bytearray | memoryview]) -> Any:
    """Return the value that `encode` was given; a pickle runs code of whoever wrote it."""
    if encoding == "json":
        return json.loads(bytes(buffers[0]))
    if encoding != "pickle5":
        raise ValueError(f"a value is encoded as {encoding!r}, which this version does not know; upgrade foundations")
    return pickle.loads(buffers[0], buffers=buffers[1:])


def _is_json(value: Any, left: list[int], depth: int = 0) -> bool:
    """Tell whether JSON gives back exactly this value, without looking at more than `left` parts of it."""
    left[0] -= 1
    if left[0] < 0 or depth > _JSON_DEPTH:  # a value that holds itself has no end
        return False
    kind = type(value)
    if value is None or kind is bool:
        return True
    if kind is int:
        return bool(value.bit_length() < _JSON_INT_BITS)
    if kind is float:
        return math.isfinite(value)
    if kind is str:
        return bool(value.isascii()) or _is_unicode(value)
    if kind is list:
        return all(_is_json(item, left, depth + 1) for item in value)
    if kind is dict:
        keys = all(type(key) is str and _is_unicode(key) for key in value)
        return keys and all(_is_json(item, left, depth + 1) for item in value.values())
    return False


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
