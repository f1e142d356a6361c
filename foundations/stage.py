"""Stages: calls that have not happened yet."""

import functools
import itertools
import operator
import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, NoReturn

from foundations import running, search
from foundations.ancestors import ancestors, refuse_circle
from foundations.attribute import Attribute, warn_if_meant
from foundations.building import graph_of, parents_of
from foundations.caching import checked_caching
from foundations.graph import Caching, Options, StageGraph, holes, parts_of
from foundations.parameters import Hyperparameter
from foundations.refusals import refuse_operators
from foundations.signature import STAGE_FUNCTION, name_of
from foundations.stage_id import new_id
from foundations.staged import Staged, calling, refuse_function, splitting, taking_item


class _Kept:
    def __repr__(self) -> str:
        return "<as it was>"


_KEPT: Any = _Kept()

_serial = itertools.count()


def create_stage(function: Callable[..., Any]) -> Callable[..., "Stage"]:
    """Return a callable like `function` whose calls run nothing and give a stage; it can be used as a decorator.

    >>> load = foundations.create_stage(load)
    >>> data = load("train.csv")
    >>> data.run()

    A call with wrong arguments raises the `TypeError` that `function` itself would raise. Of a method in a class
    body, `thing.method()` gives a stage with `thing` as its first argument. The result of a generator function is a
    generator: one stage can take it, and it can't be kept. Raise `TypeError` for what can't be called, for
    coroutine functions, and for functions that have a stage in a default argument.
    """
    if isinstance(function, staticmethod | classmethod):
        return type(function)(create_stage(function.__func__))
    if isinstance(function, types.FunctionType | types.MethodType) and hasattr(function, STAGE_FUNCTION):
        return function  # as where a notebook's cell is run again
    refuse_function(function, LAZY)
    staged = Staged.of(function)

    def call(*args: Any, **kwargs: Any) -> Stage:
        try:
            staged.check(args, kwargs)
        except TypeError as error:
            raise error.with_traceback(None) from None  # what is behind the user's own line is this one
        return Stage(staged, args, kwargs)

    functools.update_wrapper(call, function)
    setattr(call, STAGE_FUNCTION, function)
    return call


class Stage:
    """A call that has not happened yet: the handle on its future result.

    Made by calling what `create_stage` returns. Its result can be an argument of other stages, inside lists, tuples,
    sets, dicts and dataclasses too. `stage[key]` and `stage.method(...)` are stages as well: they take an item of the
    result, or call a method of it. A method that is named like one of these here is called in a function:
    `stage.stage(lambda value: value.split(","))`.
    """

    __slots__ = (
        "__weakref__", "_args", "_cached", "_caching", "_function", "_id", "_kwargs", "_lazy", "_name", "_options",
        "_parameters", "_parents", "_persisted", "_serial", "_used",
    )  # fmt: skip

    def __init__(self, staged: Staged, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        found = [*holes((args, kwargs), LAZY)] if kwargs or parts_of(args) else []
        if found:
            args, kwargs = staged.checked(args, kwargs, found)
        placeholders = any(isinstance(one, Hyperparameter) for one in found)
        self._function, self._name = staged.function, staged.name
        self._args, self._kwargs, self._lazy = args, kwargs, bool(found)
        self._parents = dict.fromkeys(one for one in found if isinstance(one, Stage))
        self._parameters = [one.name for one in holes((args, kwargs), Hyperparameter)] if placeholders else ()
        self._used = False
        for parent in self._parents:
            parent._used = True
        self._serial = next(_serial)
        self._id = new_id(staged.identity, args, kwargs, stand_in=_stand_in)
        self._cached = self._persisted = False
        self._options = _AS_EVER
        self._caching = Caching()

    def __repr__(self) -> str:
        return f"<stage {self._name} {self._id}>"

    def __format__(self, spec: str) -> str:
        if spec:
            self._refuse("formatted", "format it in a stage: stage.stage(lambda value: f'{value:.2f}')")
        return repr(self)

    def _repr_html_(self) -> str:
        from foundations.pictures.picture import show

        return show(self).html()

    def _repr_mermaid_(self) -> str:
        from foundations.pictures.picture import show

        return show(self).mermaid()

    def name(self) -> str:
        """Return the name that records and frames give this stage."""
        return self._name

    def function_name(self) -> str:
        """Return the name of the stage's function."""
        return name_of(self._function)

    def uuid(self) -> str:
        """Return the stage's id: the same in every run of the same driver, on any machine."""
        return self._id

    def enable_caching(
        self, *, version: str | None = None, ignore: Iterable[str] = (), ttl: float | None = None
    ) -> "Stage":
        """Let jobs take this stage's result, and that of every stage above it, from the cache; return the stage.

        A result serves until something that it depends on has changed: code, arguments, what the stage has read. For
        this stage alone, `version` is a text that counts too; `ignore` names parameters that do not count; `ttl` is
        for how many seconds a result serves. Raise `TypeError` and `ValueError` for what they can't be.

        >>> model = train(rows, threads=8).enable_caching(ignore=["threads"], ttl=3600)
        """
        caching = checked_caching(self._function, version=version, ignore=ignore, ttl=ttl)
        for stage in ancestors(self, parents_of):
            stage._cached = True
        self._caching = caching
        return self

    def disable_caching(self) -> "Stage":
        """Let jobs compute this stage anew, whatever becomes of those above it; return the stage."""
        self._cached = False
        return self

    def persist(self) -> "Stage":
        """Keep this stage's result with every job, for `ResultReader` and `Deployment.result`; return the stage."""
        self._persisted = True
        return self

    def options(
        self,
        *,
        retries: int = _KEPT,
        retry_delay: float = _KEPT,
        timeout: float | None = _KEPT,
        process: bool = _KEPT,
    ) -> "Stage":
        """Say how this stage is run, and return it; what is not given stays as it was.

        `retries` is how often it is run again where it raises, `retry_delay` the seconds before that, `timeout` the
        seconds that one run may take (None: any), `process` whether it runs in a process of its own. Raise
        `TypeError` or `ValueError` that names the option for a value that it can't have.
        """
        given: dict[str, Any] = {"retries": retries, "retry_delay": retry_delay, "timeout": timeout, "process": process}
        self._options = replace(self._options, **{name: one for name, one in given.items() if one is not _KEPT})
        return self

    def require(self, *others: "Stage") -> "Stage":
        """Let `others` run before this stage, without passing it their results; return the stage.

        Raise `TypeError` for what is no stage, and `ValueError` for a stage that needs this one itself; where that
        would take a search of thousands of stages, it is raised when the graph is run.
        """
        for other in others:
            if not isinstance(other, Stage):
                raise TypeError(f"require takes stages, got {other!r} of type {type(other).__name__}")
            if other is self or self._used:  # else nothing is below this one yet
                refuse_circle(self, other, parents_of)
        for other in others:
            self._parents[other] = None
            other._used = True
        return self

    def stage(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Stage":
        """Return a stage that calls `function` with this one's result first, then with `args` and `kwargs`."""
        return create_stage(function)(self, *args, **kwargs)

    def split(self, count: int) -> "list[Stage]":
        """Return `count` stages, one for each part of this one's result.

        In the job, a result that has another number of parts, or none that have an order, fails the stage: its error
        names this one. Raise `TypeError` or `ValueError` where `count` is no whole number from 1 on.
        """
        try:
            count = operator.index(count)
        except TypeError:
            raise TypeError(
                f"split takes the number of parts, got {count!r}; a method split of the result itself is called in a "
                'stage: stage.stage(lambda value: value.split(","))'
            ) from None
        if count < 1:
            raise ValueError(f"split takes the number of parts, at least 1, got {count}")
        parts = Stage(splitting(self._name, count), (self,), {})
        return [Stage(taking_item(self._name, place), (parts, place), {}) for place in range(count)]

    def __getitem__(self, key: Any) -> "Stage":
        return Stage(taking_item(self._name, key), (self, key), {})

    def __getattr__(self, name: str) -> "Attribute":
        if name.startswith("_"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return Attribute(self._name, name, functools.partial(_method_called, self, name))

    def __copy__(self) -> "Stage":
        return self

    def __deepcopy__(self, memo: Any) -> "Stage":
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            f"the result of the stage {self._name} can't be put there; pass a stage as an argument, or in a list, "
            "tuple, set, dict or dataclass that is one"
        )

    run = running.run
    run_same_process = running.run_same_process
    grid_search = search.grid_search
    random_search = search.random_search
    adaptive_search = search.adaptive_search

    def graph(self, parameters: Mapping[str, Any] | None = None) -> StageGraph:
        """Return this stage and all that it needs as the plain data that a job is made of.

        `parameters` are the values of its hyperparameters; None leaves these as they are. Raise `ValueError` where
        one is missing or surplus, where stages require one another in a circle, or where several take one generator.
        """
        return graph_of(self, parameters)

    def _refuse(self, what: str, instead: str) -> NoReturn:
        raise TypeError(f"the result of the stage {self._name} can't be {what} before it has run; {instead}")


def _stand_in(value: Any) -> str | None:
    if isinstance(value, Stage):
        return value._id
    return repr(value) if isinstance(value, Hyperparameter) else None


def _method_called(stage: Stage, method: str, /, *args: Any, **kwargs: Any) -> Stage:
    warn_if_meant(stage.name(), method, type(stage))
    return Stage(calling(stage.name(), method), (stage, *args), kwargs)


_AS_EVER = Options()
# what stands in arguments for a value that is not there yet
LAZY = (Stage, Hyperparameter, Attribute)

refuse_operators(Stage, Stage._refuse)
