"""Python's own containers, one level deep."""

import array
import collections
import types
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

from foundations.keys.shown import shown
from foundations.keys.value_parts import Content, Parts, by_place


def _sequence(value: Any) -> Parts:
    return Parts(type(value).__name__, children=list(value), step=by_place)


def _set(value: Any) -> Parts:
    return Parts(type(value).__name__, children=list(value), step=lambda _: "{...}", ordered=False)


def _dict(value: Any) -> Parts:
    return items_parts("dict", list(chain.from_iterable(value.items())))


def items_parts(tag: str, items: list[Any]) -> Parts:
    """Return the parts of a mapping, given as its keys and values in turn."""
    return Parts(tag, children=items, step=item_step(items))


def item_step(items: Sequence[Any]) -> Callable[[int], str]:
    """Return the function that gives the step to each of some keys and values in turn."""

    def step(place: int) -> str:
        return f"[{shown(items[place - 1])}]" if place % 2 else f".keys()[{place // 2}]"

    return step


def _view(value: Any) -> Parts:
    # dict_keys, dict_values, dict_items: live, and their order counts as the dict's does
    return Parts(type(value).__name__.removeprefix("odict_"), children=list(value), step=by_place)


def _bytearray(value: bytearray) -> Parts:
    return Parts("bytearray", children=[Content(bytes(value))])


def _memoryview(value: memoryview) -> Parts:
    text = f"{value.format} {value.shape} {value.readonly}"
    return Parts("memoryview", text.encode(), [Content(value.tobytes())])


def _array(value: "array.array[Any]") -> Parts:
    return Parts("array.array", f"{value.typecode} {value.itemsize}".encode(), [Content(value.tobytes())])


def _three(value: Any) -> Parts:
    return Parts(type(value).__name__, children=[value.start, value.stop, value.step])


def _singleton(value: Any) -> Parts:
    return Parts("singleton", repr(value).encode())


_VIEWS = (dict, collections.OrderedDict)
CONTAINER_PARTS: dict[type, Callable[[Any], Parts]] = {
    list: _sequence,
    tuple: _sequence,
    set: _set,
    frozenset: _set,
    dict: _dict,
    **{type(view(kind())): _view for kind in _VIEWS for view in (kind.keys, kind.values, kind.items)},
    types.MappingProxyType: lambda value: items_parts("mappingproxy", list(chain.from_iterable(value.items()))),
    bytearray: _bytearray,
    memoryview: _memoryview,
    array.array: _array,
    range: _three,
    slice: _three,
    type(NotImplemented): _singleton,
}
