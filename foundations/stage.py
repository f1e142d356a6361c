"""Stages: calls that have not happened yet."""

import functools
import itertools
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from foundations import current
from foundations.graph import Call, StageGraph, Upstream, filled, holes
from foundations.identity import digest, sketch
from foundations.signature import STAGE_FUNCTION, check_call, name_of, signature_of

if TYPE_CHECKING:
    from foundations.deployment import Deployment
    from foundations.search import ErrorHandler, Generator

_serial = itertools.count()
_seen: dict[str, int] = {}
_seen_lock = threading.Lock()


def create_stage(function: Callable[..., Any]) -> Callable[..., "Stage"]:
    """Return a callable like `function` whose calls run nothing and give a stage; it can be used as a decorator.

    >>> load = foundations.create_stage(load)
    >>> data = load("train.csv")
    >>> data.run()

    A call with wrong arguments raises the `TypeError` that `function` itself would raise. Raise `TypeError` for
    what can't be called.
    """
    if not callable(function):
        raise TypeError(f"create_stage takes a function, got {function!r} of type {type(function).__name__}")
    signature = signature_of(function)

    def call(*args: Any, **kwargs: Any) -> Stage:
        check_call(function, signature, args, kwargs)
        return Stage(function, args, kwargs)

    functools.update_wrapper(call, function)
    setattr(call, STAGE_FUNCTION, function)
    return call


class Stage:
    """A call that has not happened yet: the handle on its future result.

    Made by calling what `create_stage` returns. Its result can be an argument of other stages, inside lists, tuples,
    sets and dicts too.
    """

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        self._function = function
        self._args, self._kwargs = args, dict(kwargs)
        self._parents = tuple(dict.fromkeys(holes((args, self._kwargs), Stage)))
        self._serial = next(_serial)
        self._id = _new_id(function, args, self._kwargs)
        self._cached = self._persisted = False

    def __repr__(self) -> str:
        return f"<stage {self.name()} {self._id}>"

    def name(self) -> str:
        """Return the name that records and frames give this stage."""
        return name_of(self._function)

    def function_name(self) -> str:
        """Return the name of the stage's function."""
        return name_of(self._function)

    def uuid(self) -> str:
        """Return the stage's id: the same in every run of the same driver, on any machine."""
        return self._id

    def enable_caching(self) -> "Stage":
        """Let jobs take this stage's result, and that of every stage above it, from the cache; return the stage."""
        for stage in _with_ancestors(self):
            stage._cached = True
        return self

    def disable_caching(self) -> "Stage":
        """Let jobs compute this stage anew, whatever becomes of those above it; return the stage."""
        self._cached = False
        return self

    def persist(self) -> "Stage":
        """Keep this stage's result with every job, for `ResultReader` and `Deployment.result`; return the stage."""
        self._persisted = True
        return self

    def run(self, *, job_name: str | None = None, wait: bool = True) -> "Deployment":
        """Run this stage and all that it needs as one job in the selected environment, and return when it has ended.

        The job's log is written to standard output and error meanwhile. Raise `JobFailedError`, whose text is the
        traceback of the user's own code, when the job did not complete; `ValueError` for a `job_name` that is taken
        or is not made of 1 to 128 of the characters A-Z a-z 0-9 . _ -; `RuntimeError` inside a job.

        With `wait=False` return as soon as the job has begun, and let it go on without this driver; what becomes of it
        is then for the deployment to say, and nothing is written or raised here.
        """
        refuse_in_job()  # first: a worker lacks what the driver's half imports
        from foundations.driver import run_stage

        return run_stage(self, job_name=job_name, wait=wait)

    def grid_search(self, ranges: Mapping[str, Any], max_iterations: int | None = None) -> "dict[str, Deployment]":
        """Run a job for every combination of what the parameters may be, at most `max_iterations`, several at a time.

        `ranges` gives for each `Hyperparameter` a `DiscreteHyperparameter`, an `IntegerHyperparameter`, a
        `FloatingHyperparameter` with a step, a list of values or a constant. Return the deployments by job id. A job
        that fails does not stop the others; the last lines say which have failed. Ctrl-C cancels those that run and
        raises `KeyboardInterrupt`; those that have ended stay in the archive. Raise `ValueError` for a name that is
        missing or not asked for, before there is a job.

        >>> loss.grid_search({"rate": [0.1, 0.01], "layers": IntegerHyperparameter(1, 4)})
        """
        refuse_in_job()
        from foundations.search import grid_search

        return grid_search(self, ranges, max_iterations=max_iterations)

    def random_search(
        self, ranges: Mapping[str, Any], max_iterations: int, seed: int | None = None
    ) -> "dict[str, Deployment]":
        """Run a job for each of `max_iterations` combinations at random, none twice; otherwise as `grid_search`.

        With a `seed` they are the same in every run. There are fewer where there are not so many combinations.

        >>> loss.random_search({"rate": FloatingHyperparameter(0.001, 0.1)}, max_iterations=20, seed=1)
        """
        refuse_in_job()
        from foundations.search import random_search

        return random_search(self, ranges, max_iterations=max_iterations, seed=seed)

    def adaptive_search(
        self,
        initial_params: Iterable[Mapping[str, Any]],
        generator: "Generator",
        error_handler: "ErrorHandler | None" = None,
    ) -> "dict[str, Deployment]":
        """Run a job for each of `initial_params`, and then for what `generator` makes of each job that has completed.

        `generator` gets the job's metrics by name (a value, or a list of values where there are several), with `job_id`
        and `parameters` beside them, and returns the next sets of parameters: a list of dicts, which may be empty. The
        search ends when none are left. `error_handler` gets the parameters of a job that did not complete and the
        `JobFailedError`, and may return further sets; without one the search goes on. What either of them raises
        cancels the jobs that run. Otherwise as `grid_search`.

        >>> def halve(found):
        ...     rate = found["parameters"]["rate"] / 2
        ...     return [{"rate": rate}] if found["loss"] > 0.1 and rate > 1e-6 else []
        >>> loss.adaptive_search([{"rate": 1.0}], halve)
        """
        refuse_in_job()
        from foundations.search import adaptive_search

        return adaptive_search(self, initial_params, generator=generator, error_handler=error_handler)

    def graph(self) -> StageGraph:
        """Return this stage and all that it needs as the plain data that a job is made of."""
        stages = sorted(_with_ancestors(self), key=lambda stage: stage._serial)
        return StageGraph(tuple(stage._call() for stage in stages), self._id)

    def __iter__(self) -> Iterator[Any]:
        self._refuse("taken apart", "return the parts from stages of their own")

    def __len__(self) -> int:  # noqa: PLE0303 - it only ever raises
        self._refuse("measured", "measure it in a stage")

    def __bool__(self) -> bool:  # noqa: PLE0304 - it only ever raises
        self._refuse("tested", "test it in a stage")

    def _refuse(self, what: str, instead: str) -> NoReturn:
        raise TypeError(f"the result of the stage {self.name()} can't be {what} before it has run; {instead}")

    def _call(self) -> Call:
        def upstream(stage: Stage) -> Upstream:
            return Upstream(stage._id)

        return Call(
            id=self._id,
            name=self.name(),
            function=self._function,
            args=filled(self._args, Stage, upstream),
            kwargs=filled(self._kwargs, Stage, upstream),
            parents=tuple(parent._id for parent in self._parents),
            cached=self._cached,
            persisted=self._persisted,
        )


def refuse_in_job() -> None:
    """Raise `RuntimeError` where this process is a job's worker."""
    if current.job_id is not None:
        raise RuntimeError(
            f"run() was called inside the job {current.job_id}: a stage can't start jobs; keep the lines that run "
            'stages in the driver, or below `if __name__ == "__main__":`'
        )


def _with_ancestors(stage: Stage) -> list[Stage]:
    found = {id(stage): stage}
    waiting = [stage]
    while waiting:
        for parent in waiting.pop()._parents:
            if id(parent) not in found:
                found[id(parent)] = parent
                waiting.append(parent)
    return list(found.values())


def _new_id(function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
    """Return the id of a new stage: a digest of what is called with what, and which of the equal calls it is."""

    def stand_in(value: Any) -> str | None:
        return value.uuid() if isinstance(value, Stage) else None

    # the keywords' order is the caller's style, not part of the call
    arguments = sketch((args, dict(sorted(kwargs.items()))), stand_in=stand_in)
    module = getattr(function, "__module__", type(function).__module__)
    name = getattr(function, "__qualname__", name_of(function))
    content = digest("stage", str(module), str(name), arguments)
    with _seen_lock:
        _seen[content] = place = _seen.get(content, -1) + 1
    return digest(content, str(place))[:32]
