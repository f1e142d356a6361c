"""Prefect: a task whose policy counts its inputs and its source, which is its own without the run's id."""

import os
from collections.abc import Callable
from typing import Any

from prefect import task
from prefect.cache_policies import INPUTS, TASK_SOURCE


def cached(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a task of the function."""
    os.environ["PREFECT_LOCAL_STORAGE_PATH"] = os.environ["CACHE"]
    return task(cache_policy=INPUTS + TASK_SOURCE, persist_result=True)(function)
