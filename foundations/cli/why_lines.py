"""What `foundations why` tells a person: a line a stage, and below it a line for each thing that differs."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from foundations.board import seconds_text
from foundations.difference_lines import diff_lines, difference_line
from foundations.differences import Difference
from foundations.earlier import Earlier
from foundations.printable import one_line, redacted_line
from foundations.stage_reasons import Origin, StageReason
from foundations_archive.records import JobRecord, JobSpec

# of stages that need no explanation, and of those that do, unless one of them was asked for
_MOST_PLAIN = 20
_MOST_MISSES = 50
_MOST_DIFFERENCES = 12
_MOST_DIFF_LINES = 60
_VERDICTS = {
    "hit": ("hit", "hits"),
    "miss": ("miss", "misses"),
    "refused": ("refused", "refused"),
    "not cached": ("not cached", "not cached"),
    "not run": ("not run", "not run"),
    "unknown": ("unknown", "unknown"),
}


def lines(spec: JobSpec, record: JobRecord, found: Sequence[StageReason], *, in_full: bool) -> list[str]:
    """Return the lines for some stages of a job, of which there may be thousands; `in_full` leaves nothing out."""
    counts: Counter[str] = Counter(one.verdict for one in found)
    told = ", ".join(_counted(number, verdict) for verdict in _VERDICTS if (number := counts[verdict]))
    part = f"; {len(found):,} of {len(spec.stages):,} stages" if len(found) < len(spec.stages) else ""
    job = f"job {one_line(spec.job_id)} of project {one_line(spec.project)}, {record.state}"
    head = f"{job}{part}: {told or 'no stages'}"
    return [
        head,
        "",
        *_spaced([list(_stage(one, in_full=in_full)) for one in _some(found, in_full=in_full)]),
        *_left(found, in_full=in_full),
    ]


def _counted(number: int, verdict: str) -> str:
    return f"{number:,} {_VERDICTS[verdict][number != 1]}"


def _most(verdict: str) -> int:
    return _MOST_MISSES if verdict in ("miss", "refused") else _MOST_PLAIN


def _some(found: Sequence[StageReason], *, in_full: bool) -> Iterator[StageReason]:
    """Yield the stages that are told of: of each verdict the first ones."""
    seen: Counter[str] = Counter()
    for one in found:
        seen[one.verdict] += 1
        if in_full or seen[one.verdict] <= _most(one.verdict):
            yield one


def _left(found: Sequence[StageReason], *, in_full: bool) -> list[str]:
    counts: Counter[str] = Counter(one.verdict for one in found)
    left = [
        _counted(counts[verdict] - _most(verdict), verdict) for verdict in _VERDICTS if counts[verdict] > _most(verdict)
    ]
    return ["", f"and {', '.join(left)} more; name a stage to see it, or take --json"] if left and not in_full else []


def _spaced(blocks: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield blocks of lines, with an empty line beside each that has more than one."""
    for before, block in zip([[], *blocks], blocks, strict=False):
        if before and len(before) + len(block) > 2:
            yield ""
        yield from block


def _stage(one: StageReason, *, in_full: bool) -> Iterator[str]:
    differing = one.verdict == "miss" and bool(one.differences)
    yield f"{one_line(one.label)}  {_verdict(one)}"
    if one.origin and one.reason:
        yield f"  {redacted_line(one.reason)}"
    if one.verdict == "miss":
        told = {each.sentence for each in one.differences}
        yield from (f"  {redacted_line(why)}" for why in one.why if why not in told)
    if differing:
        yield from _differences(one, in_full=in_full)
    for why in one.explanation.stage.content.get("coarse", ()) if one.explanation else ():
        yield f"  more counts in its key than it uses, since {redacted_line(str(why))}"


def _verdict(one: StageReason) -> str:
    if one.origin:
        return f"hit: {_origin(one.origin)}"
    if one.verdict not in ("miss", "refused"):
        return f"{one.verdict}: {redacted_line(one.reason or '')}"
    took = f" ({seconds_text(one.became.seconds)})" if one.became.seconds is not None else ""
    if one.verdict == "refused" or one.earlier is None:
        return f"{one.verdict}{took}: {redacted_line(one.reason or 'the first time')}"
    number, run = len(one.differences), _run(one, one.earlier)
    if not number and not one.why:
        return f"miss{took}: {redacted_line(one.reason or '')}; compared with {run}"
    told = {0: "no difference", 1: "1 difference"}
    return f"miss{took}: {told.get(number, f'{number:,} differences')} from {run}"


def _run(one: StageReason, earlier: Earlier) -> str:
    stage = f"stage {one_line(earlier.name)} of " if earlier.name != one.stage.name else ""
    when = f", {_time(earlier.ended)}" if earlier.ended is not None else ""
    return f"{stage}job {one_line(earlier.job_id)}{when}"


def _origin(origin: Origin) -> str:
    when = f", {_time(origin.ended)}" if origin.ended is not None else ""
    took = f", where it took {seconds_text(origin.seconds)}" if origin.seconds is not None else ""
    return f"from job {one_line(origin.job_id)}{when}{took}"


def _time(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M")
    except (OverflowError, ValueError, OSError):
        return "at a time that can't be told"


def _differences(one: StageReason, *, in_full: bool) -> Iterator[str]:
    most = len(one.differences) if in_full else _MOST_DIFFERENCES
    for difference in one.differences[:most]:
        yield f"  {difference_line(difference)}"
        yield from _diff(difference, in_full=in_full)
    if len(one.differences) > most:
        yield f"  and {len(one.differences) - most:,} more; name the stage to see them"


def _diff(one: Difference, *, in_full: bool) -> Iterator[str]:
    shown = diff_lines(one.diff)
    most = len(shown) if in_full else _MOST_DIFF_LINES
    yield from shown[:most]
    if len(shown) > most:
        yield f"    ... {len(shown) - most:,} lines more"
