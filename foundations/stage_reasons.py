"""Why each stage of a job was served from the cache, or was not, from what the archive holds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

from foundations.differences import Difference
from foundations.earlier import Earlier, EarlierStages
from foundations.explanation import Explanation
from foundations.explanation_reader import Explanations, Unexplained
from foundations.stage_labels import stage_labels
from foundations_archive.archive import Archive
from foundations_archive.errors import ArchiveError, is_of_one_object
from foundations_archive.records import JobRecord, JobSpec, StageRecord, StageSpec

Verdict = Literal["hit", "miss", "refused", "not cached", "not run", "unknown"]

_NOT_RUN = {
    "Queued": "the job has not begun",
    "Running": "the job runs, and has not come to it",
    "Lost": "the job was lost before it",
    "Cancelled": "the job was cancelled before it",
}
_WITHOUT_CACHE = "the job did without the cache (--no-cache, or FOUNDATIONS_NO_CACHE)"


@dataclass(frozen=True)
class Origin:
    """The run that made the result which serves a stage; `ended` and `seconds` are None where that can't be read.

    The text of the stage's function may have been `rewritten` since, in what does not count, or a user has `accepted`
    the result for other code.
    """

    job_id: str
    ended: float | None = None
    seconds: float | None = None
    rewritten: bool = False
    accepted: bool = False


@dataclass(frozen=True)
class StageReason:
    """What became of a stage, and why; `label` tells it from others of its name.

    `why` says what kept the cache from serving it, `earlier` is the run that it has most in common with.
    """

    stage: StageSpec
    became: StageRecord
    label: str
    verdict: Verdict
    why: tuple[str, ...] = ()
    explanation: Explanation | None = None
    earlier: Earlier | None = None
    origin: Origin | None = None

    @property
    def differences(self) -> Sequence[Difference]:
        """What differs from the nearest earlier run."""
        return self.earlier.differences if self.earlier else ()

    @property
    def reason(self) -> str | None:
        """Why it is so in one sentence, beside what differs; None where that says it all."""
        if self.why:
            return "; ".join(self.why)
        if self.origin and self.origin.accepted:
            return "that run had other code, and its result was accepted for this one (foundations cache accept)"
        if self.origin:
            return "only what does not count has changed in its text" if self.origin.rewritten else None
        if self.verdict != "miss" or self.differences:
            return None
        return _nothing_differs(self.earlier) if self.earlier else "the first time"


def _nothing_differs(earlier: Earlier) -> str:
    if earlier.status != "succeeded":
        return "nothing differs, and there is no result since it failed"
    not_kept = earlier.explanation.stage.content["not_kept"]
    if not_kept:
        return f"nothing differs, and the result was not cached ({not_kept})"
    return "nothing differs, and the result is not in this cache any more"


def reasons(
    archive: Archive, spec: JobSpec, record: JobRecord, stages: Iterable[str] | None = None
) -> list[StageReason]:
    """Return what became of the stages of a job, or of those with some ids, and why, in their order."""
    wanted = None if stages is None else frozenset(stages)
    labels, pairs = labels_of(spec), zip(spec.stages, record.stages, strict=True)
    asked = [(stage, became) for stage, became in pairs if wanted is None or stage.id in wanted]
    explanations = Explanations(archive)
    explanations.read_ahead(became.explanation for _, became in asked if became.status != "cached")
    telling = _Telling(archive, spec, record, explanations)
    found = [telling.reason(stage, became, labels[stage.id]) for stage, became in asked]
    misses = [(one.explanation, one.stage.id) for one in found if one.verdict == "miss" and one.explanation]
    if not misses:
        return found
    earlier = EarlierStages(
        archive, spec.project, before=spec.created, stages=len(misses), explanations=explanations
    ).nearest_of_all(misses)
    nearest = {stage: one for (_, stage), one in zip(misses, earlier, strict=True)}
    return [replace(one, earlier=nearest.get(one.stage.id)) for one in found]


def labels_of(spec: JobSpec) -> dict[str, str]:
    """Return by id what each stage of a job is called: its name, and `name#place` where several have it."""
    return stage_labels({stage.id: stage.name for stage in spec.stages})


def stages_named(spec: JobSpec, name: str) -> list[str]:
    """Return the ids of the stages that a name, an id or `name#place` tells; nothing where there is none."""
    labels = labels_of(spec)
    exact = [stage for stage, label in labels.items() if name in (stage, label)]
    return exact or [stage.id for stage in spec.stages if stage.name == name]


class _Telling:
    """What is told of one job; what several stages need is read once."""

    def __init__(self, archive: Archive, spec: JobSpec, record: JobRecord, explanations: Explanations) -> None:
        self._archive, self._spec, self._record, self._explanations = archive, spec, record, explanations
        self._job = cache(self._read_job)

    def reason(self, stage: StageSpec, became: StageRecord, label: str) -> StageReason:
        """Return why one stage was served, or computed."""
        if became.status == "cached" and became.cached_from:
            return StageReason(stage, became, label, "hit", origin=self._origin(stage, became))
        if became.status == "skipped":
            return StageReason(stage, became, label, "not run", ("a stage that it needs failed",))
        if became.status == "not run":
            return StageReason(stage, became, label, "not run", (self._why_not_run(became),))
        if not stage.cached and "cache" in self._spec.facts:
            return StageReason(stage, became, label, "not cached", (_WITHOUT_CACHE,))
        if not stage.cached:
            return StageReason(stage, became, label, "not cached", ("enable_caching() was not called",))
        if not became.explanation:
            return StageReason(stage, became, label, "unknown", ("it was archived without an explanation",))
        try:
            explanation = self._explanations.of(became.explanation)
        except Unexplained as error:
            return StageReason(stage, became, label, "unknown", (str(error),))
        if explanation.refused is not None:
            return StageReason(stage, became, label, "refused", (explanation.refused,), explanation)
        return StageReason(stage, became, label, "miss", explanation.why, explanation)

    def _why_not_run(self, became: StageRecord) -> str:
        if became.started is not None:
            return "it runs" if self._record.state == "Running" else "it was running when the job ended"
        return _NOT_RUN.get(self._record.state, "what needs its result came from the cache, or the job ended before it")

    def _origin(self, stage: StageSpec, became: StageRecord) -> Origin:
        job_id = became.cached_from or ""
        found = self._job(job_id)
        if found is None:
            return Origin(job_id)
        spec, record = found
        pairs = list(zip(spec.stages, record.stages, strict=True))
        made = _made_by(pairs, stage, became)
        if made is None:
            return Origin(job_id)
        theirs, result = made
        ours, other = self._spec.sources.get(stage.source or ""), spec.sources.get(theirs.source or "")
        # an entry has the explanation of the run that made it, unless somebody has written another one for it
        accepted = bool(became.explanation and result.explanation) and became.explanation != result.explanation
        rewritten = None not in (ours, other) and ours != other
        return Origin(job_id, result.ended, result.seconds, rewritten, accepted)

    def _read_job(self, job_id: str) -> tuple[JobSpec, JobRecord] | None:
        try:
            spec = self._archive.spec(job_id)
            return spec, self._archive.record(spec)
        except ArchiveError as error:
            if not is_of_one_object(error):
                raise
            return None  # it lies in another archive, which shares this one's cache


def _made_by(
    pairs: Sequence[tuple[StageSpec, StageRecord]], stage: StageSpec, became: StageRecord
) -> tuple[StageSpec, StageRecord] | None:
    """Return the stage of another job that made a result: the one with its explanation, else the one with its id."""
    ran = [pair for pair in pairs if pair[1].status == "succeeded"]
    explained = [pair for pair in ran if became.explanation and pair[1].explanation == became.explanation]
    return next(iter([*explained, *(pair for pair in ran if pair[0].id == stage.id)]), None)
