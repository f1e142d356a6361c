"""NumPy's arrays in NumPy's own format for files, which is read without running anybody's code."""

import io
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

# a smaller one is one run of bytes with its header; above it the array's own bytes are a run of their own: not copied
_SMALL = 64 * 1024
_KINDS = frozenset("biufcmMSUV")
_LONGEST_HEADER = 1 << 20


def npy_buffers(value: Any) -> list[memoryview] | None:
    """Return the runs of bytes that together are a `.npy` file of `value`; None where that would not be all of it."""
    numpy = sys.modules.get("numpy")
    if numpy is None or type(value) is not getattr(numpy, "ndarray", None) or not _is_kept(value.dtype, numpy):
        return None
    file = io.BytesIO()
    order = "F" if value.flags.f_contiguous and not value.flags.c_contiguous else "C"
    header = {"descr": _format().dtype_to_descr(value.dtype), "fortran_order": order == "F", "shape": value.shape}
    try:
        _format().write_array_header_1_0(file, header)
    except (ValueError, UnicodeError):  # names of fields that this version of the format can't hold
        return None
    data = memoryview(value.ravel(order=order).view("u1")) if value.size else memoryview(b"")
    if len(data) < _SMALL:
        return [memoryview(file.getvalue() + bytes(data))]
    return [memoryview(file.getvalue()), data]


def npy_array(buffers: Sequence[bytes | bytearray | memoryview]) -> Any:
    """Return the array that `npy_buffers` was given; it lies over the bytes."""
    numpy = import_module("numpy")
    head = io.BytesIO(bytes(buffers[0]) if len(buffers) > 1 else bytes(memoryview(buffers[0])[:_LONGEST_HEADER]))
    _format().read_magic(head)
    shape, is_fortran, dtype = _format().read_array_header_1_0(head, max_header_size=_LONGEST_HEADER)
    if dtype.hasobject:
        raise ValueError("an array of objects is no .npy file that can be read without running code")
    data = buffers[1] if len(buffers) > 1 else memoryview(buffers[0])[head.tell() :]
    order = "F" if is_fortran else "C"
    if not len(data):
        return numpy.empty(shape, dtype, order=order)
    return numpy.frombuffer(data, dtype).reshape(shape, order=order)


def _is_kept(dtype: Any, numpy: Any) -> bool:
    """Tell whether the format's description of a dtype gives back the same."""
    if dtype.hasobject or dtype.kind not in _KINDS or not dtype.itemsize or dtype.metadata:
        return False
    if dtype.fields is None and dtype.subdtype is None:
        return bool(numpy.dtype(dtype.str) == dtype and numpy.dtype(dtype.str).type is dtype.type)
    try:
        found = _format().descr_to_dtype(_format().dtype_to_descr(dtype))
    except (ValueError, TypeError):
        return False
    return bool(_told(found) == _told(dtype))


def _told(dtype: Any) -> Any:
    fields = [(name, *map(_told_part, dtype.fields[name])) for name in dtype.names or ()]
    base = dtype.subdtype and (_told(dtype.subdtype[0]), dtype.subdtype[1])
    return dtype.str, dtype.itemsize, dtype.isalignedstruct, dtype.type, dict(dtype.metadata or {}), base, fields


def _told_part(part: Any) -> Any:
    return _told(part) if hasattr(part, "isalignedstruct") else part


def _format() -> Any:
    return import_module("numpy.lib.format")
