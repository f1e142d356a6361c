"""Runs as methods of a stage: as a job, as a plan of one, or here."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, overload

from foundations.cache_use import is_planning, listed
from foundations.in_job import refuse_in_job
from foundations.parameters import merged

if TYPE_CHECKING:
    from foundations.deployment import Deployment
    from foundations.plan import Plan
    from foundations.stage import Stage


@overload
def run(
    stage: "Stage",
    /,
    params_dict: Mapping[str, Any] | None = None,
    job_name: str | None = None,
    *,
    wait: bool = True,
    refresh: Iterable["Stage | Callable[..., Any]"] = (),
    dry: Literal[False] = False,
    **params: Any,
) -> "Deployment": ...


@overload
def run(
    stage: "Stage",
    /,
    params_dict: Mapping[str, Any] | None = None,
    job_name: str | None = None,
    *,
    wait: bool = True,
    refresh: Iterable["Stage | Callable[..., Any]"] = (),
    dry: Literal[True],
    **params: Any,
) -> "Plan": ...


def run(
    stage: "Stage",
    /,
    params_dict: Mapping[str, Any] | None = None,
    job_name: str | None = None,
    *,
    wait: bool = True,
    refresh: Iterable["Stage | Callable[..., Any]"] = (),
    dry: bool = False,
    **params: Any,
) -> "Deployment | Plan":
    """Run this stage and all that it needs as one job in the selected environment, and return when it has ended.

    The values of its `Hyperparameter`s are given by keyword, or in `params_dict`. The job's log is written to
    standard output and error meanwhile. Raise `JobFailedError`, whose text is the traceback of the user's own
    code, when the job did not complete; `ValueError` for a parameter that is missing, unknown or given twice, and
    for a `job_name` that is taken or is not made of 1 to 128 of the characters A-Z a-z 0-9 . _ -; `RuntimeError`
    inside a job.

    Cached stages in `refresh`, or all that call a function in it, are computed anew, and their results take the
    place of those that were cached. Raise `ValueError` for one that is no stage of the job.

    With `wait=False` return as soon as the job has begun, and let it go on without this driver; what becomes of it
    is then for the deployment to say: nothing more is written or raised here, unless the job never began.

    With `dry=True` run no stage and make no job; return a plan that says, as a table, which stages the cache would
    serve, which would run and why, and how long these took lately. Raise `ValueError` for that with `wait=False`.
    """
    refuse_in_job()  # first: a worker lacks what the driver's half imports
    parameters, refresh = merged(params_dict, params), listed(refresh, stage=type(stage))
    if not isinstance(dry, bool):
        raise TypeError(f"dry is True or False, got {dry!r}")
    if dry and not wait:
        raise ValueError("dry=True makes no job, so that there is none to leave alone; leave wait=False out")
    if dry or is_planning():
        from foundations.planning import plan_stage

        return plan_stage(stage, parameters=parameters, refresh=refresh)
    from foundations.driver import run_stage

    return run_stage(stage, parameters=parameters, job_name=job_name, wait=wait, refresh=refresh)


def run_same_process(stage: "Stage", /, params_dict: Mapping[str, Any] | None = None, **params: Any) -> Any:
    """Run this stage and all that it needs here, one after the other, and return its result.

    Nothing is archived, cached or logged, retries and timeouts do not apply: breakpoints do. Raise what a stage
    raises, `ValueError` for parameters as `run` does, and `RuntimeError` inside a job.
    """
    refuse_in_job("run_same_process()")
    from foundations.same_process import run_here

    return run_here(stage.graph(merged(params_dict, params)))
