"""A job's events, folded: the one place that knows what a sequence of events amounts to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from foundations_archive.records import Artifact, JobRecord, JobSpec, StageRecord, State, Status, Value
from foundations_archive.series import GrowingSeries, Series
from foundations_archive.tracked import Tracked

Event = Mapping[str, Any]


class Ledger:
    """What is known of a job after the events that were added: the courier's memory and the reader's."""

    def __init__(self, spec: JobSpec) -> None:
        self.spec = spec
        self.started: float | None = None
        self.image: str | None = None
        self.running: dict[str, int] = {}  # in the order in which they began, with the number of the attempt
        self._count = 0
        self._stages: dict[str, StageRecord] = {}
        self._metrics: dict[str, dict[str, GrowingSeries]] = {}
        self._failed: str | None = None
        self._tracked = Tracked()

    def add(self, event: Event) -> None:
        """Take in one event; kinds that are not known here are counted and left out."""
        self._count += 1
        match event["event"]:
            case "job started":
                self.started, self.image = event["time"], event.get("image")
            case "stage started":
                stage = event["stage"]
                self.running[stage] = 1
                self._stages[stage] = StageRecord(stage, "not run", started=event["time"])
            case "metrics":
                series = self._metrics.setdefault(event["stage"], {}).setdefault(event["key"], GrowingSeries())
                series.extend(event["values"], event["times"])
            case "tag" | "parameter" | "artifact":
                self._tracked.add(event)
            case "stage retried":
                # what an attempt that counts for nothing has logged would be taken for the next one's
                self._metrics.pop(event["stage"], None)
                self._tracked.forget(event["stage"])
                self.running[event["stage"]] = event["attempt"] + 1
            case "stage ended":
                self._end(event)

    def extend(self, events: Iterable[Event]) -> None:
        """Take in several events."""
        for event in events:
            self.add(event)

    def metrics_of(self, stage: str) -> tuple[Series, ...]:
        """Return what a stage has logged."""
        return tuple(series.series(stage, key) for key, series in self._metrics.get(stage, {}).items())

    def tracked_by(self, stage: str) -> tuple[dict[str, Any], dict[str, Any], tuple[Artifact, ...]]:
        """Return the tags, the parameters and the artifacts of a stage."""
        tracked = self._tracked
        return tracked.tags(stage), tracked.parameters(stage), tracked.artifacts(stage)

    def record(
        self, state: State, *, ended: float | None = None, error: str | None = None, tail: Sequence[Event] = ()
    ) -> JobRecord:
        """Return the job's record as if it ended now in `state`; `error` names what befell the whole job.

        A stage that was running when a job failed is the one that failed. `tail` holds events that are in no
        segment.
        """
        if state in ("Failed", "Cancelled", "Lost"):
            self._interrupt(state, ended, error)
        failed = self._stages.get(self._failed or "")
        return JobRecord(
            job_id=self.spec.job_id,
            state=state,
            started=self.started,
            ended=ended,
            error=error if error is not None or failed is None else failed.error,
            failed_stage=failed.id if failed else None,
            stages=tuple(self._all_stages(final=ended is not None)),
            metrics=tuple(series for stage in self._metrics for series in self.metrics_of(stage)),
            image=self.image,
            events=self._count,
            tail=tuple(tail),
            tags=self._tracked.tags(),
            parameters=self._tracked.parameters(),
        )

    def _end(self, event: Event) -> None:
        stage = event["stage"]
        known = self._stages.get(stage) or StageRecord(stage, "not run")
        attempts = self.running.pop(stage, 1)
        if event["status"] == "failed":
            self._failed = self._failed or stage
        self._stages[stage] = StageRecord(
            id=stage,
            status=event["status"],
            started=known.started,
            ended=event["time"],
            seconds=event.get("seconds"),
            error=event.get("error"),
            exception=event.get("exception"),
            value=Value.of(event.get("value")),
            unserializable=event.get("unserializable"),
            cache_key=event.get("cache_key"),
            cached_from=event.get("cached_from"),
            attempts=attempts,
            explanation=tuple(event.get("explanation", ())),
            computed_seconds=event.get("computed_seconds"),
            computed_at=event.get("computed_at"),
        )

    def _interrupt(self, state: State, ended: float | None, error: str | None) -> None:
        for stage, attempts in self.running.items():
            known = self._stages[stage]
            seconds = ended - known.started if ended is not None and known.started is not None else None
            status: Status = "failed" if state == "Failed" else "not run"
            self._stages[stage] = StageRecord(stage, status, known.started, ended, seconds, error, attempts=attempts)
            if status == "failed":
                self._failed = self._failed or stage
        self.running.clear()

    def _all_stages(self, *, final: bool) -> Iterable[StageRecord]:
        broken: set[str] = set()
        for spec in self.spec.stages:
            stage = self._stages.get(spec.id) or StageRecord(spec.id, "not run")
            if stage.status == "failed" or (final and not broken.isdisjoint(spec.parents)):
                broken.add(spec.id)
                stage = stage if stage.status != "not run" else StageRecord(spec.id, "skipped")
            artifacts = self._tracked.artifacts(spec.id)
            yield replace(stage, artifacts=artifacts) if artifacts else stage
