"""A refactoring, blessed: results of a stage's earlier code are made to serve its code as it is now."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from foundations.differences import Difference
from foundations.earlier import EarlierStages
from foundations.explanation import Document, Explanation
from foundations_archive.archive import Archive
from foundations_archive.records import CacheEntry

# what a refactoring may change: not what a stage is given, nor where it runs
_CODE = frozenset({"function", "class", "module", "constant", "data", "files", "top level", "code"})
_MOST_NAMED = 5


@dataclass(frozen=True)
class Accepted:
    """What became of one stage that was to be accepted: the job whose result serves it now, or why there is none.

    It is `refused` unless nothing had to be accepted, since the cache serves it, or what needs it, as it is.
    """

    stage: str
    name: str
    job_id: str | None = None
    differences: tuple[Difference, ...] = ()
    reason: str | None = None
    refused: bool = False


def is_refactoring(differences: Sequence[Difference]) -> bool:
    """Tell whether two runs of a stage differ in nothing but code, and in that."""
    return bool(differences) and all(one.kind in _CODE for one in differences)


class Acceptance:
    """Writes cache entries for one user in one archive."""

    def __init__(self, archive: Archive, earlier: EarlierStages, *, user: str) -> None:
        self._archive, self._earlier, self._user = archive, earlier, user

    def accept(self, stage: str, explanation: Explanation) -> Accepted:
        """Let the newest result whose run differs in its code alone serve a stage that would run."""
        name, keys = explanation.stage_name, explanation.stage.content["keys"]
        if keys is None:
            return Accepted(stage, name, reason=f"it can't be cached: {explanation.refused}", refused=True)
        before = self._earlier.nearest(explanation, stage=stage, fits=is_refactoring)
        if before is None:
            return Accepted(stage, name, reason=self._more_differs(explanation, stage), refused=True)
        entry = self._entry(before.explanation.stage.content)
        if entry is None:
            gone = f"the result of job {before.job_id} is not in the cache any more"
            return Accepted(stage, name, reason=gone, refused=True)
        key = keys["coarse" if _is_coarse(before.explanation.stage.content) else "fine"]
        told = _explained(explanation, entry, key)
        for document in told.documents:
            self._archive.cache_blobs.put_bytes(document.data)
        accepted = {"by": self._user, "at": time.time(), "from": before.explanation.stage.content["kept"]}
        self._archive.keep(key, replace(entry, explanation=told.names, accepted=accepted), place="instead")
        return Accepted(stage, name, entry.job_id, tuple(before.differences))

    def _more_differs(self, explanation: Explanation, stage: str) -> str:
        """Return why no earlier run can serve a stage."""
        nearest = self._earlier.nearest(explanation, stage=stage)
        if nearest is None:
            return "there is no earlier run of it"
        others = [f"{one.kind} {one.name}" for one in nearest.differences if one.kind not in _CODE]
        named = ", ".join(others[:_MOST_NAMED]) + (" and more" if len(others) > _MOST_NAMED else "")
        told = f"differs in {named} too" if others else "does not differ, and its result is not cached"
        return f"no earlier run differs from it in its code alone: that of job {nearest.job_id} {told}"

    def _entry(self, stage: Mapping[str, Any]) -> CacheEntry | None:
        """Return what is cached for an earlier run, the youngest where several stand beside each other."""
        key = stage["kept"]
        if key is None:
            return None
        found = [self._archive.cached(key), *(entry for _, entry in self._archive.cached_beside(key))]
        there = [entry for entry in found if entry is not None]
        same = [entry for entry in there if entry.observed == stage["observed"]]
        return max(same or there, key=lambda entry: entry.made, default=None)


def _is_coarse(stage: Mapping[str, Any]) -> bool:
    """Tell whether all code of the model directory counts for a result, which the run that made it had found out."""
    return stage["keys"] is not None and stage["kept"] == stage["keys"]["coarse"] != stage["keys"]["fine"]


def _explained(explanation: Explanation, entry: CacheEntry, key: str) -> Explanation:
    """Return an explanation as if the stage had run: under which key its result is, and what it depends on."""
    known = {"kept": key, "observed": dict(entry.observed), "accepted": entry.job_id}
    return replace(explanation, stage=Document({**explanation.stage.content, **known}))
