"""Run the stages of a Python model in containers, with a cache, an archive and no server.

What is named here is public; the rest may change. Each name is imported when it is first used, so that
`import foundations` costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from foundations.artifacts import save_artifact
    from foundations.current import set_project_name
    from foundations.deployment import Deployment
    from foundations.errors import FoundationsError, JobFailedError
    from foundations.jobs import archive_jobs, cancel_queued_jobs, get_deployment, get_queued_jobs
    from foundations.keys.ignored import ignore
    from foundations.metrics import log_metric
    from foundations.parameters import Hyperparameter
    from foundations.pictures.picture import Picture, show
    from foundations.plan import Plan
    from foundations.ranges import DiscreteHyperparameter, FloatingHyperparameter, IntegerHyperparameter
    from foundations.reader import JobPersister, ResultReader, get_metrics_for_all_jobs
    from foundations.resources import set_job_resources
    from foundations.settings import set_environment
    from foundations.stage import Stage, create_stage
    from foundations.tracking import log_param, log_params, set_tag
    from foundations.verbosity import set_error_verbosity
    from foundations.why_frame import why

_HOMES = {
    "Deployment": "deployment",
    "DiscreteHyperparameter": "ranges",
    "FloatingHyperparameter": "ranges",
    "FoundationsError": "errors",
    "Hyperparameter": "parameters",
    "IntegerHyperparameter": "ranges",
    "JobFailedError": "errors",
    "JobPersister": "reader",
    "Picture": "pictures.picture",
    "Plan": "plan",
    "ResultReader": "reader",
    "Stage": "stage",
    "archive_jobs": "jobs",
    "cancel_queued_jobs": "jobs",
    "create_stage": "stage",
    "get_deployment": "jobs",
    "get_metrics_for_all_jobs": "reader",
    "get_queued_jobs": "jobs",
    "ignore": "keys.ignored",
    "log_metric": "metrics",
    "log_param": "tracking",
    "log_params": "tracking",
    "save_artifact": "artifacts",
    "set_environment": "settings",
    "set_error_verbosity": "verbosity",
    "set_job_resources": "resources",
    "set_project_name": "current",
    "set_tag": "tracking",
    "show": "pictures.picture",
    "why": "why_frame",
}

__all__ = [
    "Deployment",
    "DiscreteHyperparameter",
    "FloatingHyperparameter",
    "FoundationsError",
    "Hyperparameter",
    "IntegerHyperparameter",
    "JobFailedError",
    "JobPersister",
    "Picture",
    "Plan",
    "ResultReader",
    "Stage",
    "archive_jobs",
    "cancel_queued_jobs",
    "create_stage",
    "get_deployment",
    "get_metrics_for_all_jobs",
    "get_queued_jobs",
    "ignore",
    "log_metric",
    "log_param",
    "log_params",
    "save_artifact",
    "set_environment",
    "set_error_verbosity",
    "set_job_resources",
    "set_project_name",
    "set_tag",
    "show",
    "why",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'foundations' has no attribute {name!r}")
    import_module("foundations.excepthook").install()
    try:
        value = getattr(import_module(f"foundations.{_HOMES[name]}"), name)
    except ModuleNotFoundError:
        in_job = import_module("foundations.in_job")
        if not in_job.inside():
            raise
        value = in_job.DriversOwn(name)  # modules that name it can be imported in a job too
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
