"""Constants in code, as texts that are the same for equal constants of equal types, and for no others."""

import struct
from typing import Any

Constant = Any


def constant_text(value: Constant) -> str:
    """Return a text for a constant that is no code: `1`, `1.0` and `True` differ, the order of a set does not show."""
    kind = type(value)
    if kind is int:
        return hex(value)  # str() refuses the long ones
    if kind is float:
        return f"float {struct.pack('>d', value).hex()}"
    if kind is complex:
        return f"complex {struct.pack('>dd', value.real, value.imag).hex()}"
    if kind is tuple:
        return f"({', '.join(map(constant_text, value))})"
    if kind is frozenset:
        return f"{{{', '.join(sorted(map(constant_text, value)))}}}"
    return repr(value)


def texts_in(value: Constant) -> list[str]:
    """Return the strings of a constant and of what it holds."""
    if type(value) is str:
        return [value]
    if type(value) in (tuple, frozenset):
        return [text for item in value for text in texts_in(item)]
    return []
