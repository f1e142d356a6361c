"""A dry run, from a stage to a plan: what would be served, what would run and why, and how long that may take."""

import json
import os
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from foundations import excepthook
from foundations.accepting import Acceptance, Accepted
from foundations.cache_use import ACCEPTED, PLANS, PLANS_QUIET, is_planning, refreshed
from foundations.differences import Difference
from foundations.earlier import Earlier, EarlierStages
from foundations.errors import PlanFailed
from foundations.explanation import KINDS, Document, Explanation
from foundations.graph import StageGraph
from foundations.job_id import new_job_id
from foundations.launch import Destination, Origin
from foundations.plan import Plan, PlannedStage
from foundations.progress import Progress
from foundations.signature import name_of
from foundations.stage import Stage
from foundations.stage_labels import stage_labels
from foundations_archive.archive import Archive
from foundations_archive.index import read_table
from foundations_archive.job_reading import read_listed
from foundations_archive.records import JobSpec

_TO_RUN = frozenset({"runs", "depends"})
# of so many jobs of the project the times of their stages tell what to expect
_MOST_JOBS = 50


def plan_stage(stage: Stage, *, parameters: Mapping[str, Any], refresh: Iterable[Any] = ()) -> Plan:
    """Return what would become of a stage and all that it needs in the selected environment; see `Stage.run`."""
    excepthook.install()
    graph = refreshed(stage.graph(parameters), refresh, is_stage=lambda one: isinstance(one, Stage))
    origin = Origin.found()
    with Progress(level=origin.environment.log_level) as progress:
        destination = Destination(origin, progress)
        spec = destination.spec(origin.cargo(graph, job_id=new_job_id(), parameters=parameters))
        heard = _Heard(progress)
        destination.rehearse(spec, heard.take)
    if heard.error is not None:
        raise PlanFailed(heard.error)
    if not is_planning():
        return _plan(destination.archive, spec, graph, heard)
    name = os.environ.get(ACCEPTED)
    if name:
        told = _accept(destination.archive, spec, graph, heard, name=name, read_only=origin.environment.cache_read_only)
        _hand_over(told)
    plan = _plan(destination.archive, spec, graph, heard)
    if not name:
        if not os.environ.get(PLANS_QUIET):
            print(plan, flush=True)
        _hand_over(plan.plain())
    return plan


def _hand_over(found: Mapping[str, Any]) -> None:
    """Tell the command that runs this driver what was found."""
    with Path(os.environ[PLANS]).open("a", encoding="utf-8") as file:
        file.write(f"{json.dumps(found)}\n")


def _accept(
    archive: Archive, spec: JobSpec, graph: StageGraph, heard: "_Heard", *, name: str, read_only: bool
) -> dict[str, Any]:
    """Accept the code of the stages of a name that would run, and return what became of each."""
    labels = stage_labels({call.id: call.name for call in graph.calls})
    found = [
        (call, told)
        for call, told in zip(graph.calls, heard.stages, strict=True)
        if name in (call.name, call.id, labels[call.id]) or name == name_of(call.function)
    ]
    acceptance = Acceptance(archive, EarlierStages(archive, spec.project, before=spec.created), user=spec.user)
    stages = []
    for call, told in found:
        if told["fate"] == "runs" and told["explanation"] and not read_only:
            one = acceptance.accept(call.id, heard.explanation(told["explanation"]))
        else:
            runs = told["fate"] in _TO_RUN
            reason = "the cache is read-only" if runs and read_only else _REASONS[told["fate"]]
            one = Accepted(call.id, call.name, reason=reason, refused=runs)
        stages.append(
            {**vars(one), "label": labels[call.id], "differences": [each.plain() for each in one.differences]}
        )
    return {"stages": stages, "names": list(labels.values())}


_REASONS = {
    "served": "it is served from the cache as it is",
    "skipped": "only stages that are served need it",
    "runs": "it is not cached",
    "depends": "it takes the result of a stage that would run; accept that one first, or run it",
}


class _Heard:
    """What the courier of a dry run has said."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self.documents: dict[str, str] = {}
        self.stages: Sequence[Mapping[str, Any]] = ()
        self.error: str | None = "the worker ended without a plan"

    def take(self, event: Mapping[str, Any]) -> None:
        match event["event"]:
            case "document":
                self.documents[event["name"]] = event["text"]
            case "foreseen":
                self.stages, self.error = event["stages"], None
            case "failed":
                self.error = event["error"] or self.error
            case _:
                self._progress.event(event)

    def explanation(self, names: Sequence[str]) -> Explanation:
        documents = (Document.of(self.documents[name].encode(), kind) for name, kind in zip(names, KINDS, strict=True))
        return Explanation(*documents)


def _plan(archive: Archive, spec: JobSpec, graph: StageGraph, heard: _Heard) -> Plan:
    times = _History(archive, spec) if any(one["fate"] in _TO_RUN for one in heard.stages) else None
    reasons = _reasons(archive, spec, heard)
    stages = []
    for call, told in zip(graph.calls, heard.stages, strict=True):
        served = told["served"] or {}
        why, differences = reasons.get(call.id, (told["why"], ()))
        stages.append(
            PlannedStage(
                id=call.id,
                name=call.name,
                fate=told["fate"],
                why=why,
                differences=tuple(differences),
                job_id=served.get("job_id"),
                made=served.get("made"),
                took=served.get("seconds"),
                accepted=served.get("accepted", False),
                expected=times.seconds(call.id, call.name) if times and told["fate"] in _TO_RUN else 0.0,
            )
        )
    return Plan(tuple(stages), graph.target, spec.environment, spec.project, ends_driver=is_planning())


def _reasons(archive: Archive, spec: JobSpec, heard: _Heard) -> dict[str, tuple[str | None, Sequence[Difference]]]:
    """Return by id why stages would run whose keys are known, and what differs from their nearest earlier runs."""
    keyed = [
        (heard.explanation(told["explanation"]), str(told["stage"])) for told in heard.stages if told["explanation"]
    ]
    if not keyed:
        return {}
    earlier = EarlierStages(archive, spec.project, before=spec.created, stages=len(keyed))
    return {
        stage: (_why(explanation, before), before.differences if before else ())
        for (explanation, stage), before in zip(keyed, earlier.nearest_of_all(keyed), strict=True)
    }


def _why(explanation: Explanation, before: Earlier | None) -> str | None:
    if before is None:
        return "; ".join(explanation.why) or "it is new"
    return "; ".join(explanation.why) or (None if before.differences else "nothing like it is cached")


class _History:
    """How long stages took in the newest jobs of a project."""

    def __init__(self, archive: Archive, spec: JobSpec) -> None:
        listed = read_table(archive, spec.project, hidden=True).sealed(before=spec.created)[-_MOST_JOBS:]
        self._by_id: dict[str, list[float]] = defaultdict(list)
        self._by_name: dict[str, list[float]] = defaultdict(list)
        for job, record in read_listed(archive, listed):
            for stage, became in zip(job.stages, record.stages, strict=True):
                if became.status == "succeeded" and became.seconds is not None:
                    self._by_id[stage.id].append(became.seconds)
                    self._by_name[stage.name].append(became.seconds)

    def seconds(self, stage: str, name: str) -> float | None:
        """Return the median of what the same stage took, else of stages of the same name; None where there is none."""
        known = self._by_id.get(stage) or self._by_name.get(name)
        return statistics.median(known) if known else None
