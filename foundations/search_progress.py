"""What a terminal, a pipe or a notebook shows of a search: how many jobs are done, and a row for each of them."""

import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from foundations.board import Board, Tally, seconds_text
from foundations.plain import cut_text
from foundations.printable import masked
from foundations.progress import QUIET, retried_text, unserializable_text
from foundations.view import choose_view
from foundations_archive.ledger import Event
from foundations_archive.records import JobSpec

_JOBS_SHOWN = 6
_WIDEST_COLUMN = 40
_HEADER = ("job", "parameters", "state", "time", "id", "metrics")


class SearchProgress:
    """Shows the jobs of a search, which run at the same time; may be told of them from any thread.

    with SearchProgress(level=environment.log_level) as progress:
        progress.begin(len(choices))
        job = progress.job(job_id, parameters)      # takes begin and event, as `Progress` does
        progress.ended(job_id, "Completed", metrics)
    """

    def __init__(self, *, level: str = "INFO") -> None:
        self._quiet = level in QUIET
        self._view = choose_view(quiet=self._quiet)
        self._lock = threading.Lock()
        self._began = time.perf_counter()
        self._count: int | None = None
        self._building = ""
        self._jobs: dict[str, _Job] = {}
        self._running: dict[str, None] = {}
        self._states: Counter[str] = Counter()
        self._rows: list[tuple[str, ...]] = []
        self._widths = [0] * len(_HEADER)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def say(self, text: str) -> None:
        """Write a line of ours, unless the environment's log level leaves it out."""
        self._building = ""
        if not self._quiet:
            self._view.say(text)

    def building(self, line: str) -> None:
        """Show a line of the build of the jobs' image: where there is a display, only until the next one comes."""
        if self._view.live:
            self._building = line.strip()
            self._view.show(self._board)
        else:
            self.say(line)

    def begin(self, count: int | None = None) -> None:
        """Show the search from here until `close`; of `count` jobs, may be called again where it changes."""
        self._count = count
        self._view.show(self._board)

    def job(self, job_id: str, parameters: Mapping[str, Any]) -> "SearchJob":
        """Return who is to be told how one of the jobs comes along."""
        text = ", ".join(f"{key}={_shown(value)}" for key, value in parameters.items())
        with self._lock:
            self._jobs.setdefault(job_id, _Job(len(self._jobs) + 1, text))
        return SearchJob(self, job_id)

    def ended(self, job_id: str, state: str, metrics: Mapping[str, Any]) -> None:
        """Show the row of a job that has ended; a metric is its value, or the list of its values."""
        with self._lock:
            job = self._jobs.setdefault(job_id, _Job(len(self._jobs) + 1, ""))
            self._running.pop(job_id, None)
            self._states[state] += 1
            found = ", ".join(f"{key}={_latest(value)}" for key, value in metrics.items())
            told = "; ".join(filter(None, (found, job.error if state == "Failed" else "")))
            took = seconds_text(time.perf_counter() - job.began)
            row = (str(job.number), job.parameters, state, took, job_id, told)
            self._rows.append(row)
            line = self._aligned(row)
        if not self._view.tables:
            self.say(line)

    def close(self) -> None:
        """Take the display down and say how the jobs ended; may be repeated."""
        if self._states:
            states = ", ".join(f"{count} {state.lower()}" for state, count in self._states.items())
            self.say(f"{states} in {seconds_text(time.perf_counter() - self._began)}")
            self._states.clear()
        self._view.close()

    def told(self, job_id: str, event: Event, tally: Tally) -> None:
        """Take an event of a job; `tally` knows its stages."""
        number = self._mark(self._jobs[job_id].number)
        match event["event"]:
            case "log" if event["stream"] in ("stdout", "stderr"):
                self._view.line(event["stream"], f"{number} {event['text']}")
            case "log":
                self._jobs[job_id].error = event["text"].strip() or self._jobs[job_id].error
            case "job started":
                with self._lock:
                    self._building = ""
                    self._running[job_id] = None
                    self._jobs[job_id].began = time.perf_counter()
            case "stage retried":
                self._view.line("stderr", f"foundations: warning: {number} {retried_text(tally, event)}")
            case "stage ended" if event.get("unserializable"):
                self._view.line("stderr", f"foundations: warning: {number} {unserializable_text(tally, event)}")

    def _mark(self, number: int) -> str:
        return f"[{number:>{len(str(self._count or 1))}}]"

    def _aligned(self, row: tuple[str, ...]) -> str:
        self._widths = [
            max(width, min(len(cell), _WIDEST_COLUMN)) for width, cell in zip(self._widths, row, strict=True)
        ]
        cells = [cell.ljust(width) for cell, width in zip(row[1:], self._widths[1:], strict=True) if width]
        return masked(f"{self._mark(int(row[0]))} {'  '.join(cells)}").rstrip()

    def _board(self) -> Board:
        with self._lock:
            names = [f"{self._jobs[one].number} ({self._jobs[one].parameters})" for one in self._running]
            others = [f"{count} {state.lower()}" for state, count in self._states.items() if state != "Completed"]
            done, rows = len(self._rows), tuple(self._rows)
        running = [f"{len(names)} running"] if names else []
        shown = ", ".join(names[:_JOBS_SHOWN])
        return Board(
            "jobs",
            done=done,
            total=self._count,
            facts=(*running, *others),
            seconds=time.perf_counter() - self._began,
            detail=self._building or (f"running: {shown}" if shown else ""),
            table=(_HEADER, *rows) if rows else (),
        )


class SearchJob:
    """One job of a search, as its run tells it."""

    def __init__(self, search: SearchProgress, job_id: str) -> None:
        self._search, self._job_id = search, job_id
        self._tally = Tally()

    def begin(self, spec: JobSpec) -> None:
        """Take in what the job's stages are called."""
        self._tally.begin(spec)

    def event(self, event: Event) -> None:
        """Show an event of the job: its log, with its number before each line, and warnings."""
        self._search.told(self._job_id, event, self._tally)


@dataclass
class _Job:
    number: int
    parameters: str
    began: float = field(default_factory=time.perf_counter)
    error: str = ""


def _latest(value: Any) -> str:
    if isinstance(value, list) and value:
        return f"{_shown(value[-1])} (last of {len(value)})"
    return _shown(value)


def _shown(value: Any) -> str:
    try:
        text = f"{value:.6g}" if isinstance(value, float) else value if isinstance(value, str) else repr(value)
    except Exception as error:  # noqa: BLE001 - a user's own __repr__
        text = f"<{type(value).__qualname__}, whose repr raised {type(error).__name__}>"
    return cut_text(text)
