"""What this process is doing now: the project that jobs go to, and in a worker the job and its stage."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

DEFAULT_PROJECT = "default"


class MetricLog(Protocol):
    """Where the metrics of a stage go."""

    def metric(self, stage: str, key: str, value: Any) -> None:
        """Take one metric, whose value is plain JSON."""


class Line(Protocol):
    """The line from a stage to the courier of its job."""

    def note(self, message: Mapping[str, Any]) -> None:
        """Say something short that needs no answer."""

    def send(self, message: Mapping[str, Any], buffers: Iterable[bytes]) -> None:
        """Send bytes, and what they are."""

    def ask(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer to a question."""


project = DEFAULT_PROJECT
job_id: str | None = None
metric_log: MetricLog | None = None
line: Line | None = None

_stage: ContextVar[str | None] = ContextVar("stage", default=None)
_running: list[str] = []


def set_project_name(name: str = DEFAULT_PROJECT) -> None:
    """Put the jobs that this process runs from now on under the project `name`.

    Raise `ValueError` unless the name is a text with something in it.
    """
    if not isinstance(name, str) or not name.strip():
        raise ValueError(f"a project name must be a text that is not blank, got {name!r}")
    global project
    project = name


@contextmanager
def running(stage: str) -> Iterator[None]:
    """Attribute to `stage` what is logged in this context."""
    token = _stage.set(stage)
    _running.append(stage)
    try:
        yield
    finally:
        _running.remove(stage)
        _stage.reset(token)


def stage() -> str | None:
    """Return the stage that runs here; in a thread of the user's own it is the one that runs, if there is one only."""
    here = _stage.get()
    if here is None and len(_running) == 1:
        return _running[0]
    return here
