"""What a terminal, a pipe or a notebook shows of a job while it runs: its own log as it is, and our lines beside it."""

import threading
import time
from collections.abc import Mapping
from typing import Any, Protocol, Self

from foundations.board import Board, Tally, seconds_text
from foundations.view import choose_view
from foundations_archive.ledger import Event
from foundations_archive.records import JobSpec

QUIET = frozenset({"WARNING", "ERROR"})

_MOST_NAMED = 50
_SLOW_SECONDS = 5.0
_SUMMARY_SECONDS = 1.0


class Listener(Protocol):
    """Who is told what we do before a job starts."""

    def say(self, text: str) -> None:
        """Take a line of ours."""

    def building(self, line: str) -> None:
        """Take a line of the build of the job's image."""


class Progress:
    """Shows one job; may be told of it from any thread, and never raises for want of somebody who looks."""

    def __init__(self, *, level: str = "INFO") -> None:
        self._quiet = level in QUIET
        self._view = choose_view(quiet=self._quiet)
        self._tally = Tally()
        self._lock = threading.Lock()
        self._began = self._told = time.perf_counter()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def say(self, text: str) -> None:
        """Write a line of ours, unless the environment's log level leaves it out."""
        self._tally.building = ""
        if not self._quiet:
            self._view.say(text)

    def building(self, line: str) -> None:
        """Show a line of an image's build: where there is a display, only until the next one comes."""
        if self._view.live:
            self._tally.building = line.strip()
            self._view.show(self._board)
        else:
            self.say(line)

    def begin(self, spec: JobSpec) -> None:
        """Say which job this is; its stages are named from here on, and shown until `close` or the job's end."""
        self._tally.begin(spec)
        count = f"{len(spec.stages)} stage{'s' if len(spec.stages) != 1 else ''}"
        self.say(f"job {spec.job_id} of project {spec.project}, {count}, environment {spec.environment}")
        self._view.show(self._board)

    def event(self, event: Event) -> None:
        """Show one event of the job."""
        match event["event"]:
            case "log":
                self._log(event)
            case "stage started":
                with self._lock:
                    self._tally.started(event["stage"])
            case "stage ended":
                self._stage_ended(event)
            case "stage retried":
                self._view.line("stderr", f"foundations: warning: {retried_text(self._tally, event)}")
            case "job started":
                self._tally.building = ""
                self._told = time.perf_counter()
            case "job ended":
                self._job_ended(event["state"])

    def close(self) -> None:
        """Take the display down; what was to be shown is shown when this returns."""
        self._view.close()

    def _board(self) -> Board:
        return self._tally.board(time.perf_counter() - self._began)

    def _log(self, event: Mapping[str, Any]) -> None:
        # the third stream holds the traceback of a failed job, which the driver raises
        if event["stream"] in ("stdout", "stderr"):
            self._view.line(event["stream"], event["text"], label=self._tally.label(event.get("stage")))

    def _stage_ended(self, event: Mapping[str, Any]) -> None:
        with self._lock:
            self._tally.ended(event)
        if event.get("unserializable"):
            self._view.line("stderr", f"foundations: warning: {unserializable_text(self._tally, event)}")
        named = self._tally.total <= _MOST_NAMED or event["status"] == "failed" or event["seconds"] >= _SLOW_SECONDS
        if named and not self._quiet:
            self._view.say(ended_text(self._tally, event))
        elif not self._view.live and not self._quiet:
            self._summarise()

    def _summarise(self) -> None:
        now = time.perf_counter()
        with self._lock:
            if now - self._told < _SUMMARY_SECONDS:
                return
            self._told = now
        self._view.say(self._board().counts)

    def _job_ended(self, state: str) -> None:
        summary = f", stages: {self._tally.summary}" if self._tally.total > _MOST_NAMED or self._view.live else ""
        self.say(f"job {state} in {time.perf_counter() - self._began:.2f} s{summary}")
        self._view.close()


def ended_text(tally: Tally, event: Mapping[str, Any]) -> str:
    """Return what is said of a stage that has ended."""
    name, took = tally.name(event["stage"]), seconds_text(event["seconds"])
    if event["status"] == "cached":
        seconds = event.get("computed_seconds")
        once = "" if seconds is None else f" in {seconds_text(seconds)}"
        return f"stage {name} served from the cache in {took}, computed by job {event['cached_from']}{once}"
    return f"stage {name} {event['status']} in {took}"


def retried_text(tally: Tally, event: Mapping[str, Any]) -> str:
    """Return what is said of a stage that failed and runs again."""
    error = (event.get("error") or "").strip().splitlines() or ["no reason is known"]
    if event["attempt"] == 0:  # it did not fail: what it needs, or gave, was not there
        return f"stage {tally.name(event['stage'])} runs again: {error[-1]}"
    return f"stage {tally.name(event['stage'])} failed at attempt {event['attempt']} and is retried: {error[-1]}"


def unserializable_text(tally: Tally, event: Mapping[str, Any]) -> str:
    """Return what is said of a stage whose result is lost with the job."""
    name, told = tally.name(event["stage"]), event["unserializable"]
    verb = "kept, nor cached" if event.get("cache_key") else "kept"
    instead = "go on with .stage(list)" if told.startswith("generator:") else "return what can be pickled"
    return f"the result of stage {name} can't be {verb}, it can't be serialized: {told}; {instead}"
