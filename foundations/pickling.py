"""A graph as bytes: what the model directory holds by reference, what the driver's own file holds by value."""

import functools
import io
import os
import types
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import cloudpickle

from foundations.errors import UnpicklableStage
from foundations.graph import Call, StageGraph
from foundations.pickler import dumps
from foundations.stage import LAZY

_MOST_LOOKED_AT = 100


def pickle_graph(graph: StageGraph, root: Path, *, directory: str = ".") -> bytes:
    """Return `graph` as bytes for a worker of the same Python minor version, which runs in `directory` of `root`.

    Raise `UnpicklableStage`, which names stage, argument and attribute path, for what can't be pickled.
    """
    place = _Place(root, directory)
    try:
        return _dumps(graph, place)
    except Exception as error:
        for call in graph.calls:
            _blame(call, place)
        raise UnpicklableStage(
            f"the stages of this job can't be pickled together: {error}", stage=graph.target, argument=None
        ) from error


def _dumps(value: Any, place: "_Place") -> bytes:
    return dumps(value, place.relative)


class _Place:
    """Where the driver runs; what is pickled there says nothing of the folders above the model directory."""

    def __init__(self, root: Path, directory: str) -> None:
        self._root, self._directory = root, root / directory
        self._known: dict[str, str | None] = {}

    def relative(self, obj: Any, reduced: Any) -> Any:
        """Return `reduced`, what cloudpickle makes of `obj`, with paths as the worker has them."""
        if isinstance(obj, io.TextIOWrapper):  # cloudpickle would send its text as a StringIO
            raise TypeError("an open file can't travel")
        if isinstance(obj, types.CodeType):
            # as in the tracebacks that a user shall see
            name = self._in_project(obj.co_filename)
            if name is not None:
                return cloudpickle.Pickler.dispatch_table[types.CodeType](obj.replace(co_filename=name))
        if isinstance(obj, types.FunctionType) and isinstance(reduced, tuple):
            _, (_, base_globals, *_), (_, state), *_ = reduced
            base_globals.pop("__path__", None)  # __package__ is all that relative imports need
            for names in (base_globals, state["__globals__"]):
                if (name := self._in_project(names.get("__file__"))) is not None:
                    # as the stage finds it from where it runs
                    names["__file__"] = os.path.relpath(self._root / name, self._directory)
        return reduced

    def _in_project(self, file: str | None) -> str | None:
        """Return an absolute path relative to the root; None for what is not absolute, or elsewhere."""
        if file is None or not Path(file).is_absolute():
            return None
        if file not in self._known:
            path = Path(file).resolve()
            inside = path.is_relative_to(self._root)
            self._known[file] = path.relative_to(self._root).as_posix() if inside else None
        return self._known[file]


def _blame(call: Call, place: _Place) -> None:
    """Raise `UnpicklableStage` where a part of this call is what can't be pickled."""
    parts = [(None, call.function), *_named(call)]
    for argument, value in parts:
        error = _failure(value, place)
        if error is None:
            continue
        path, culprit = _path(argument or call.name, value, place)
        what = "function" if argument is None else f"argument {argument}"
        why = f"{path} is a {type(culprit).__qualname__} ({error})"
        advice = "" if isinstance(culprit, LAZY) else "; make it inside the stage, or pass what it is made from"
        raise UnpicklableStage(
            f"the {what} of stage {call.name} can't be pickled: {why}{advice}",
            stage=call.id,
            argument=argument,
        ) from error


def _named(call: Call) -> Iterator[tuple[str, Any]]:
    from foundations.signature import arguments_of, signature_of

    yield from arguments_of(signature_of(call.function), call.args, call.kwargs)


def _failure(value: Any, place: _Place) -> Exception | None:
    try:
        _dumps(value, place)
    except Exception as error:  # noqa: BLE001 - pickling runs the user's own code, which may raise anything
        return error
    return None


def _path(path: str, value: Any, place: _Place) -> tuple[str, Any]:
    """Return the path to, and the innermost part of, what keeps `value` from being pickled."""
    whole = path, value
    waiting, seen = [whole], set()
    for _ in range(_MOST_LOOKED_AT):
        if not waiting:
            break
        path, value = waiting.pop()
        failing = [(path + step, part) for step, part in _parts(value) if _failure(part, place) is not None]
        if not failing:
            return path, value
        # parts may hold one another, and then some lead back to where the search has been
        seen.add(id(value))
        waiting.extend(part for part in reversed(failing) if id(part[1]) not in seen)
    return whole


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, LAZY):
        return
    if isinstance(value, Mapping):
        yield from ((f"[{key!r}]", item) for key, item in value.items())
    elif isinstance(value, Sequence | set | frozenset) and not isinstance(value, str | bytes):
        yield from ((f"[{place}]", item) for place, item in enumerate(value))
    yield from ((f".{name}", item) for name, item in _attributes(value))


def _attributes(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield what a value consists of beside its items: what its code names, or its attributes."""
    if isinstance(value, types.FunctionType):
        for name, cell in zip(value.__code__.co_freevars, value.__closure__ or (), strict=True):
            with suppress(ValueError):  # a variable that has no value yet
                yield name, cell.cell_contents
        yield from ((name, value.__globals__[name]) for name in value.__code__.co_names if name in value.__globals__)
        return
    if isinstance(value, types.MethodType):
        yield "__self__", value.__self__
    if isinstance(value, functools.partial):
        yield from (("func", value.func), ("args", value.args), ("keywords", value.keywords))
    yield from getattr(value, "__dict__", {}).items()
    slots = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
    yield from ((name, getattr(value, name)) for name in slots if hasattr(value, name))
