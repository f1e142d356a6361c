"""SciPy's sparse matrices and arrays, one level deep: by their arrays, without what they have worked out of these."""

import sys
from collections.abc import Callable
from typing import Any

from foundations.keys.objects import attributes_of
from foundations.keys.value_parts import Parts, attribute_parts

_COMPRESSED = ("indptr", "indices", "data")
_ARRAYS = {
    "csr": _COMPRESSED,
    "csc": _COMPRESSED,
    "bsr": _COMPRESSED,
    "coo": ("coords", "data"),
    "dia": ("offsets", "data"),
    "lil": ("rows", "data"),
}
# what holds the content, and what was worked out of it
_CONTENT = frozenset(
    {"_shape", "_dict", "_dtype", "row", "col", *(name for names in _ARRAYS.values() for name in names)}
)
_WORKED_OUT = frozenset(
    {"maxprint", *(f"{mark}has_{word}" for mark in ("", "_") for word in ("canonical_format", "sorted_indices"))}
)


def way_of(kind: type) -> Callable[[Any], Parts] | None:
    """Return what takes values of one of SciPy's sparse types apart, or None."""
    sparse = sys.modules.get("scipy.sparse")
    if sparse is None or not kind.__module__.startswith("scipy.sparse."):
        return None
    known = issubclass(kind, (sparse.sparray, sparse.spmatrix))
    return _sparse if known and getattr(kind, "format", None) is not None else None


def _sparse(value: Any) -> Parts:
    own = {name: one for name, one in attributes_of(value).items() if name not in _CONTENT | _WORKED_OUT}
    parts = attribute_parts("scipy.sparse", value.format, own)
    if value.format in _ARRAYS:
        content = [_coordinates(value) if name == "coords" else getattr(value, name) for name in _ARRAYS[value.format]]
    else:  # a dictionary of keys
        content = [value.dtype, sorted((tuple(map(int, place)), item) for place, item in value.items())]
    parts.children = [*parts.children, type(value), value.shape, *content]
    return parts


def _coordinates(value: Any) -> Any:
    # before SciPy 1.13 there were matrices only
    return value.coords if hasattr(value, "coords") else (value.row, value.col)
