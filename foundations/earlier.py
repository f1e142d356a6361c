"""Of the earlier runs that an archive explains, the one that a stage has most in common with."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from foundations.differences import Difference, differences
from foundations.explanation import Explanation
from foundations.explanation_reader import Explanations, Unexplained
from foundations_archive.archive import Archive
from foundations_archive.index import read_table
from foundations_archive.job_reading import read_listed
from foundations_archive.records import StageRecord, StageSpec

# of earlier stages, the newest are looked at; where many ask, each looks at fewer
MOST_EXPLANATIONS = 200
MOST_JOBS = 200
_MOST_IN_ALL = 4000
_FEWEST = 8
_BATCH = 25

Fits = Callable[[Sequence[Difference]], bool]


@dataclass(frozen=True)
class Earlier:
    """An earlier run of a stage, and what differs since then."""

    job_id: str
    stage: str
    name: str
    status: str
    ended: float | None
    explanation: Explanation
    differences: Sequence[Difference] = field(default_factory=tuple)


@dataclass(frozen=True)
class _Candidate:
    job_id: str
    spec: StageSpec
    record: StageRecord


class EarlierStages:
    """The stages of the jobs of a project that were made before a time, the newest first.

    `stages` says for how many stages somebody will ask.
    """

    def __init__(
        self,
        archive: Archive,
        project: str,
        *,
        before: float,
        stages: int = 1,
        explanations: Explanations | None = None,
    ) -> None:
        self._archive, self._explanations = archive, explanations or Explanations(archive)
        self._most = max(_FEWEST, min(MOST_EXPLANATIONS, _MOST_IN_ALL // max(1, stages)))
        listed = read_table(archive, project, hidden=True).sealed(before=before)
        self._unread = listed[-MOST_JOBS:]
        self._candidates: list[_Candidate] = []
        self._places: dict[tuple[str, ...], int] = {}
        self._index: defaultdict[tuple[str, str], list[int]] = defaultdict(list)

    def nearest(
        self, explanation: Explanation, *, stage: str | None = None, fits: Fits | None = None
    ) -> Earlier | None:
        """Return the run that has the fewest differences, of several the newest; None where there is none.

        Only runs count whose differences are such as `fits` wants. Runs of the stage with the id `stage` come first,
        then those of its name, and only then those of its function.
        """
        return self.nearest_of_all([(explanation, stage)], fits=fits)[0]

    def nearest_of_all(
        self, wanted: Sequence[tuple[Explanation, str | None]], *, fits: Fits | None = None
    ) -> list[Earlier | None]:
        """Return the same for several stages, each with its id; what they need is read at once."""
        found = [self._candidates_for(explanation, stage) for explanation, stage in wanted]
        self._explanations.read_ahead(one.record.explanation for candidates in found for one in candidates)
        return [
            self._nearest(candidates, explanation, fits)
            for candidates, (explanation, _) in zip(found, wanted, strict=True)
        ]

    def _nearest(self, candidates: Iterable[_Candidate], explanation: Explanation, fits: Fits | None) -> Earlier | None:
        compared = self._compared(candidates, explanation)
        fitting = (one for one in compared if fits is None or fits(one.differences))
        return min(fitting, key=lambda one: len(one.differences), default=None)

    def _candidates_for(self, explanation: Explanation, stage: str | None) -> list[_Candidate]:
        places = [*self._matching("id", stage), *self._matching("name", explanation.stage_name)]
        places = places or self._matching("function", explanation.function)
        return [self._candidates[place] for place in list(dict.fromkeys(places))[: self._most]]

    def _matching(self, field: str, value: str | None) -> list[int]:
        """Return the places of the newest candidates that have a value."""
        if value is None:
            return []
        matching = self._index[field, value]
        while len(matching) < self._most and self._read_more():
            pass
        return matching[: self._most]

    def _read_more(self) -> bool:
        """Read some more jobs, and tell whether there were any."""
        batch, self._unread = self._unread[-_BATCH:], self._unread[:-_BATCH]
        for spec, record in reversed(read_listed(self._archive, batch)):
            for stage, became in zip(spec.stages, record.stages, strict=True):
                if became.explanation:
                    self._add(_Candidate(spec.job_id, stage, became))
        return bool(batch)

    def _add(self, one: _Candidate) -> None:
        """Take in a stage; one that is served names the explanation of the run that made its result, which is older."""
        place = self._places.setdefault(one.record.explanation, len(self._candidates))
        if place == len(self._candidates):
            self._candidates.append(one)
        elif one.record.status != "cached":
            self._candidates[place] = one
        for key in (("id", one.spec.id), ("name", one.spec.name), ("function", one.spec.function)):
            places = self._index[key]
            if not places or place > places[-1]:
                places.append(place)

    def _compared(self, candidates: Iterable[_Candidate], explanation: Explanation) -> Iterator[Earlier]:
        for one in candidates:
            try:
                found = self._explanations.of(one.record.explanation)
            except Unexplained:
                continue
            if found.refused is None:
                # a job that got an accepted result had the code that is explained, and the one that made it had not
                served = None if found.accepted else one.record.cached_from
                yield Earlier(
                    job_id=served or one.job_id,
                    stage=one.spec.id,
                    name=one.spec.name,
                    status="succeeded" if one.record.cached_from else one.record.status,
                    ended=None if served else one.record.ended,
                    explanation=found,
                    differences=differences(explanation, found),
                )
