"""What a picture shows of a graph or of a job: which boxes, and arrows from each to those that need it."""

from collections.abc import Iterator, Mapping, Sequence

from foundations.board import seconds_text
from foundations.describe import describe
from foundations.graph import StageGraph
from foundations.pictures.boxes import RunStage, kind_of, node_of, tally_of
from foundations.pictures.folding import Fold, fold
from foundations.pictures.shapes import Drawing, Edge
from foundations.printable import one_line
from foundations_archive.records import JobRecord, JobSpec, StageRecord, StageSpec


def drawing_of_graph(graph: StageGraph, *, boxes: int) -> Drawing:
    """Return the picture of a graph that has not run, in at most `boxes` boxes."""
    specs = describe(graph)[0]
    stages = [RunStage(spec, None, None, spec.id == graph.target) for spec in specs]
    return _drawing(f"{_count(len(stages))}, not run", stages, boxes=boxes)


def drawing_of_job(spec: JobSpec, record: JobRecord, *, boxes: int) -> Drawing:
    """Return the picture of a job as far as `record` goes, in at most `boxes` boxes."""
    known = {stage.id: stage for stage in record.stages}
    stages = [
        RunStage(stage, _status(known.get(stage.id), record), known.get(stage.id), stage.id == spec.target)
        for stage in spec.stages
    ]
    took = f" in {seconds_text(record.ended - record.started)}" if record.ended and record.started else ""
    tally = f"{_count(len(stages))}: {tally_of(stage.status for stage in stages)}"
    return _drawing(f"job {spec.job_id}: {record.state}{took}", stages, tally, boxes=boxes)


def _status(stage: StageRecord | None, record: JobRecord) -> str:
    if stage is None:
        return "not run"
    begun = stage.status == "not run" and stage.started is not None and stage.ended is None
    return "running" if begun and record.state == "Running" else stage.status


def _drawing(title: str, stages: Sequence[RunStage], *remarks: str, boxes: int) -> Drawing:
    places = {stage.spec.id: place for place, stage in enumerate(stages)}
    parents = [[places[parent] for parent in stage.spec.parents] for stage in stages]
    folded = fold([(kind_of(stage.spec.name), stage.status) for stage in stages], parents, boxes=boxes)
    members: list[list[RunStage]] = [[] for _ in range(folded.count)]
    for stage, group in zip(stages, folded.groups, strict=True):
        members[group].append(stage)
    nodes = tuple(node_of(some, number in folded.chained) for number, some in enumerate(members))
    edges = tuple(_edges(stages, places, folded))
    return Drawing(title, nodes, edges, (*remarks, *_explained(edges, len(stages), folded.count)))


def _explained(edges: Sequence[Edge], stages: int, boxes: int) -> Iterator[str]:
    if boxes < stages:
        yield f"{_count(stages)} drawn as {boxes:,} box{'' if boxes == 1 else 'es'}"
    if any(edge.required for edge in edges):
        yield "dashed arrow: has to run first, its result is not handed on"


def _edges(stages: Sequence[RunStage], places: Mapping[str, int], folded: Fold) -> Iterator[Edge]:
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
        yield Edge(start, end, one_line(next(iter(labels))) if telling else "", required)


def _names(spec: StageSpec) -> Mapping[str, list[str]]:
    """Return the names of the arguments that each parent is in; one that is in none was required."""
    names: dict[str, list[str]] = {}
    for argument in spec.arguments:
        for parent in (*argument.stages, *([argument.stage] if argument.stage else ())):
            names.setdefault(parent, []).append(argument.name)
    return names


def _count(stages: int) -> str:
    return f"{stages:,} stage{'' if stages == 1 else 's'}"
