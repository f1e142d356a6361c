"""pandas' frames, series, indexes and arrays, one level deep: by column, however they are laid out in blocks."""

import sys
from collections.abc import Callable
from typing import Any

from foundations.keys.objects import attributes_of
from foundations.keys.value_parts import Parts, attribute_parts, named


def way_of(kind: type) -> Callable[[Any], Parts] | None:
    """Return what takes values of one of pandas' types apart, or None."""
    pandas = sys.modules.get("pandas")
    ways = _ways(pandas) if hasattr(pandas, "api") and hasattr(pandas, "arrays") else ()
    return next((way for known, way in ways if issubclass(kind, known)), None)


def _ways(pandas: Any) -> tuple[tuple[Any, Callable[[Any], Parts]], ...]:
    arrays = pandas.arrays
    return (
        (pandas.DataFrame, _frame),
        (pandas.Series, _series),
        (pandas.MultiIndex, _multi_index),
        (pandas.RangeIndex, _range_index),
        (pandas.Index, _index),
        (pandas.Categorical, _categorical),
        ((arrays.IntegerArray, arrays.FloatingArray, arrays.BooleanArray), _masked),
        ((arrays.DatetimeArray, arrays.TimedeltaArray, arrays.PeriodArray), _dates),
        (arrays.IntervalArray, _intervals),
        (arrays.SparseArray, _sparse),
        (getattr(arrays, "ArrowExtensionArray", ()), _arrow),
        ((arrays.StringArray, getattr(arrays, "NumpyExtensionArray", ())), _numpy),
        (pandas.api.extensions.ExtensionDtype, _dtype),
    )


def _frame(value: Any) -> Parts:
    parts = _labelled("pandas.DataFrame", value)
    names = [f"[{name!r}]" if type(name) in (str, int) else f".iloc[:, {n}]" for n, name in enumerate(value.columns)]
    held = len(parts.children)
    columns = [_column(value, place) for place in range(value.shape[1])]
    before = parts.step
    parts.children = [*parts.children, value.columns, *columns]
    parts.step = lambda place: before(place) if place < held else ("", *names)[place - held]
    return parts


def _series(value: Any) -> Parts:
    parts = _labelled("pandas.Series", value)
    parts.children = [*parts.children, value.name, _values(value)]
    return parts


def _labelled(tag: str, value: Any) -> Parts:
    """Return what frames and series have in common: class, index, what was noted, and what a subclass adds."""
    kind = type(value)
    own = [name for name in kind._metadata if name != "name" and hasattr(value, name)]
    # what somebody has written to it; older versions of pandas keep accessors there, such as str
    own += [name for name in vars(value) if name[:1] != "_" and name not in kind._accessors and name not in own]
    flags = value.flags.allows_duplicate_labels
    parts = attribute_parts(tag, str(flags), {name: getattr(value, name) for name in own})
    steps = named(*(f".{name}" for name in own), "", ".attrs", ".index")
    parts.children, parts.step = [*parts.children, kind, value.attrs, value.index], steps
    return parts


def _column(frame: Any, place: int) -> Any:
    quick = getattr(frame, "_get_column_array", None)  # iloc makes a series first
    return quick(place) if quick is not None else _values(frame.iloc[:, place])


def _values(value: Any) -> Any:
    """Return the array under a series or an index: NumPy's where there is one."""
    array = value.array
    return array.to_numpy() if type(array).__name__ in ("NumpyExtensionArray", "PandasArray") else array


def _index(value: Any) -> Parts:
    frequency = getattr(value, "freq", None)
    children = [type(value), list(value.names), frequency, _values(value)]
    return Parts("pandas.Index", children=children, step=named("", ".names"))


def _range_index(value: Any) -> Parts:
    bounds = (value.start, value.stop, value.step)
    return Parts("pandas.RangeIndex", children=[type(value), list(value.names), bounds])


def _multi_index(value: Any) -> Parts:
    children = [type(value), list(value.names), list(value.levels), list(value.codes), value.sortorder]
    return Parts("pandas.MultiIndex", children=children, step=named("", ".names", ".levels"))


def _categorical(value: Any) -> Parts:
    return _array(value, value.codes, value.categories, value.ordered)


def _masked(value: Any) -> Parts:
    data, mask = value._data, value._mask
    if mask.any():  # what lies where nothing is, is chance
        data = data.copy()
        data[mask] = 0
    return _array(value, value.dtype, data, mask)


def _dates(value: Any) -> Parts:
    return _array(value, value.dtype, value._ndarray, getattr(value, "freq", None))


def _intervals(value: Any) -> Parts:
    return _array(value, value.left, value.right, value.closed)


def _sparse(value: Any) -> Parts:
    places = value.sp_index.to_int_index().indices
    return _array(value, value.dtype, value.kind, len(value), places, value.sp_values, value.fill_value)


def _arrow(value: Any) -> Parts:
    return _array(value, value.dtype, value._pa_array)


def _numpy(value: Any) -> Parts:
    return _array(value, value.dtype, value.to_numpy() if not hasattr(value, "_ndarray") else value._ndarray)


def _dtype(value: Any) -> Parts:
    held = {name: one for name, one in attributes_of(value).items() if name != "_cache"}
    held |= {name: getattr(value, name, None) for name in value._metadata}
    parts = attribute_parts("pandas dtype", value.name, dict(sorted(held.items())))
    parts.children = [*parts.children, type(value)]
    return parts


def _array(value: Any, *children: Any) -> Parts:
    return Parts("pandas array", children=[type(value), *children])
