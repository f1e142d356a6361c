"""Entries of the cache that a job may ask for, read before it does: what served the last job of the same shape.

Of a chain that is served the key of each stage is known when the content of the one before is: a round trip each,
unless somebody has guessed. Nothing else hangs on it: each of the entries is read as if it had been asked for.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from foundations_archive.archive import Archive
from foundations_archive.errors import ArchiveError, is_of_one_object
from foundations_archive.expected_entries import read_expected, shape_of, write_expected
from foundations_archive.parallel import aside, at_once
from foundations_archive.records import CacheEntry, JobSpec
from foundations_runner.lookups import Lookups, told

if TYPE_CHECKING:
    from concurrent.futures import Future

# of fewer it costs as much to look for a guess as it saves
_FEWEST = 16
_THREADS = 32

Entries = Mapping[str, Mapping[str, CacheEntry]]


class Expected:
    """The entries that one job is expected to ask for; their reading begins when this is made."""

    def __init__(self, archive: Archive, spec: JobSpec, *, read_only: bool = False) -> None:
        self._archive, self._spec, self._read_only = archive, spec, read_only
        cached = sum(stage.cached for stage in spec.stages)
        self._shape = shape_of(spec) if cached >= _FEWEST else None
        self._names: dict[str, str] = {}
        self._used: dict[str, str] = {}
        self._found: Future[Entries] | None = aside(self._read) if self._shape else None

    def entries(self) -> Entries:
        """Return the entries by stage and name, when they are here; nothing where they can't be had."""
        try:
            return self._found.result() if self._found else {}
        except ArchiveError:  # whoever needs one asks for it, and hears what is wrong
            return {}

    def told(self, lookups: Lookups) -> dict[str, list[dict[str, Any]]]:
        """Return what the worker has to know of the entries, by stage; `lookups` know of them too then."""
        entries = self.entries()
        for stage, named in entries.items():
            lookups.know(stage, named)
        return {stage: [told(*one) for one in named.items()] for stage, named in entries.items()}

    def used(self, stage: str, name: str) -> None:
        """Take note of the entry that serves a stage, or that its result was kept as."""
        if "/" not in name:  # those that stand beside another are found by a listing
            self._used[stage] = name

    def write(self) -> None:
        """Let the next job know what this one has used, unless it was what was expected."""
        names = {**self._names, **self._used}
        if self._shape and self._used and not self._read_only and names != self._names:
            try:
                write_expected(self._archive, self._shape, self._spec, names)
            except ArchiveError as error:
                if not is_of_one_object(error):  # the next job asks for its entries one after the other
                    raise

    def _read(self) -> Entries:
        assert self._shape
        self._names = read_expected(self._archive, self._shape, self._spec)
        entries = at_once(self._entry, self._names.values(), threads=_THREADS)
        named = zip(self._names.items(), entries, strict=True)
        return {stage: {name: entry} for (stage, name), entry in named if entry is not None}

    def _entry(self, name: str) -> CacheEntry | None:
        try:
            return self._archive.cached(name)
        except ArchiveError:
            return None
