"""pandas' frames in Arrow's format for files, where that gives back exactly the same frame."""

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

# to see whether it comes back takes as much memory again
_LARGEST = 256 * 1024 * 1024


def arrow_buffers(value: Any) -> list[memoryview] | None:
    """Return the bytes of an Arrow file of a frame; None where pyarrow is not in use, or something would be lost."""
    pandas, arrow = sys.modules.get("pandas"), sys.modules.get("pyarrow")
    if pandas is None or arrow is None or type(value) is not getattr(pandas, "DataFrame", None):
        return None
    if not hasattr(arrow, "Table") or value.attrs or value.memory_usage(index=True).sum() > _LARGEST:
        return None
    try:
        data = _written(value, arrow)
        # whatever the format can't say has another digest
        same = _digest(arrow_frame([data])) == _digest(value)
    except Exception:  # noqa: BLE001 - whatever a cell holds may raise; the pickle says so again
        return None
    return [data] if same else None


def arrow_frame(buffers: Sequence[bytes | bytearray | memoryview]) -> Any:
    """Return the frame that `arrow_buffers` was given; raise `ModuleNotFoundError` where pyarrow is not installed."""
    try:
        arrow = import_module("pyarrow")
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "this frame is stored in Arrow's format; install pyarrow to read it", name="pyarrow"
        ) from error
    return arrow.ipc.open_file(arrow.py_buffer(buffers[0])).read_all().to_pandas()


def _written(value: Any, arrow: Any) -> memoryview:
    table = arrow.Table.from_pandas(value)
    sink = arrow.BufferOutputStream()
    with arrow.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return memoryview(sink.getvalue())


def _digest(value: Any) -> str:
    from foundations.keys.values import value_digest  # most workers have no frame, and it takes a while to import

    return value_digest(value, code=_name).digest


def _name(value: Any) -> bytes:
    return f"{value.__module__}.{value.__qualname__}".encode()
