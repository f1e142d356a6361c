"""Searches as methods of a stage: many jobs with different parameters, several at a time."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from foundations.cache_use import refuse_in_plan
from foundations.in_job import refuse_in_job

if TYPE_CHECKING:
    from foundations.deployment import Deployment
    from foundations.errors import JobFailedError
    from foundations.stage import Stage

NextParameters = Iterable[Mapping[str, Any]] | None
Generator = Callable[[dict[str, Any]], NextParameters]
ErrorHandler = Callable[[dict[str, Any], "JobFailedError"], NextParameters]


def grid_search(
    stage: "Stage", /, ranges: Mapping[str, Any], max_iterations: int | None = None
) -> "dict[str, Deployment]":
    """Run a job for every combination of what the parameters may be, at most `max_iterations`, several at a time.

    `ranges` gives for each `Hyperparameter` a `DiscreteHyperparameter`, an `IntegerHyperparameter`, a
    `FloatingHyperparameter` with a step, a list of values or a constant. Return the deployments by job id, in the
    order in which the jobs were started. How many run at the same time is the environment's to say
    (`search_config.concurrent_jobs`).

    A job that fails does not stop the others; the last lines say which have failed. Ctrl-C cancels those that run and
    raises `KeyboardInterrupt`; those that have ended stay in the archive. Raise `ValueError` for a name that is missing
    or not asked for, before there is a job, and what keeps every job from running, as an engine that is gone.

    >>> loss.grid_search({"rate": [0.1, 0.01], "layers": IntegerHyperparameter(1, 4)})
    """
    refuse_in_job("grid_search()")  # first: a worker lacks what the driver's half imports
    refuse_in_plan("grid_search()")
    from foundations import trials

    return trials.grid_search(stage, ranges, max_iterations=max_iterations)


def random_search(
    stage: "Stage", /, ranges: Mapping[str, Any], max_iterations: int, seed: int | None = None
) -> "dict[str, Deployment]":
    """Run a job for each of `max_iterations` combinations at random, none twice; otherwise as `grid_search`.

    With a `seed` they are the same in every run. There are fewer where there are not so many combinations.

    >>> loss.random_search({"rate": FloatingHyperparameter(0.001, 0.1)}, max_iterations=20, seed=1)
    """
    refuse_in_job("random_search()")
    refuse_in_plan("random_search()")
    from foundations import trials

    return trials.random_search(stage, ranges, max_iterations=max_iterations, seed=seed)


def adaptive_search(
    stage: "Stage",
    /,
    initial_params: Iterable[Mapping[str, Any]],
    generator: Generator,
    error_handler: ErrorHandler | None = None,
) -> "dict[str, Deployment]":
    """Run a job for each of `initial_params`, and then for what `generator` makes of each job that has completed.

    `generator` gets the job's metrics by name (a value, or a list of values where there are several), with `job_id` and
    `parameters` beside them, and returns the next sets of parameters: a list of dicts, which may be empty. The search
    ends when none are left. `error_handler` gets the parameters of a job that did not complete and the
    `JobFailedError`, and may return further sets; without one the search goes on. What either of them raises cancels
    the jobs that run. Otherwise as `grid_search`.

    >>> def halve(found):
    ...     rate = found["parameters"]["rate"] / 2
    ...     return [{"rate": rate}] if found["loss"] > 0.1 and rate > 1e-6 else []
    >>> loss.adaptive_search([{"rate": 1.0}], halve)
    """
    refuse_in_job("adaptive_search()")
    refuse_in_plan("adaptive_search()")
    from foundations import trials

    return trials.adaptive_search(stage, initial_params, generator=generator, error_handler=error_handler)
