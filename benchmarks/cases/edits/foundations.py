"""Stands in for Foundations where a peer runs the driver of an edited project: the same stages, cached by the peer.

`CACHED_BY` names the module whose `cached` gives a function with a cache around it; a stage whose function's code did
not run was served from that cache.
"""

import functools
import importlib
import json
import os
import sys
import threading
import types
from collections.abc import Callable
from typing import Any

_peer = importlib.import_module(os.environ["CACHED_BY"])


class Hyperparameter:
    """A value that the run gives."""

    def __init__(self, name: str) -> None:
        self.name = name


class Stage:
    """A call that has not happened yet."""

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], name: str) -> None:
        self.function, self.args, self.kwargs, self.name = function, args, kwargs, name
        self.cached = False
        self.own = True

    def enable_caching(self) -> "Stage":
        """Cache this stage and all above it."""
        for stage in _ancestors(self):
            stage.cached = True
        return self

    def disable_caching(self) -> "Stage":
        """Compute this stage in every run."""
        self.cached = False
        return self

    def options(self, **options: Any) -> "Stage":
        """Change nothing: how a stage is run is not what it computes."""
        del options
        return self

    def persist(self) -> "Stage":
        """Change nothing: every result is kept."""
        return self

    def run(self, **parameters: Any) -> "Stage":
        """Run the stage with all that it needs, and say what became of each."""
        run = _Run(parameters)
        self.value = run.value(self)
        names = {"the stage that is run": run.statuses[self]}
        names |= {stage.name: status for stage, status in run.statuses.items() if stage is not self and stage.own}
        print("stages:", json.dumps(names))
        return self

    def result(self) -> Any:
        """Return what the last run came to."""
        return self.value

    def run_same_process(self, **parameters: Any) -> Any:
        """Return what the stage comes to without any cache."""
        for stage in _ancestors(self):
            stage.cached = False
        return _Run(parameters).value(self)

    def __getitem__(self, key: Any) -> "Stage":
        return _plain(lambda value: value[key], self)

    def __getattr__(self, name: str) -> Callable[..., "Stage"]:
        if name.startswith("_") or name == "value":
            raise AttributeError(name)
        return lambda *args, **kwargs: _plain(lambda value: getattr(value, name)(*args, **kwargs), self)


class _Run:
    """One run of stages, each once."""

    def __init__(self, parameters: dict[str, Any]) -> None:
        self._parameters = parameters
        self._values: dict[Stage, Any] = {}
        self.statuses: dict[Stage, str] = {}

    def value(self, stage: Stage) -> Any:
        """Return what a stage comes to."""
        if stage not in self._values:
            args, kwargs = self._filled(stage.args), self._filled(stage.kwargs)
            function = _peer.cached(stage.function) if stage.cached and stage.own else stage.function
            ran = _Watch(stage.function)
            with ran:
                self._values[stage] = function(*args, **kwargs)
            self.statuses[stage] = "succeeded" if ran.seen else "cached"
        return self._values[stage]

    def _filled(self, value: Any) -> Any:
        if isinstance(value, Stage):
            return self.value(value)
        if isinstance(value, Hyperparameter):
            return self._parameters[value.name]
        if type(value) in (list, tuple):
            return type(value)(self._filled(part) for part in value)
        if type(value) is dict:
            return {key: self._filled(part) for key, part in value.items()}
        return value


class _Watch:
    """Sees whether a function's code runs meanwhile, in any thread that begins."""

    def __init__(self, function: Any) -> None:
        self._code, self.seen = _code_of(function), False

    def __enter__(self) -> None:
        threading.setprofile(self._look)
        sys.setprofile(self._look)

    def __exit__(self, *error: object) -> None:
        sys.setprofile(None)
        threading.setprofile(None)

    def _look(self, frame: types.FrameType, event: str, argument: Any) -> None:
        del argument
        self.seen = self.seen or (event == "call" and frame.f_code is self._code)


def _code_of(function: Any) -> types.CodeType | None:
    while isinstance(function, functools.partial):
        function = function.func
    function = function.__init__ if isinstance(function, type) else function
    return getattr(getattr(function, "__func__", function), "__code__", None)


def _plain(function: Callable[..., Any], stage: Stage) -> Stage:
    made = Stage(function, (stage,), {}, "part")
    made.own = False
    return made


def _ancestors(stage: Stage) -> list[Stage]:
    found: list[Stage] = []
    waiting: list[Any] = [stage]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Stage) and one not in found:
            found.append(one)
            waiting += [one.args, one.kwargs]
        elif isinstance(one, list | tuple):
            waiting += one
        elif isinstance(one, dict):
            waiting += one.values()
    return found


def create_stage(function: Callable[..., Any]) -> Callable[..., Stage]:
    """Return what makes stages of a function's calls."""

    def call(*args: Any, **kwargs: Any) -> Stage:
        return Stage(function, args, kwargs, getattr(function, "__name__", "stage"))

    return call
