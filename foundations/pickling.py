"""A graph as bytes: what the model directory holds by reference, what the driver's own file holds by value."""

import io
import os
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cloudpickle

from foundations.culprits import culprit
from foundations.errors import UnpicklableStage
from foundations.graph import Call, StageGraph
from foundations.pickler import dumps
from foundations.source_lines import lines_of, shown_name, with_lines
from foundations.stage import LAZY


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
            name = self._in_project(obj.co_filename) or shown_name(obj.co_filename)
            if name is not None:
                reduced = cloudpickle.Pickler.dispatch_table[types.CodeType](obj.replace(co_filename=name))
                lines = lines_of(obj)
                return (with_lines, (name, obj.co_firstlineno, lines, *reduced)) if lines else reduced
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
        path, part = culprit(argument or call.name, value, lambda one: _failure(one, place), opaque=LAZY)
        what = "function" if argument is None else f"argument {argument}"
        why = f"{path} is a {type(part).__qualname__} ({error})"
        advice = "" if isinstance(part, LAZY) else "; make it inside the stage, or pass what it is made from"
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
