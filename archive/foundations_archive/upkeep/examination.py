"""What all parts of a check share: reading many objects at once, damaged ones too, and noting what is found."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from foundations_archive.envelope import unseal
from foundations_archive.errors import (
    ArchiveDamaged,
    ArchiveError,
    ArchiveUnreachable,
    ArchiveUntrusted,
    NotArchived,
)
from foundations_archive.upkeep.findings import Finding, Mend, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from foundations_archive.archive import Archive
    from foundations_archive.store import Store

THREADS = 12

_MOST_UNREACHABLE = 20
# the records whose blobs hold pickles and code
_NAMING = frozenset({"spec", "events", "job", "cache"})

_Item = TypeVar("_Item")
_Found = TypeVar("_Found")


class Examination:
    """One look at an archive; `stores` are that of its jobs and, where it is another, that of its cache."""

    def __init__(self, archive: Archive, *, deep: bool) -> None:
        self.archive = archive
        self.deep = deep
        self.stores: Sequence[Store] = list(
            {id(store): store for store in (archive.store, archive.cache_store)}.values()
        )
        self.findings: list[Finding] = []
        self._lock = threading.Lock()
        self._unreachable = 0

    def found(self, severity: Severity, key: str, what: str, **more: Any) -> None:
        """Note a finding; `more` are its other fields."""
        with self._lock:
            self.findings.append(Finding(severity, key, what, **more))

    def read(
        self, kind: str, key: str, *, store: int = 0, severity: Severity = "damage", mend: Mend | None = None
    ) -> Any:
        """Return the body of a record, or None, with a finding unless it went away since it was listed."""
        try:
            return self.verified(lambda data: self.opened(kind, data, key), key, store=store)
        except NotArchived:
            return None
        except ArchiveError as error:
            self.unreadable(error, key, severity=severity, mend=mend, store=store)
            return None

    def opened(self, kind: str, data: bytes, key: str) -> Any:
        """Return the body of a record, with a finding where what it names would not be run for lack of a signature."""
        body = unseal(kind, data, key)
        if self.archive.signing is not None and kind in _NAMING:
            try:
                unseal(kind, data, key, signing=self.archive.signing)
            except ArchiveUntrusted as error:
                # jobs of before the key have no signature and never will
                self.found("note" if error.code == "unsigned" else "warning", key, f"it is not to be trusted: {error}")
        return body

    def verified(self, of: Callable[[bytes], _Found], key: str, *, store: int = 0) -> _Found:
        """Return what `of` makes of an object, read again where it is damaged: it may have been so on its way only."""
        try:
            return of(self.stores[store].get(key))
        except ArchiveDamaged:
            return of(self.stores[store].get(key))

    def made(self, of: Callable[[Any], _Found], body: Any, key: str, **more: Any) -> _Found | None:
        """Return what `of` makes of a record's body, or None, with a finding, where it can make nothing of it."""
        if body is None:
            return None
        try:
            return of(body)
        except (KeyError, TypeError, AttributeError, ValueError, IndexError, RecursionError) as error:
            self.found(more.pop("severity", "damage"), key, f"it lacks what this version needs: {error!r}", **more)
            return None

    def unreadable(self, error: ArchiveError, key: str, *, severity: Severity = "damage", **more: Any) -> None:
        """Note that an object can't be read; raise the error where so many can't that it must be the store."""
        if isinstance(error, ArchiveUnreachable):
            with self._lock:
                self._unreachable += 1
            if self._unreachable > _MOST_UNREACHABLE:
                raise error
        # the key stands beside it already, and whose fault it is shows in the error's kind
        what = "it is damaged" if isinstance(error, ArchiveDamaged) else "it can't be read"
        self.found(severity, key, f"{what}: {error}", **more)

    def is_there(self, key: str, *, store: int = 0) -> bool:
        """Tell whether there is an object now: a listing may be older than what it is compared with."""
        return self.stores[store].head(key) is not None

    def each(self, function: Callable[[_Item], _Found], items: Iterable[_Item]) -> list[_Found]:
        """Return what a function makes of each item, a bounded number of them at a time."""
        with ThreadPoolExecutor(THREADS) as pool:
            return list(pool.map(function, items))
