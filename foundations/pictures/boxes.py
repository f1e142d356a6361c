"""Boxes: what one says of a stage, or of several that it stands for."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from foundations.board import seconds_text
from foundations.pictures.shapes import TIMES, Node
from foundations.pictures.text import cut
from foundations.printable import one_line
from foundations_archive.envelope import untagged
from foundations_archive.records import StageRecord, StageSpec

_ARGUMENTS = 3
_NAMES = 5
_COLUMNS = 34
_TIP = 300
_JOB_ID = 24
_PLACE = re.compile(r"\[-?\d+\]")
_SIGNS = {"succeeded": "✓", "failed": "✗", "cached": "↺", "skipped": "↷", "not run": "○", "running": "▶"}
# of a box that stands for several stages, the first of these that one of them has
_TELLING = ("failed", "running", "not run", "skipped", "succeeded", "cached")


@dataclass(frozen=True)
class RunStage:
    """A stage and what became of it: None before it was run."""

    spec: StageSpec
    status: str | None
    record: StageRecord | None
    target: bool


def node_of(stages: Sequence[RunStage], chained: bool) -> Node:
    """Return the box of one stage or of several."""
    status = next((status for status in _TELLING if any(stage.status == status for stage in stages)), stages[0].status)
    if len(stages) == 1:
        return _single(stages[0], status)
    names = Counter(kind_of(stage.spec.name) for stage in stages)
    name = one_line(next(iter(names))) if len(names) == 1 else f"stages of {len(names):,} kinds"
    details = _common(stages) if len(names) == 1 else _most_common(names)
    return Node(
        name=name,
        count=len(stages),
        details=(*details, *(["one after another"] if chained else [])),
        marks=_marks(stages),
        status=status,
        said=_said_of_several(stages),
        target=any(stage.target for stage in stages),
        tip=f"{len(stages):,} stages: {cut(', '.join(map(one_line, names)), _TIP)}",
    )


def _single(stage: RunStage, status: str | None) -> Node:
    arguments = _arguments(stage.spec)
    more = len(arguments) - _ARGUMENTS
    shown = arguments if more <= 0 else [*arguments[:_ARGUMENTS], f"and {more} more"]
    cached_from = stage.record.cached_from if stage.record else None
    tip = [
        f"{one_line(stage.spec.function)}({', '.join(arguments)})",
        f"id {stage.spec.id}",
        *_said(stage),
        *([f"cached from job {one_line(cached_from)}"] if cached_from else []),
    ]
    return Node(
        name=one_line(stage.spec.name),
        details=tuple(cut(text, _COLUMNS) for text in shown),
        marks=_marks([stage]),
        status=status,
        said=_said(stage),
        target=stage.target,
        tip="\n".join(cut(text, _TIP) for text in tip),
    )


def kind_of(name: str) -> str:
    """Return what the names of all parts of a result have in common: those of `load[7]` are `load[…]`."""
    return _PLACE.sub("[…]", name)


def _arguments(spec: StageSpec) -> list[str]:
    """Return the arguments that are no stages; those are arrows."""
    plain = [argument for argument in spec.arguments if argument.stage is None and not argument.stages]
    return [one_line(f"{argument.name}={_value(argument.value)}") for argument in plain]


def _value(value: Any) -> str:
    try:
        text = value if isinstance(value, str) else repr(untagged(value))
    except ValueError:  # Python writes no number of more than 4300 digits
        text = f"<{type(value).__name__}>"
    return text[:_TIP]  # cut before it is made printable: it may be of any length


def _common(stages: Sequence[RunStage]) -> list[str]:
    """Return the arguments that all these stages have in common."""
    common = dict.fromkeys(_arguments(stages[0].spec))
    for stage in stages[1:]:
        if not common:
            break
        own = set(_arguments(stage.spec))
        common = {text: None for text in common if text in own}
    return [cut(text, _COLUMNS) for text in list(common)[:_ARGUMENTS]]


def _most_common(names: Counter[str]) -> list[str]:
    shown = [cut(f"{count:,} {TIMES} {one_line(name)}", _COLUMNS) for name, count in names.most_common(_NAMES)]
    return shown if len(names) <= _NAMES else [*shown, f"and {len(names) - _NAMES:,} more"]


def _marks(stages: Sequence[RunStage]) -> tuple[str, ...]:
    found = []
    for mark, having in (("caching", "cached"), ("persisted", "persisted")):
        count = sum(getattr(stage.spec, having) for stage in stages)
        if count:
            found.append(mark if count == len(stages) else f"{count:,} {mark}")
    return tuple(found)


def _said(stage: RunStage) -> tuple[str, ...]:
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
        said.append(cut(one_line(record.error.strip().splitlines()[-1][:_TIP]), _TIP))
    if record and record.unserializable:
        said.append("result not kept: can't be serialized")
    return tuple(said)


def _short(job_id: str) -> str:
    """Return a job id with its beginning, which is the time, and its end, which is random."""
    job_id = one_line(job_id)
    return job_id if len(job_id) <= _JOB_ID else f"{job_id[:8]}…{job_id[-12:]}"


def _said_of_several(stages: Sequence[RunStage]) -> tuple[str, ...]:
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


def tally_of(statuses: Iterable[str | None]) -> str:
    """Return how many stages ended how."""
    return ", ".join(f"{count:,} {status}" for status, count in _in_order(Counter(statuses)))


def _in_order(counts: Counter[str | None]) -> list[tuple[str | None, int]]:
    order = {status: place for place, status in enumerate(_SIGNS)}
    return sorted(counts.items(), key=lambda item: order.get(str(item[0]), len(order)))
