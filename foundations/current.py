"""What this process is doing now: the project that jobs go to, and in a worker the job and its stages."""

from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar, Token
from typing import Any, Protocol

DEFAULT_PROJECT = "default"


class MetricLog(Protocol):
    """Where the metrics of a stage go."""

    def metric(self, stage: str, key: str, value: Any) -> None:
        """Take one metric, whose value is plain JSON or a float."""


class Line(Protocol):
    """The line from a stage to the courier of its job."""

    def note(self, message: Mapping[str, Any]) -> None:
        """Say something short that needs no answer."""

    def send(self, message: Mapping[str, Any], parts: Iterable[memoryview | bytes]) -> None:
        """Send bytes, and what they are."""

    def ask(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer to a question."""


project = DEFAULT_PROJECT
job_id: str | None = None
metric_log: MetricLog | None = None
line: Line | None = None

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


def own_stage() -> str | None:
    """Return the stage that this very thread belongs to, and no guess where it belongs to none."""
    return _stage.get()


def is_running(stage: str) -> bool:
    """Tell whether a stage runs now."""
    return stage in _running


stage_here = _stage.get  # what `own_stage` returns, for those who ask a million times


def run_in(stage: str, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """Return what `function` returns, called in this thread on behalf of a stage."""
    token = _stage.set(stage)
    try:
        return function(*args, **kwargs)
    finally:
        _stage.reset(token)
