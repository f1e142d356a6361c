"""Explanations of cached stages on their way into the archive: each document once, however many stages name it."""

from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any

from foundations_archive.archive import Archive
from foundations_archive.errors import ArchiveError, is_of_one_object
from foundations_archive.records import CacheEntry
from foundations_runner.intake import homes_of
from foundations_runner.uploads import Spare, Uploads

Coming = Sequence[str | Future[Any]]


class Explanations:
    """The explanations of one job: those that the worker sends, and those of the entries that serve its stages."""

    def __init__(self, archive: Archive, uploads: Uploads, *, read_only: bool = False) -> None:
        self._archive, self._uploads = archive, uploads
        self._documents: dict[str, Future[Any]] = {}
        # job and cache entry both name them, unless there will be no entry
        self._homes = homes_of(archive, cached=not read_only, persisted=True)

    def take(self, names: Iterable[str], documents: Iterable[bytearray]) -> None:
        """Begin to archive documents, each with `ROOM` free bytes before it."""
        for name, data in zip(names, documents, strict=True):
            self._documents[name] = self._uploads.put(self._homes, data, spare=Spare(self._homes))

    def sent(self, names: Iterable[str]) -> Coming:
        """Return the documents of these names, which the worker has sent; nothing where one of them never came."""
        found = [self._documents.get(name) for name in names]
        return [] if None in found else [one for one in found if one is not None]

    def of_entry(self, entry: CacheEntry) -> Coming:
        """Return the documents of a cache entry, which are brought over where the cache lies elsewhere."""
        if not self._archive.has_cache_elsewhere:
            return entry.explanation
        for name in entry.explanation:
            if name not in self._documents:
                self._documents[name] = self._uploads.begin(partial(self._bring, name))
        return [self._documents[name] for name in entry.explanation]

    def _bring(self, name: str) -> str | None:
        try:
            return self._archive.blobs.put(self._archive.cache_blobs.get(name))
        except ArchiveError as error:
            if not is_of_one_object(error):
                raise
            return None  # the stage is served all the same


def under_way(coming: Coming) -> list[Future[Any]]:
    """Return what has to be waited for."""
    return [one for one in coming if isinstance(one, Future)]


def arrived(coming: Coming) -> tuple[str, ...]:
    """Return the names of documents that have been waited for: all of them, or none where one is missing."""
    names = tuple(one.result() if isinstance(one, Future) else one for one in coming)
    return names if all(names) else ()
