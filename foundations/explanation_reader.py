"""Explanations as an archive holds them: each blob read once, many at a time, and what is damaged told."""

import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress

from foundations.explanation import KINDS, Document, Explanation
from foundations_archive.archive import Archive
from foundations_archive.errors import ArchiveDamaged, ArchiveError, NotArchived, is_of_one_object
from foundations_archive.parallel import at_once


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

    def read_ahead(self, explanations: Iterable[Sequence[str]]) -> None:
        """Read the blobs of these explanations, many at a time, before somebody asks for them one by one."""
        kinds = {name: kind for names in explanations for name, kind in zip(names, KINDS, strict=False)}
        at_once(self._look, [pair for pair in kinds.items() if pair[0] not in self._known])

    def _look(self, document: tuple[str, str]) -> None:
        with suppress(Unexplained):  # who asks for it is told
            self._document(*document)

    def _document(self, name: str, kind: str) -> Document:
        with self._lock:
            found = self._known.get(name)
        if found is None:
            try:
                found = Document.of(self._data(name), kind)
            except ArchiveError as error:
                if not is_of_one_object(error):
                    raise
                found = Unexplained(f"the blob {name} {_fault(error)}, which explains the {kind}")
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


def _fault(error: ArchiveError) -> str:
    if isinstance(error, NotArchived):
        return "is not there"
    return "is damaged" if isinstance(error, ArchiveDamaged) else f"can't be read ({error})"
