"""Arrow's tables and arrays, one level deep: by what they hold, not by chunks, offsets, or what lies under a null."""

import sys
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from foundations.keys.named_files import MOST_TEXTS
from foundations.keys.no_identity import Refused
from foundations.keys.value_parts import Content, Parts

_TEXTS = ("is_string", "is_large_string", "is_string_view")


def way_of(kind: type) -> Callable[[Any], Parts] | None:
    """Return what takes values of one of pyarrow's types apart, or None."""
    arrow = sys.modules.get("pyarrow")
    if arrow is None or not hasattr(arrow, "Table"):
        return None
    ways: tuple[tuple[Any, Callable[[Any], Parts]], ...] = (
        (arrow.Table, _table),
        (arrow.RecordBatch, _table),
        (arrow.ChunkedArray, _chunked),
        (arrow.Array, array_parts),
        (arrow.Scalar, _scalar),
        (arrow.Buffer, lambda value: Parts("pyarrow.Buffer", children=[Content(value.to_pybytes())])),
    )
    return next((way for known, way in ways if issubclass(kind, known)), None)


def _table(value: Any) -> Parts:
    steps = [f"[{name!r}]" for name in value.column_names]
    children = [value.schema, *value.columns]
    return Parts(f"pyarrow.{type(value).__name__}", children=children, step=lambda place: ("", *steps)[place])


def _chunked(value: Any) -> Parts:
    return Parts("pyarrow.ChunkedArray", str(value.type).encode(), [value.type, _combined(value)])


def _combined(value: Any) -> Any:
    arrow = sys.modules["pyarrow"]
    if value.num_chunks == 0:
        return arrow.array([], type=value.type)
    if value.num_chunks == 1:
        return value.chunk(0)
    if arrow.types.is_dictionary(value.type):
        value = value.unify_dictionaries()
    combined = value.combine_chunks()
    # older ones return a chunked array, of one chunk
    return combined.chunk(0) if isinstance(combined, arrow.ChunkedArray) else combined


def _scalar(value: Any) -> Parts:
    arrow = sys.modules["pyarrow"]
    return Parts("pyarrow.Scalar", children=[arrow.array([value], type=value.type)])


def array_parts(value: Any) -> Parts:
    """Return the parts of an array: its type, which items are null, and what the others are."""
    total = len(value)
    children: list[Any] = [value.type]
    if value.null_count and not sys.modules["pyarrow"].types.is_null(value.type):
        children.append(_bits(value.is_valid()))
        value = value.drop_null()
    texts = value.to_pylist() if _is(value.type, *_TEXTS) and len(value) <= MOST_TEXTS else ()
    return Parts("pyarrow.Array", str(total).encode(), [*children, *_items(value)], texts=texts)


def _items(value: Any) -> list[Any]:
    """Return what an array without nulls holds."""
    arrow = sys.modules["pyarrow"]
    kind, types = value.type, arrow.types
    if types.is_null(kind):
        return []
    if types.is_boolean(kind):
        return [_bits(value)]
    if types.is_dictionary(kind):
        return [value.indices, value.dictionary]
    if types.is_nested(kind):
        return _nested(value, kind)
    if _is(kind, "is_string_view", "is_binary_view"):
        value = value.cast(arrow.large_string() if types.is_string_view(kind) else arrow.large_binary())
        kind = value.type
    if _is(kind, "is_string", "is_binary", "is_large_string", "is_large_binary"):
        return _strings(value)
    if isinstance(kind, arrow.BaseExtensionType):
        return [value.storage]
    return _fixed(value, kind)


def _nested(value: Any, kind: Any) -> list[Any]:
    types = sys.modules["pyarrow"].types
    if types.is_struct(kind):
        return list(value.flatten())
    if types.is_list(kind) or types.is_large_list(kind):
        return [value.value_lengths(), value.flatten()]
    if types.is_fixed_size_list(kind):
        return [value.flatten()]
    if types.is_map(kind):
        return _map(value)
    raise Refused(f"the way in which arrays of type {kind} are stored is not known")


def _map(value: Any) -> list[Any]:
    offsets = value.offsets.to_pylist()
    lengths = [last - first for first, last in pairwise(offsets)]
    first, size = (offsets[0], offsets[-1] - offsets[0]) if offsets else (0, 0)
    return [lengths, value.keys.slice(first, size), value.items.slice(first, size)]


def _is(kind: Any, *names: str) -> bool:
    types = sys.modules["pyarrow"].types
    return any(getattr(types, name)(kind) for name in names if hasattr(types, name))


def _bits(value: Any) -> Any:
    return _fixed(value.cast("uint8"), None)[0]


def _strings(value: Any) -> list[Any]:
    """Return lengths and bytes: where in its buffer a string begins says nothing."""
    _, offsets, data = value.buffers()
    wide = 8 if str(value.type).startswith("large") else 4
    if not len(value):
        return []
    first, last = (_offset(offsets, value.offset + place, wide) for place in (0, len(value)))
    lengths = sys.modules["pyarrow"].compute.binary_length(value)
    return [lengths, Content(memoryview(data)[first:last] if data is not None else b"")]


def _offset(offsets: Any, place: int, wide: int) -> int:
    return int.from_bytes(memoryview(offsets)[place * wide : (place + 1) * wide], sys.byteorder)


def _fixed(value: Any, kind: Any) -> list[Any]:
    """Return the bytes of an array whose items all have the same size."""
    try:
        bits = value.type.bit_width
    except ValueError as error:
        raise Refused(f"the way in which arrays of type {kind} are stored is not known") from error
    data = value.buffers()[1]
    if bits % 8 or len(value.buffers()) != 2:
        raise Refused(f"the way in which arrays of type {kind} are stored is not known")
    width = bits // 8
    start = value.offset * width
    return [Content(memoryview(data)[start : start + len(value) * width] if data is not None else b"")]
