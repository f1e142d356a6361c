"""Which way a value of a type is taken apart."""

import enum
import functools
import types
from collections.abc import Callable
from typing import Any

from foundations.keys import arrays, arrow, frames, polars_frames, sparse, tensors
from foundations.keys.containers import CONTAINER_PARTS
from foundations.keys.no_identity import Refused, type_name
from foundations.keys.objects import object_parts
from foundations.keys.refused_kinds import why_refused
from foundations.keys.standard import (
    CODE,
    STANDARD_PARTS,
    builtin_method_parts,
    enum_parts,
    exception_parts,
    partial_parts,
    set_subclass_parts,
    way_of_zones,
)
from foundations.keys.value_parts import Parts, named

TakeApart = Callable[[Any], Parts]

_OWN = "__foundations_key__"
_LIBRARIES: dict[str, Callable[[type], TakeApart | None]] = {
    "zoneinfo": way_of_zones,
    "numpy": arrays.way_of,
    "ml_dtypes": arrays.way_of,
    "pandas": frames.way_of,
    "pyarrow": arrow.way_of,
    "polars": polars_frames.way_of,
    "scipy": sparse.way_of,
    "torch": tensors.way_of,
}
_COMPILED = frozenset({"cython_function_or_method", "fused_cython_function"})
_EXACT = {id(kind): way for kind, way in {**CONTAINER_PARTS, **STANDARD_PARTS}.items()}
_CODE = frozenset(map(id, CODE))


def way_of(kind: type) -> TakeApart | None:
    """Return what takes values of `kind` apart, None for what counts by its code; raise `Refused`."""
    # by address: what a metaclass makes of comparing and hashing its classes is its own affair
    if id(kind) in _CODE or issubclass(kind, type) or kind.__name__ in _COMPILED:
        return None
    exact = _EXACT.get(id(kind))
    if exact is not None:
        return exact
    if any(_OWN in vars(one) for one in kind.__mro__):
        return _keyed
    why = why_refused(kind)
    if why is not None:
        raise Refused(why)
    return _of_library(kind) or _of_lineage(kind)


def counts_by_code(value: Any) -> bool:
    """Tell whether a builtin function or method counts by its name: it is bound to nothing that has a value."""
    return value.__self__ is None or isinstance(value.__self__, types.ModuleType)


def _of_library(kind: type) -> TakeApart | None:
    roots = {str(one.__module__).partition(".")[0] for one in kind.__mro__}
    for root in sorted(roots.intersection(_LIBRARIES)):
        way = _LIBRARIES[root](kind)
        if way is not None:
            return way
    return None


def _of_lineage(kind: type) -> TakeApart:
    if issubclass(kind, enum.Enum):
        return enum_parts
    if issubclass(kind, types.BuiltinFunctionType):
        return builtin_method_parts
    if issubclass(kind, functools.partial):
        return partial_parts
    if issubclass(kind, BaseException):
        return exception_parts
    if issubclass(kind, set | frozenset):
        return set_subclass_parts
    return object_parts


def _keyed(value: Any) -> Parts:
    kind = type(value)
    stands = getattr(kind, _OWN)(value)
    if stands is value:
        raise Refused(f"its {_OWN} returns the object itself")
    return Parts("keyed", type_name(kind).encode("utf-8", "surrogatepass"), [stands], named(f".{_OWN}()"))
