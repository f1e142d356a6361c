"""Pickling as both sides need it: cloudpickle, but for functions whose name `create_stage` has taken over."""

import io
import pickle
import sys
import types
from collections.abc import Callable
from importlib import import_module
from operator import attrgetter
from typing import Any

import cloudpickle

from foundations.signature import STAGE_FUNCTION

Rewrite = Callable[[Any, Any], Any]
Outside = Callable[[pickle.PickleBuffer], Any]


def as_it_is(obj: Any, reduced: Any) -> Any:
    """Return `reduced`: the `rewrite` that changes nothing."""
    del obj
    return reduced


def dumps(value: Any, rewrite: Rewrite = as_it_is, *, outside: Outside | None = None) -> bytes:
    """Return `value` pickled; `rewrite` gets each object with what cloudpickle makes of it, and has the last word.

    `outside` takes the large buffers, which are then not among the bytes.
    """
    file = io.BytesIO()
    _Pickler(file, rewrite, outside).dump(value)
    return file.getvalue()


def decorated(module: str, name: str) -> Any:
    """Return the function behind what `create_stage`, as a decorator, has left under a name."""
    found = attrgetter(name)(import_module(module))
    return getattr(found, STAGE_FUNCTION, found)


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    def __init__(self, file: io.BytesIO, rewrite: Rewrite, outside: Outside | None) -> None:
        super().__init__(file, protocol=5, buffer_callback=outside)
        self._rewrite = rewrite

    def reducer_override(self, obj: Any) -> Any:
        # by value such a function or class would take along the globals of its module, locks and connections too
        if isinstance(obj, types.FunctionType | type) and _is_decorated(obj):
            return decorated, (obj.__module__, obj.__qualname__)
        return self._rewrite(obj, super().reducer_override(obj))


def _is_decorated(function: types.FunctionType | type) -> bool:
    if function.__module__ == "__main__" or "<locals>" in function.__qualname__:
        return False
    try:
        found = attrgetter(function.__qualname__)(sys.modules.get(function.__module__))
    except AttributeError:
        return False
    return getattr(found, STAGE_FUNCTION, None) is function
