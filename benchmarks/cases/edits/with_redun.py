"""redun: a task of the function, its scheduler with one SQLite file for all runs of a project."""

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import redun.backends.db  # noqa: F401 - imported before the processes fork, which else each would
from redun import Scheduler, task
from redun.config import Config


@functools.cache
def _scheduler() -> Any:
    scheduler = Scheduler(config=Config({"backend": {"db_uri": f"sqlite:///{os.environ['CACHE']}/redun.db"}}))
    scheduler.load(migrate=True)
    return scheduler


def cached(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return what runs the function as a task."""
    Path(os.environ["CACHE"]).mkdir(parents=True, exist_ok=True)
    made = task(name=function.__name__, namespace="project")(function)
    return lambda *args, **kwargs: _scheduler().run(made(*args, **kwargs))
