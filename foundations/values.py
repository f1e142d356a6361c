"""Values as bytes: in open formats where these lose nothing, else pickle 5 with its large buffers beside it."""

import json
import math
import pickle
from collections.abc import Sequence
from typing import Any

from foundations.arrow_format import arrow_buffers, arrow_frame
from foundations.culprits import culprit
from foundations.npy_format import npy_array, npy_buffers

_JSON_ITEMS = 10_000
_JSON_DEPTH = 100
# Python itself refuses to read numbers of more than 4,300 digits
_JSON_INT_BITS = 1024

_OPEN = (("npy", npy_buffers), ("arrow", arrow_buffers))
_READ = {"npy": npy_array, "arrow": arrow_frame}
# reading these runs nobody's code
HARMLESS = frozenset({"json", "npy"})

Buffers = list[memoryview]


def encode(value: Any) -> tuple[str, Buffers]:
    """Return an encoding's name and the buffers that hold `value`; arrays are not copied.

    Raise whatever pickling the value raises: `TypeError`, `PicklingError`, `AttributeError`.
    """
    if _is_json(value, [_JSON_ITEMS]):
        return "json", [memoryview(json.dumps(value).encode())]
    for encoding, buffers_of in _OPEN:
        buffers = buffers_of(value)
        if buffers is not None:
            return encoding, buffers
    import cloudpickle

    outside: list[pickle.PickleBuffer] = []
    head = cloudpickle.dumps(value, protocol=5, buffer_callback=outside.append)
    return "pickle5", [memoryview(head), *(buffer.raw() for buffer in outside)]


def unserializable(value: Any, error: Exception) -> str:
    """Return why `encode` raised `error`: the type of the value, and which part of it can't be pickled."""
    kind = type(value).__qualname__
    try:
        path, part = culprit("", value, _failure)
    except Exception:  # noqa: BLE001 - to look into a value runs the user's own code
        path, part = "", value
    return f"{kind}: {path} is a {type(part).__qualname__} ({error})" if path else f"{kind}: {error}"


def _failure(value: Any) -> Exception | None:
    import cloudpickle

    try:
        cloudpickle.dumps(value, protocol=5, buffer_callback=lambda _: None)  # arrays are not copied
    except Exception as error:  # noqa: BLE001 - pickling runs the user's own code, which may raise anything
        return error
    return None


def decode(encoding: str, buffers: Sequence[bytes | bytearray | memoryview]) -> Any:
    """Return the value that `encode` was given; a pickle runs code of whoever wrote it."""
    if encoding == "json":
        return json.loads(bytes(buffers[0]))
    if encoding in _READ:
        return _READ[encoding](buffers)
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
