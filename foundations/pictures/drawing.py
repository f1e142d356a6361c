"""What a picture shows, as plain data: boxes for stages, and arrows from each to those that need it."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from foundations.describe import describe
from foundations.graph import StageGraph
from foundations.pictures.folding import Fold, fold
from foundations.pictures.text import cut, printable
from foundations.progress import seconds_text
from foundations_archive.envelope import untagged
from foundations_archive.records import JobRecord, JobSpec, StageRecord, StageSpec

_ARGUMENTS = 3
_NAMES = 5
_COLUMNS = 34
_TIP = 300
_JOB_ID = 24
_PLACE = re.compile(r"\[-?\d+\]")
_TIMES = "\N{MULTIPLICATION SIGN}"
_SIGNS = {"succeeded": "✓", "failed": "✗", "cached": "↺", "skipped": "↷", "not run": "○", "running": "▶"}
# of a box that stands for several stages, the first of these that one of them has
_TELLING = ("failed", "running", "not run", "skipped", "succeeded", "cached")


@dataclass(frozen=True)
class Node:
    """A box: a stage, or several; `said` is what became of it and `tip` what does not fit."""

    name: str
    count: int = 1
    details: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    status: str | None = None
    said: tuple[str, ...] = ()
    target: bool = False
    tip: str = ""

    def title(self, columns: int) -> str:
        """Return the name, cut to so many columns, and behind it for how many stages the box stands."""
        return cut(self.name, columns) + (f" {_TIMES} {self.count:,}" if self.count > 1 else "")

    def lines(self, columns: int) -> list[str]:
        """Return what stands below the name, each line cut to so many columns."""
        marks = [" · ".join(self.marks)] if self.marks else []
        return [cut(line, columns) for line in (*self.details, *marks, *self.said)]


@dataclass(frozen=True)
class Edge:
    """An arrow between two boxes, by their places; `required` where no result is handed on."""

    start: int
    end: int
    label: str = ""
    required: bool = False


@dataclass(frozen=True)
class Drawing:
    """A picture before it has a format; every box stands behind those that it needs."""

    title: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Stage:
    """A stage and what became of it: None before it was run."""

    spec: StageSpec
    status: str | None
    record: StageRecord | None
    target: bool


def drawing_of_graph(graph: StageGraph, *, boxes: int) -> Drawing:
    """Return the picture of a graph that has not run, in at most `boxes` boxes."""
    specs = describe(graph)[0]
    stages = [_Stage(spec, None, None, spec.id == graph.target) for spec in specs]
    return _drawing(f"{_count(len(stages))}, not run", stages, boxes=boxes)


def drawing_of_job(spec: JobSpec, record: JobRecord, *, boxes: int) -> Drawing:
    """Return the picture of a job as far as `record` goes, in at most `boxes` boxes."""
    known = {stage.id: stage for stage in record.stages}
    stages = [
        _Stage(stage, _status(known.get(stage.id), record), known.get(stage.id), stage.id == spec.target)
        for stage in spec.stages
    ]
    took = f" in {seconds_text(record.ended - record.started)}" if record.ended and record.started else ""
    tally = f"{_count(len(stages))}: {_tally(stage.status for stage in stages)}"
    return _drawing(f"job {spec.job_id}: {record.state}{took}", stages, tally, boxes=boxes)


def _status(stage: StageRecord | None, record: JobRecord) -> str:
    if stage is None:
        return "not run"
    begun = stage.status == "not run" and stage.started is not None and stage.ended is None
    return "running" if begun and record.state == "Running" else stage.status


def _drawing(title: str, stages: Sequence[_Stage], *remarks: str, boxes: int) -> Drawing:
    places = {stage.spec.id: place for place, stage in enumerate(stages)}
    parents = [[places[parent] for parent in stage.spec.parents] for stage in stages]
    folded = fold([(_kind(stage.spec.name), stage.status) for stage in stages], parents, boxes=boxes)
    members: list[list[_Stage]] = [[] for _ in range(folded.count)]
    for stage, group in zip(stages, folded.groups, strict=True):
        members[group].append(stage)
    nodes = tuple(_node(some, number in folded.chained) for number, some in enumerate(members))
    edges = tuple(_edges(stages, places, folded))
    return Drawing(title, nodes, edges, (*remarks, *_explained(edges, len(stages), folded.count)))


def _explained(edges: Sequence[Edge], stages: int, boxes: int) -> Iterator[str]:
    if boxes < stages:
        yield f"{_count(stages)} drawn as {boxes:,} box{'' if boxes == 1 else 'es'}"
    if any(edge.required for edge in edges):
        yield "dashed arrow: has to run first, its result is not handed on"


def _edges(stages: Sequence[_Stage], places: Mapping[str, int], folded: Fold) -> Iterator[Edge]:
    """Yield one arrow between any two boxes; it has a label where that tells it from the others of its box."""
    found: dict[tuple[int, int], tuple[set[str], bool]] = {}
    for place, stage in enumerate(stages):
        names = _names(stage.spec)
        end = folded.groups[place]
        for parent in stage.spec.parents:
            start = folded.groups[places[parent]]
            if start != end:
                labels, required = found.setdefault((start, end), (set(), True))
                labels.add(", ".join(names.get(parent, ())))
                found[start, end] = labels, required and parent not in names
    told: dict[int, list[str]] = {}
    for (_, end), (labels, _) in found.items():
        told.setdefault(end, []).append(", ".join(sorted(labels)))
    for (start, end), (labels, required) in sorted(found.items(), key=lambda item: item[0]):
        telling = len(labels) == 1 and (len(told[end]) == 1 or len(set(told[end])) > 1)
        yield Edge(start, end, printable(next(iter(labels))) if telling else "", required)


def _names(spec: StageSpec) -> Mapping[str, list[str]]:
    """Return the names of the arguments that each parent is in; one that is in none was required."""
    names: dict[str, list[str]] = {}
    for argument in spec.arguments:
        for parent in (*argument.stages, *([argument.stage] if argument.stage else ())):
            names.setdefault(parent, []).append(argument.name)
    return names


def _node(stages: Sequence[_Stage], chained: bool) -> Node:
    """Return the box of one stage or of several."""
    status = next((status for status in _TELLING if any(stage.status == status for stage in stages)), stages[0].status)
    if len(stages) == 1:
        return _single(stages[0], status)
    names = Counter(_kind(stage.spec.name) for stage in stages)
    name = printable(next(iter(names))) if len(names) == 1 else f"stages of {len(names):,} kinds"
    details = _common(stages) if len(names) == 1 else _most_common(names)
    return Node(
        name=name,
        count=len(stages),
        details=(*details, *(["one after another"] if chained else [])),
        marks=_marks(stages),
        status=status,
        said=_said_of_several(stages),
        target=any(stage.target for stage in stages),
        tip=f"{len(stages):,} stages: {cut(', '.join(map(printable, names)), _TIP)}",
    )


def _single(stage: _Stage, status: str | None) -> Node:
    arguments = _arguments(stage.spec)
    more = len(arguments) - _ARGUMENTS
    shown = arguments if more <= 0 else [*arguments[:_ARGUMENTS], f"and {more} more"]
    cached_from = stage.record.cached_from if stage.record else None
    tip = [
        f"{printable(stage.spec.function)}({', '.join(arguments)})",
        f"id {stage.spec.id}",
        *_said(stage),
        *([f"cached from job {printable(cached_from)}"] if cached_from else []),
    ]
    return Node(
        name=printable(stage.spec.name),
        details=tuple(cut(text, _COLUMNS) for text in shown),
        marks=_marks([stage]),
        status=status,
        said=_said(stage),
        target=stage.target,
        tip="\n".join(cut(text, _TIP) for text in tip),
    )


def _kind(name: str) -> str:
    """Return what the names of all parts of a result have in common: those of `load[7]` are `load[…]`."""
    return _PLACE.sub("[…]", name)


def _arguments(spec: StageSpec) -> list[str]:
    """Return the arguments that are no stages; those are arrows."""
    plain = [argument for argument in spec.arguments if argument.stage is None and not argument.stages]
    return [printable(f"{argument.name}={_value(argument.value)}") for argument in plain]


def _value(value: Any) -> str:
    try:
        text = value if isinstance(value, str) else repr(untagged(value))
    except ValueError:  # Python writes no number of more than 4300 digits
        text = f"<{type(value).__name__}>"
    return text[:_TIP]  # cut before it is made printable: it may be of any length


def _common(stages: Sequence[_Stage]) -> list[str]:
    """Return the arguments that all these stages have in common."""
    common = dict.fromkeys(_arguments(stages[0].spec))
    for stage in stages[1:]:
        if not common:
            break
        own = set(_arguments(stage.spec))
        common = {text: None for text in common if text in own}
    return [cut(text, _COLUMNS) for text in list(common)[:_ARGUMENTS]]


def _most_common(names: Counter[str]) -> list[str]:
    shown = [cut(f"{count:,} {_TIMES} {printable(name)}", _COLUMNS) for name, count in names.most_common(_NAMES)]
    return shown if len(names) <= _NAMES else [*shown, f"and {len(names) - _NAMES:,} more"]


def _marks(stages: Sequence[_Stage]) -> tuple[str, ...]:
    found = []
    for mark, having in (("caching", "cached"), ("persisted", "persisted")):
        count = sum(getattr(stage.spec, having) for stage in stages)
        if count:
            found.append(mark if count == len(stages) else f"{count:,} {mark}")
    return tuple(found)


def _said(stage: _Stage) -> tuple[str, ...]:
    """Return what became of a stage: its status, how long it took, where its result is from, how it failed."""
    if stage.status is None:
        return ()
    record = stage.record
    seconds = record.seconds if record else None
    took = f" in {seconds_text(seconds)}" if seconds is not None else ""
    said = [f"{_SIGNS.get(stage.status, '?')} {stage.status}{took}"]
    if record and record.cached_from:
        said.append(f"from job {_short(record.cached_from)}")
    if record and record.error and record.error.strip():
        said.append(cut(printable(record.error.strip().splitlines()[-1][:_TIP]), _TIP))
    if record and record.unserializable:
        said.append("result not kept: can't be serialized")
    return tuple(said)


def _short(job_id: str) -> str:
    """Return a job id with its beginning, which is the time, and its end, which is random."""
    job_id = printable(job_id)
    return job_id if len(job_id) <= _JOB_ID else f"{job_id[:8]}…{job_id[-12:]}"


def _said_of_several(stages: Sequence[_Stage]) -> tuple[str, ...]:
    """Return how many stages ended how, and how long they took together."""
    if stages[0].status is None:
        return ()
    seconds = [stage.record.seconds for stage in stages if stage.record and stage.record.seconds is not None]
    took = f" in {seconds_text(sum(seconds))} together" if seconds else ""
    counts = Counter(stage.status for stage in stages)
    if len(counts) == 1:
        status = str(stages[0].status)
        return (f"{_SIGNS.get(status, '?')} {status}{took}",)
    lines = [f"{_SIGNS.get(str(status), '?')} {count:,} {status}" for status, count in _in_order(counts)]
    return (*lines, took.strip()) if took else tuple(lines)


def _tally(statuses: Iterator[str | None]) -> str:
    return ", ".join(f"{count:,} {status}" for status, count in _in_order(Counter(statuses)))


def _in_order(counts: Counter[str | None]) -> list[tuple[str | None, int]]:
    order = {status: place for place, status in enumerate(_SIGNS)}
    return sorted(counts.items(), key=lambda item: order.get(str(item[0]), len(order)))


def _count(stages: int) -> str:
    return f"{stages:,} stage{'' if stages == 1 else 's'}"
