"""Values as explanations show them: short, and without any code of the value's own."""

import enum
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from foundations.keys.no_identity import type_name

MOST_CHARACTERS = 200
_TEXT = 60
_ITEMS = 8
_DEEPEST = 3
_DIGITS = 128
# by name, so that none of these modules is imported for it
_BY_REPR = "NoneType bool float complex ellipsis range datetime.date datetime.time datetime.timedelta uuid.UUID"
_PATHS = "PosixPath WindowsPath PurePosixPath PureWindowsPath"


def shown(value: Any) -> str:
    """Return a text of at most 200 characters for `value`; nothing that a user's class defines is called."""
    try:
        text = _shown(value, 0)
    except Exception:  # noqa: BLE001 - an explanation is never a reason to fail
        text = f"<{type_name(type(value))}>"
    text = text.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 3]}..."


def _shown(value: Any, depth: int) -> str:
    kind = type(value)
    simple = _SIMPLE.get(type_name(kind))
    if simple is not None:
        return simple(value)
    if kind in _OPENING:
        return _container(value, *_OPENING[kind], depth)
    return _object(value, kind, depth)


def _container(value: Any, opening: str, closing: str, depth: int) -> str:
    if depth >= _DEEPEST and value:
        return f"{opening}...{closing}"
    if type(value) is dict:
        parts = [f"{_shown(k, depth + 1)}: {_shown(v, depth + 1)}" for k, v in islice(value.items(), _ITEMS)]
    else:
        parts = [_shown(item, depth + 1) for item in islice(_in_order(value), _ITEMS)]
    if len(value) > _ITEMS:
        parts.append(f"... {len(value)} in all")
    elif type(value) is tuple and len(value) == 1:
        parts.append("")
    return f"{opening}{', '.join(parts).rstrip(' ') if type(value) is tuple else ', '.join(parts)}{closing}"


def _in_order(value: Any) -> Iterable[Any]:
    # the order of a small set is chance; of a large one any few items do
    if type(value) not in (set, frozenset) or len(value) > _ITEMS:
        return value  # type: ignore[no-any-return]
    return sorted(value, key=lambda item: _shown(item, _DEEPEST))


def _zone(value: Any) -> str:
    return "" if value.tzinfo is None else " with a time zone"


def _text(value: str | bytes) -> str:
    return repr(value) if len(value) <= _TEXT else f"{value[:_TEXT]!r}... {len(value)} in all"


def _integer(value: int) -> str:
    return repr(value) if value.bit_length() <= _DIGITS else f"<int of {value.bit_length()} bits>"


def _names(kind: type) -> list[str] | None:
    """Return the fields of a dataclass that its repr would show, or of a named tuple; None for all others."""
    fields = getattr(kind, "__dataclass_fields__", None)
    if isinstance(fields, dict):
        return [name for name, field in fields.items() if field.repr]
    names = getattr(kind, "_fields", None)
    return list(names) if issubclass(kind, tuple) and isinstance(names, tuple) else None


def _fields(value: Any, kind: type, names: list[str], depth: int) -> str:
    if depth >= _DEEPEST:
        return f"{kind.__name__}(...)"
    parts = []
    for place, name in enumerate(names[:_ITEMS]):
        part = tuple.__getitem__(value, place) if issubclass(kind, tuple) else object.__getattribute__(value, name)
        parts.append(f"{name}={_shown(part, depth + 1)}")
    more = [f"... {len(names)} in all"] if len(names) > _ITEMS else []
    return f"{kind.__name__}({', '.join(parts + more)})"


def _object(value: Any, kind: type, depth: int) -> str:
    if issubclass(kind, enum.Enum):
        return f"{kind.__name__}.{value._name_}"
    if issubclass(kind, type):
        return f"<class {type_name(value)}>"
    names = _names(kind)
    if names is not None:
        return _fields(value, kind, names, depth)
    name = getattr(value, "__qualname__", None) if kind.__module__ == "builtins" else None
    if isinstance(name, str):
        return f"<{kind.__name__} {name}>"
    size = _size(value, kind)
    return f"<{type_name(kind)}{' ' if size else ''}{size}>"


def _size(value: Any, kind: type) -> str:
    """Return type and shape of an array or a frame of a known library."""
    if kind.__module__.partition(".")[0] not in ("numpy", "pandas", "polars", "pyarrow", "torch", "scipy"):
        return ""
    shape = getattr(value, "shape", None)
    kind_of_items = str(getattr(value, "dtype", ""))
    if shape == () and kind.__module__ == "numpy" and kind.__name__ != "ndarray":
        return _text(str(value))
    return f"{kind_of_items} {tuple(shape) if shape is not None else ''}".strip()[:_TEXT]


_SIMPLE: dict[str, Callable[[Any], str]] = {
    **dict.fromkeys(_BY_REPR.split(), repr),
    **{
        f"{module}.{name}": lambda value: f"{type(value).__name__}({_text(str(value))})"
        for name in _PATHS.split()
        for module in ("pathlib", "pathlib._local")
    },
    "foundations.keys.stage_keys.ContentOf": lambda value: f"result of {value.stage} ({value.digest[:8]})",
    "datetime.datetime": lambda value: f"{value.replace(tzinfo=None)!r}{_zone(value)}",
    "decimal.Decimal": lambda value: f"Decimal({_text(str(value))})",
    "fractions.Fraction": lambda value: f"Fraction({_integer(value.numerator)}, {_integer(value.denominator)})",
    "int": _integer,
    "str": _text,
    "bytes": _text,
}
_OPENING: dict[type, tuple[str, str]] = {
    list: ("[", "]"),
    tuple: ("(", ")"),
    dict: ("{", "}"),
    set: ("{", "}"),
    frozenset: ("frozenset({", "})"),
}
