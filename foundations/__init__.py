"""Run the stages of a Python model in containers, with a cache, an archive and no server.

What is named here is public; the rest may change. Each name is imported when it is first used, so that
`import foundations` costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from foundations.current import set_project_name
    from foundations.deployment import Deployment
    from foundations.errors import FoundationsError, JobFailedError
    from foundations.metrics import log_metric
    from foundations.parameters import Hyperparameter
    from foundations.pictures.picture import Picture, show
    from foundations.reader import JobPersister, ResultReader, get_metrics_for_all_jobs
    from foundations.settings import set_environment
    from foundations.stage import Stage, create_stage

_HOMES = {
    "Deployment": "deployment",
    "FoundationsError": "errors",
    "Hyperparameter": "parameters",
    "JobFailedError": "errors",
    "JobPersister": "reader",
    "Picture": "pictures.picture",
    "ResultReader": "reader",
    "Stage": "stage",
    "create_stage": "stage",
    "get_metrics_for_all_jobs": "reader",
    "log_metric": "metrics",
    "set_environment": "settings",
    "set_project_name": "current",
    "show": "pictures.picture",
}

__all__ = [
    "Deployment",
    "FoundationsError",
    "Hyperparameter",
    "JobFailedError",
    "JobPersister",
    "Picture",
    "ResultReader",
    "Stage",
    "create_stage",
    "get_metrics_for_all_jobs",
    "log_metric",
    "set_environment",
    "set_project_name",
    "show",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'foundations' has no attribute {name!r}")
    value = getattr(import_module(f"foundations.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
