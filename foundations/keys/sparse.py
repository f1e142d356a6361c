"""SciPy's sparse matrices and arrays, one level deep: by their arrays, without what they have worked out of these."""

import sys
from collections.abc import Callable
from typing import Any

from foundations.keys.value_parts import Parts

_COMPRESSED = ("indptr", "indices", "data")
_ARRAYS = {
    "csr": _COMPRESSED,
    "csc": _COMPRESSED,
    "bsr": _COMPRESSED,
    "coo": ("coords", "data"),
    "dia": ("offsets", "data"),
    "lil": ("rows", "data"),
}


def way_of(kind: type) -> Callable[[Any], Parts] | None:
    """Return what takes values of one of SciPy's sparse types apart, or None."""
    sparse = sys.modules.get("scipy.sparse")
    if sparse is None or not kind.__module__.startswith("scipy.sparse."):
        return None
    known = issubclass(kind, (sparse.sparray, sparse.spmatrix))
    return _sparse if known and getattr(kind, "format", None) is not None else None


def _sparse(value: Any) -> Parts:
    if value.format not in _ARRAYS:  # a dictionary of keys
        items = sorted((tuple(map(int, place)), item) for place, item in value.items())
        return Parts("scipy.sparse", b"dok", [type(value), value.shape, value.dtype, items])
    arrays = [getattr(value, name) for name in _ARRAYS[value.format]]
    return Parts("scipy.sparse", str(value.format).encode(), [type(value), value.shape, *arrays])
