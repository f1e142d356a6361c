"""polars' frames and series, one level deep: by column, however these are cut into chunks."""

import io
import sys
from collections.abc import Callable
from typing import Any

from foundations.keys.named_files import MOST_TEXTS
from foundations.keys.no_identity import Refused
from foundations.keys.objects import attributes_of
from foundations.keys.value_parts import Content, Parts


def way_of(kind: type) -> Callable[[Any], Parts] | None:
    """Return what takes values of one of polars' types apart, or None."""
    polars = sys.modules.get("polars")
    if polars is None or not hasattr(polars, "DataFrame"):
        return None
    if issubclass(kind, polars.DataFrame):
        return _frame
    if issubclass(kind, polars.Series):
        return _series
    return _lazy if issubclass(kind, (polars.LazyFrame, polars.Expr)) else None


def _frame(value: Any) -> Parts:
    steps = [f"[{name!r}]" for name in value.columns]
    children = [type(value), value.height, _own(value), *value.get_columns()]
    return Parts("polars.DataFrame", children=children, step=lambda place: ("", "", "", *steps)[place])


def _own(value: Any) -> dict[str, Any]:
    """Return the attributes that somebody has written to a frame or a series."""
    return {name: one for name, one in attributes_of(value).items() if name[:1] != "_"}


def _series(value: Any) -> Parts:
    polars = sys.modules["polars"]
    children = [type(value), value.name, repr(value.dtype), len(value), _own(value)]
    if value.dtype == polars.Object:
        return Parts("polars.Series", children=[*children, value.to_list()])
    if value.null_count():  # what lies under a null is chance
        children.append(_content(value.is_null()))
        value = value.drop_nulls()
    is_text = value.dtype in (polars.String, polars.Categorical, polars.Enum)
    texts = value.cast(polars.String).to_list() if is_text and len(value) <= MOST_TEXTS else ()
    return Parts("polars.Series", children=[*children, *_items(value, polars)], texts=texts)


def _items(value: Any, polars: Any) -> list[Any]:
    """Return what a series without nulls holds."""
    if value.dtype == polars.Categorical:  # whose numbers depend on what else the process has seen
        value = value.cast(polars.String)
    if value.dtype == polars.Struct:
        return [value.struct.field(name) for name in value.struct.fields]
    if value.dtype in (polars.List, polars.Array):
        lengths = value.list.len() if value.dtype == polars.List else len(value)
        return [lengths, value.explode()]
    return [_content(value)]


def _content(series: Any) -> Content:
    """Return a series in Arrow's format for files, without its name."""
    polars = sys.modules["polars"]
    if series.dtype == polars.Boolean:  # in the last byte there are bits that mean nothing
        series = series.cast(polars.UInt8)
    file = io.BytesIO()
    frame = polars.DataFrame([series.rename("").rechunk()])
    frame.write_ipc(file, compression="uncompressed", compat_level=polars.CompatLevel.oldest())
    return Content(file.getbuffer())


def _lazy(value: Any) -> Parts:
    raise Refused(f"a {type(value).__name__} stands for a computation that reads what it reads; collect() it first")
