"""NumPy's arrays, scalars and dtypes, one level deep: by what they hold, not by where it lies."""

import sys
from collections.abc import Callable
from typing import Any

from foundations.keys.named_files import MOST_TEXTS
from foundations.keys.no_identity import Refused, type_name
from foundations.keys.objects import attributes_of, object_parts
from foundations.keys.value_parts import Content, Parts, attribute_parts, named

_FLAT = frozenset("biufcmMSUV")
_NAMED = _FLAT | {"O"}
_LONG = frozenset("gG")
_REGISTERED = 2
_PICKLING = ("__reduce__", "__reduce_ex__", "__getstate__", "__setstate__")


def way_of(kind: type) -> Callable[[Any], Parts] | None:
    """Return what takes values of one of NumPy's types apart, or None."""
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return None
    if issubclass(kind, numpy.ndarray):
        return _way_of_arrays(kind, numpy)
    if issubclass(kind, numpy.dtype):
        return dtype_parts
    if issubclass(kind, numpy.generic) and kind.__module__.partition(".")[0] in ("numpy", "ml_dtypes"):
        return _scalar
    return None


def array_parts(value: Any, tag: str = "numpy.ndarray") -> Parts:
    """Return the parts of an array: dtype, shape, order and content; a view counts as its contiguous copy."""
    numpy = sys.modules["numpy"]
    value = numpy.asarray(value)
    order = "F" if value.flags.f_contiguous and not value.flags.c_contiguous else "C"
    dtype = value.dtype
    text = f"{dtype.str if _is_simple(dtype) else ''} {value.shape} {order}"
    children = [] if _is_simple(dtype) else [dtype]
    texts = value.ravel().tolist() if dtype.kind == "U" and value.size <= MOST_TEXTS else ()
    return Parts(tag, text.encode(), [*children, *_contents(value, dtype, order)], texts=texts)


def dtype_parts(dtype: Any) -> Parts:
    """Return the parts of a dtype, of all its fields, and of what was noted in it."""
    fields = [(name, *dtype.fields[name]) for name in dtype.names or ()]
    places = [(name, offset, *title) for name, _, offset, *title in fields]
    base, shape = dtype.subdtype or (None, None)
    noted = dict(dtype.metadata) if dtype.metadata else None
    missing = [getattr(dtype, name) for name in ("na_object", "coerce") if dtype.kind == "T" and hasattr(dtype, name)]
    text = f"{dtype.str} {dtype.itemsize} {dtype.alignment} {dtype.isalignedstruct} {type_name(dtype.type)} {shape}"
    return Parts("numpy.dtype", text.encode(), [places, base, noted, missing, *(field for _, field, *_ in fields)])


def _way_of_arrays(kind: type, numpy: Any) -> Callable[[Any], Parts]:
    if kind in (numpy.ndarray, numpy.memmap):
        return array_parts
    masked = getattr(sys.modules.get("numpy.ma"), "MaskedArray", None)
    if masked is not None and issubclass(kind, masked):
        return _masked
    overridden = any(getattr(kind, name, None) != getattr(numpy.ndarray, name, None) for name in _PICKLING)
    return object_parts if overridden else _subclass


def _subclass(value: Any) -> Parts:
    parts = attribute_parts("numpy.ndarray of a class", "", attributes_of(value))
    parts.children = [*parts.children, type(value), sys.modules["numpy"].asarray(value)]
    return parts


def _masked(value: Any) -> Parts:
    numpy = sys.modules["numpy"]
    ma = sys.modules["numpy.ma"]
    mask = None if value.mask is ma.nomask else numpy.asarray(value.mask)
    # asking the array itself would write its answer down in it
    filling = value.reshape(-1)[:0].fill_value if value.ndim else value.reshape(1)[:0].fill_value
    hard = "hard" if value.hardmask else "soft"
    own = {name: one for name, one in attributes_of(value).items() if name[:1] != "_" or name == "_optinfo"}
    children = [type(value), numpy.asarray(value.data), mask, numpy.asarray(filling), own]
    return Parts("numpy.ma", hard.encode(), children, named("", ".data", ".mask", ".fill_value"))


def _scalar(value: Any) -> Parts:
    return array_parts(value, f"scalar {type_name(type(value))}")


def _is_simple(dtype: Any) -> bool:
    """Tell whether a dtype's short name says all of it."""
    bare = dtype.fields is None and dtype.subdtype is None and not dtype.metadata and dtype.isbuiltin != _REGISTERED
    return bare and dtype.kind in _NAMED and dtype.type is sys.modules["numpy"].dtype(dtype.str).type


def _contents(value: Any, dtype: Any, order: str) -> list[Any]:
    """Return what an array holds, in `order`, as runs of bytes or as lists of objects."""
    if dtype.fields is not None and not _is_packed(dtype):
        whole = sys.modules["numpy"].array(value, order=order, copy=None)
        return [whole[name] for name in dtype.names]
    if dtype.kind == "O":
        return [value.ravel(order=order).tolist()]
    if dtype.kind == "T":  # its items lie elsewhere
        return [value.astype(object).ravel(order=order).tolist()]
    if dtype.kind not in _FLAT or (dtype.isbuiltin == 0 and type(dtype).__module__.partition(".")[0] != "numpy"):
        raise Refused(f"the way in which its dtype {dtype} stores items is not known")
    return [Content(_flat_bytes(value, dtype, order))]


def _flat_bytes(value: Any, dtype: Any, order: str) -> Any:
    if not value.size or not dtype.itemsize:
        return b""
    flat = value.ravel(order=order)
    data = flat.view("u1")
    if dtype.char in _LONG:
        data = _without_padding(data, dtype)
    return memoryview(data)


def _without_padding(data: Any, dtype: Any) -> Any:
    """Return the bytes of long doubles without those that mean nothing, and are chance."""
    numpy = sys.modules["numpy"]
    if numpy.finfo(numpy.longdouble).nmant != 63:
        return data
    each = dtype.itemsize // (2 if dtype.char == "G" else 1)
    parts = data.reshape(-1, each)
    kept = parts[:, :10] if dtype.isnative else parts[:, -10:]
    return numpy.ascontiguousarray(kept).reshape(-1)


def _is_packed(dtype: Any) -> bool:
    """Tell whether a dtype's bytes are those of its fields, with nothing between them."""
    if dtype.subdtype is not None:
        return _is_packed(dtype.subdtype[0])
    if dtype.fields is None:
        return dtype.kind in _FLAT and dtype.char not in _LONG
    end = 0
    for name in dtype.names:
        field, offset = dtype.fields[name][:2]
        if offset != end or not _is_packed(field):
            return False
        end += field.itemsize
    return bool(end == dtype.itemsize)
