"""A job's events, folded: the one place that knows what a sequence of events amounts to."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from foundations_archive.records import JobRecord, JobSpec, Metric, StageRecord, State, Status, Value

Event = Mapping[str, Any]


class Ledger:
    """What is known of a job after the events that were added: the courier's memory and the reader's."""

    def __init__(self, spec: JobSpec) -> None:
        self.spec = spec
        self.started: float | None = None
        self.image: str | None = None
        self.running: list[str] = []
        self._count = 0
        self._stages: dict[str, StageRecord] = {}
        self._metrics: list[Metric] = []
        self._metrics_of: dict[str, list[Metric]] = {}

    def add(self, event: Event) -> None:
        """Take in one event; kinds that are not known here are counted and left out."""
        self._count += 1
        match event["event"]:
            case "job started":
                self.started, self.image = event["time"], event.get("image")
            case "stage started":
                stage = event["stage"]
                self.running.append(stage)
                self._stages[stage] = StageRecord(stage, "not run", started=event["time"])
            case "metric":
                metric = Metric(event["stage"], event["key"], event["value"], event["time"])
                self._metrics.append(metric)
                self._metrics_of.setdefault(metric.stage, []).append(metric)
            case "stage ended":
                self._end(event)

    def extend(self, events: Iterable[Event]) -> None:
        """Take in several events."""
        for event in events:
            self.add(event)

    def metrics_of(self, stage: str) -> tuple[Metric, ...]:
        """Return what a stage has logged."""
        return tuple(self._metrics_of.get(stage, ()))

    def record(
        self, state: State, *, ended: float | None = None, error: str | None = None, tail: Sequence[Event] = ()
    ) -> JobRecord:
        """Return the job's record as if it ended now in `state`; `error` names what befell the whole job.

        A stage that was running when a job failed is the one that failed. `tail` holds events that are in no
        segment.
        """
        if state in ("Failed", "Cancelled", "Lost"):
            self._interrupt(state, ended, error)
        failed = next((stage for stage in self._stages.values() if stage.status == "failed"), None)
        return JobRecord(
            job_id=self.spec.job_id,
            state=state,
            started=self.started,
            ended=ended,
            error=error if error is not None or failed is None else failed.error,
            failed_stage=failed.id if failed else None,
            stages=tuple(self._all_stages(final=ended is not None)),
            metrics=tuple(self._metrics),
            image=self.image,
            events=self._count,
            tail=tuple(tail),
        )

    def _end(self, event: Event) -> None:
        stage = event["stage"]
        known = self._stages.get(stage) or StageRecord(stage, "not run")
        if stage in self.running:
            self.running.remove(stage)
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
        )

    def _interrupt(self, state: State, ended: float | None, error: str | None) -> None:
        for stage in self.running:
            known = self._stages[stage]
            seconds = ended - known.started if ended is not None and known.started is not None else None
            status: Status = "failed" if state == "Failed" else "not run"
            self._stages[stage] = StageRecord(stage, status, known.started, ended, seconds, error)
        self.running.clear()

    def _all_stages(self, *, final: bool) -> Iterable[StageRecord]:
        broken: set[str] = set()
        for spec in self.spec.stages:
            stage = self._stages.get(spec.id) or StageRecord(spec.id, "not run")
            if stage.status == "failed" or (final and not broken.isdisjoint(spec.parents)):
                broken.add(spec.id)
                stage = stage if stage.status != "not run" else StageRecord(spec.id, "skipped")
            yield stage
