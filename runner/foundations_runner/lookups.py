"""Entries of the cache, looked up for the worker: many at a time."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Protocol

from foundations_archive.archive import Archive
from foundations_archive.errors import ArchiveError
from foundations_archive.parallel import at_once
from foundations_archive.records import CacheEntry, plain

_Found = list[tuple[str, CacheEntry]]


class Says(Protocol):
    """Who tells of something: the journal of a job."""

    def add(self, event: str, **fields: Any) -> None:
        """Take in an event of this kind."""


class Lookups:
    """What has been found for which stage; the worker chooses, since it sees what entries depend on."""

    def __init__(self, archive: Archive, journal: Says) -> None:
        self._archive, self._journal = archive, journal
        self._found: dict[str, dict[str, CacheEntry]] = {}
        self._told: set[str] = set()

    def entries(self, questions: Sequence[tuple[str, tuple[str, ...]]], *, beside: bool) -> list[_Found]:
        """Return for each stage and its keys the entries under these, or `beside` these, with their names."""
        found = at_once(lambda question: self._entries(*question, beside=beside), questions)
        for (stage, _), entries in zip(questions, found, strict=True):
            self._found.setdefault(stage, {}).update(entries)
        return found

    def answer(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer to a look-up: the entries under the keys of each of its questions."""
        questions = [(one["stage"], tuple(one["keys"])) for one in message["questions"]]
        found = self.entries(questions, beside=message["beside"])
        return {"entries": [[told(key, entry) for key, entry in entries] for entries in found]}

    def know(self, stage: str, entries: Mapping[str, CacheEntry]) -> None:
        """Take in entries that were read for a stage already."""
        self._found.setdefault(stage, {}).update(entries)

    def chosen(self, stage: str, name: str) -> CacheEntry | None:
        """Return the entry of this name that was found for a stage."""
        return self._found.pop(stage, {}).get(name)

    def _entries(self, stage: str, keys: tuple[str, ...], *, beside: bool) -> _Found:
        found: _Found = []
        unusable = partial(self._warn, stage)
        for key in keys:
            if beside:
                found += self._archive.cached_beside(key, unusable=unusable)
            elif (entry := self._archive.cached(key, unusable=unusable)) is not None:
                found.append((key, entry))
        return found

    def _warn(self, stage: str, error: ArchiveError) -> None:
        if error.key not in self._told:  # it is looked for ahead, before it runs, and after others were waited for
            self._told.add(error.key)
            text = f"foundations: warning: {error}; unless another entry serves it the stage is computed anew"
            self._journal.add("log", stream="stderr", text=text, stage=stage)


def told(name: str, entry: CacheEntry) -> dict[str, Any]:
    """Return what the worker has to know of an entry."""
    return {
        "name": name,
        "job_id": entry.job_id,
        "content": entry.content,
        "made": entry.made,
        "observed": plain(entry.observed),
        "seconds": entry.seconds,
        "accepted": bool(entry.accepted),
    }
