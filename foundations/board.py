"""What a display shows of a job, whatever draws it: counts, names, times."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from foundations.stage_labels import stage_labels
from foundations_archive.records import JobSpec

_NAMES_SHOWN = 8


@dataclass(frozen=True)
class Board:
    """What a display shows at one moment; `total` is None where nobody knows it yet."""

    unit: str
    done: int = 0
    total: int | None = None
    facts: tuple[str, ...] = ()
    seconds: float = 0.0
    detail: str = ""
    table: tuple[tuple[str, ...], ...] = ()

    @property
    def counts(self) -> str:
        """The counts and the time as a line tells them."""
        first = {None: (f"{self.unit} done: {self.done}",), 0: ()}
        unit = self.unit.removesuffix("s") if self.total == 1 else self.unit
        known = (f"{self.done} of {self.total} {unit} done",)
        return ", ".join((*first.get(self.total, known), *self.facts, clock_text(self.seconds)))


class Tally:
    """What is known of a job while it runs."""

    def __init__(self) -> None:
        self.building = ""
        self.total = self.done = 0
        self._ended: Counter[str] = Counter()
        self._statuses: dict[str, str] = {}
        self._names: Mapping[str, str] = {}
        self._labels: Mapping[str, str] = {}
        self._running: dict[str, None] = {}

    def begin(self, spec: JobSpec) -> None:
        """Take in what the stages of the job are called."""
        self.total = len(spec.stages)
        self._names = {stage.id: stage.name for stage in spec.stages}
        self._labels = stage_labels(self._names)

    def started(self, stage: str) -> None:
        """Count a stage that begins."""
        self._running[stage] = None

    def ended(self, event: Mapping[str, Any]) -> None:
        """Count a stage that has ended, whichever way; one that was served and ran after all counts once."""
        stage, status = event["stage"], event["status"]
        self._running.pop(stage, None)
        if before := self._statuses.get(stage):
            self._ended[before] -= 1
        self._statuses[stage] = status
        self._ended[status] += 1
        self.done = len(self._statuses)

    def name(self, stage: str) -> str:
        """Return what the user calls a stage."""
        return self._names.get(stage, stage)

    def label(self, stage: str | None) -> str:
        """Return what tells the line of a stage from those of the others that run now; nothing where it runs alone."""
        return self._labels.get(stage or "", "") if len(self._running) > 1 else ""

    @property
    def summary(self) -> str:
        """How the stages ended that have."""
        return ", ".join(f"{count} {status}" for status, count in sorted(self._ended.items(), reverse=True) if count)

    def board(self, seconds: float) -> Board:
        """Return what to show now."""
        if self.building:
            return Board("image", seconds=seconds, total=0, facts=("preparing the image",), detail=self.building)
        running = tuple(self._running)  # a thread may be adding to it
        names = [self._labels.get(stage, stage) for stage in islice(running, _NAMES_SHOWN)]
        more = f" and {len(running) - len(names)} more" if len(running) > len(names) else ""
        return Board(
            "stages",
            done=self.done,
            total=self.total,
            facts=tuple(f"{self._ended[kind]} {kind}" for kind in ("cached", "failed") if self._ended[kind]),
            seconds=seconds,
            detail=f"running: {', '.join(names)}{more}" if names else "",
        )


def clock_text(seconds: float) -> str:
    """Return a time as a clock shows it: 0:05, 12:40, 1:02:03."""
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def seconds_text(seconds: float) -> str:
    """Return a duration with a unit that fits it."""
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"
