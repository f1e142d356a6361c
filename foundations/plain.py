"""Values that users log as JSON has them, and as messages show them."""

import math
from collections.abc import Mapping
from typing import Any

_SHOWN_CHARACTERS = 30


def plain_value(value: Any) -> Any:
    """Return a number, a text or a boolean as Python's own type of it; raise `TypeError` for anything else."""
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) or type(value).__name__ == "longdouble":  # NumPy's own, which no item() changes
        return float(value)
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, str):
        return str.__str__(value)  # an enum's own says the name of its member
    raise TypeError


def tagged_float(value: Any) -> Any:
    """Return a float that JSON has no number for, NaN or an infinity, as a tagged object, and all else as it is."""
    return {"$float": repr(value)} if type(value) is float and not math.isfinite(value) else value


def plain_scalar(value: Any) -> Any:
    """Return what `plain_value` does, as JSON has it: NaN and the infinities as tagged objects."""
    return tagged_float(plain_value(value))


def plain_tree(value: Any) -> Any:
    """Return what `plain_scalar` takes, None, or lists, tuples and dicts of these; raise `TypeError` for the rest.

    What holds itself raises `RecursionError`.
    """
    if value is None:
        return None
    if isinstance(value, list | tuple):
        return [plain_tree(item) for item in value]
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise TypeError
        return {key: plain_tree(item) for key, item in value.items()}
    return plain_scalar(value)


def cut_text(value: Any) -> str:
    """Return a value as a message shows it: up to 30 characters, and ` ...` where there are more."""
    try:
        text = str(value)
    except Exception:  # noqa: BLE001 - a user's own __str__
        text = object.__repr__(value)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]} ..."
