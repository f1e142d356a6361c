"""Explanations in the archive: read, and among those of earlier jobs the one that a stage has most in common with."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from foundations.differences import Difference, differences
from foundations.explanation import KINDS, Document, Explanation
from foundations_archive.archive import Archive
from foundations_archive.errors import ArchiveDamaged, NotArchived
from foundations_archive.index import read_table
from foundations_archive.job_reading import read_listed
from foundations_archive.parallel import at_once
from foundations_archive.records import StageRecord, StageSpec

# of earlier stages, the newest are looked at; where many ask, each looks at fewer
MOST_EXPLANATIONS = 200
MOST_JOBS = 200
_MOST_IN_ALL = 4000
_FEWEST = 8
_BATCH = 25


class Unexplained(ValueError):
    """An explanation can't be read; the message says which of its blobs, and why."""


class Explanations:
    """Reads explanations, each blob once; safe to share between threads. Nothing is unpickled."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._known: dict[str, Document | Unexplained] = {}
        self._lock = threading.Lock()

    def of(self, names: Sequence[str]) -> Explanation:
        """Return the explanation that a record names; raise `Unexplained` where it is damaged or gone."""
        if len(names) != len(KINDS):
            raise Unexplained(f"the record names {len(names)} parts of an explanation, and it has {len(KINDS)}")
        return Explanation(*(self._document(name, kind) for name, kind in zip(names, KINDS, strict=True)))

    def _document(self, name: str, kind: str) -> Document:
        with self._lock:
            found = self._known.get(name)
        if found is None:
            try:
                found = Document.of(self._data(name), kind)
            except (NotArchived, ArchiveDamaged) as error:
                gone = "is not there" if isinstance(error, NotArchived) else "is damaged"
                found = Unexplained(f"the blob {name} {gone}, which explains the {kind}")
            except ValueError as error:
                found = Unexplained(f"the blob {name} can't be read: {error}")
            with self._lock:
                self._known[name] = found
        if isinstance(found, Unexplained):
            raise found
        return found

    def _data(self, name: str) -> bytes:
        try:
            return self._archive.blobs.get(name)
        except NotArchived:
            return self._archive.cache_blobs.get(name)


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
        self, archive: Archive, project: str, *, before: float, stages: int = 1, read: Explanations | None = None
    ) -> None:
        self._archive, self._explanations = archive, read or Explanations(archive)
        self._most = max(_FEWEST, min(MOST_EXPLANATIONS, _MOST_IN_ALL // max(1, stages)))
        listed = read_table(archive, project, hidden=True).sealed(before=before)
        self._unread = listed[-MOST_JOBS:]
        self._candidates: list[_Candidate] = []
        self._places: dict[tuple[str, ...], int] = {}

    def nearest(
        self,
        explanation: Explanation,
        *,
        stage: str | None = None,
        fits: Callable[[Sequence[Difference]], bool] | None = None,
    ) -> Earlier | None:
        """Return the run that has the fewest differences, of several the newest; None where there is none.

        Only runs count whose differences are such as `fits` wants. Runs of the stage with the id `stage` come first,
        then those of its name, and only then those of its function.
        """
        wanted = [
            lambda one: one.spec.id == stage,
            lambda one: one.spec.name == explanation.stage_name and one.spec.id != stage,
        ]
        found = [one for is_wanted in wanted for one in islice(self._matching(is_wanted), self._most)]
        if not found:
            found = list(islice(self._matching(lambda one: one.spec.function == explanation.function), self._most))
        compared = at_once(lambda one: self._compared(one, explanation), found[: self._most])
        fitting = (one for one in compared if one and (fits is None or fits(one.differences)))
        return min(fitting, key=lambda one: len(one.differences), default=None)

    def _matching(self, is_wanted: Callable[[_Candidate], bool]) -> Iterator[_Candidate]:
        place = 0
        while place < len(self._candidates) or self._read_more():
            if place < len(self._candidates):
                if is_wanted(self._candidates[place]):
                    yield self._candidates[place]
                place += 1

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

    def _compared(self, one: _Candidate, explanation: Explanation) -> Earlier | None:
        try:
            found = self._explanations.of(one.record.explanation)
        except Unexplained:
            return None
        if found.refused is not None:
            return None
        job = one.record.cached_from or one.job_id
        ended = None if one.record.cached_from else one.record.ended
        status = "succeeded" if one.record.status == "cached" else one.record.status
        told = differences(explanation, found)
        return Earlier(job, one.spec.id, one.spec.name, status, ended, found, told)


def nearest(archive: Archive, project: str, explanation: Explanation, *, before: float) -> Earlier | None:
    """Return the earlier run of a project that a stage has most in common with, see `EarlierStages.nearest`."""
    return EarlierStages(archive, project, before=before).nearest(explanation)
