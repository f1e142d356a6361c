"""What this process is doing now: the project that jobs go to, and in a worker the job and its stages."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import ContextVar, Token
from typing import Any, Protocol

DEFAULT_PROJECT = "default"


class MetricLog(Protocol):
    """Where the metrics of a stage go."""

    def metric(self, stage: str, key: str, value: Any) -> None:
        """Take one metric, whose value is plain JSON or a float."""


project = DEFAULT_PROJECT
job_id: str | None = None
metric_log: MetricLog | None = None

_stage: ContextVar[str | None] = ContextVar("stage", default=None)
_running: dict[str, None] = {}


def set_project_name(name: str = DEFAULT_PROJECT) -> None:
    """Put the jobs that this process runs from now on under the project `name`.

    Raise `ValueError` unless the name is a text with something in it.
    """
    if not isinstance(name, str) or not name.strip():
        raise ValueError(f"a project name must be a text that is not blank, got {name!r}")
    global project
    project = name


class running:  # noqa: N801 - a context manager, read as a word: with running(stage)
    """Attributes to a stage what is logged in its context."""

    __slots__ = ("_id", "_token")

    def __init__(self, stage: str) -> None:
        self._id = stage

    def __enter__(self) -> None:
        self._token: Token[str | None] = _stage.set(self._id)
        _running[self._id] = None

    def __exit__(self, *error: object) -> None:
        _running.pop(self._id, None)
        _stage.reset(self._token)


def stage() -> str | None:
    """Return the stage that runs here; in a thread that nobody knows it is the one that runs, if there is one only."""
    here = _stage.get()
    if here is None and len(_running) == 1:
        return next(iter(_running), None)
    return here


def threads_belong_to_their_stage() -> None:
    """Let every thread that is started from now on, and every task of a pool, belong to the stage that asked for it."""
    start, submit = threading.Thread.start, ThreadPoolExecutor.submit

    def start_in_stage(thread: threading.Thread) -> None:
        asked = _stage.get()
        if asked is not None:
            run = thread.run
            thread.run = lambda: _run_in(asked, run)  # type: ignore[method-assign]
        start(thread)

    def submit_in_stage(pool: ThreadPoolExecutor, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        asked = _stage.get()
        task: Future[Any] = (
            submit(pool, function, *args, **kwargs)
            if asked is None
            else submit(pool, _run_in, asked, function, *args, **kwargs)
        )
        return task

    threading.Thread.start = start_in_stage  # type: ignore[method-assign, assignment]
    ThreadPoolExecutor.submit = submit_in_stage  # type: ignore[method-assign, assignment]


def _run_in(stage: str, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    token = _stage.set(stage)
    try:
        return function(*args, **kwargs)
    finally:
        _stage.reset(token)
