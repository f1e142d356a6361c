"""Reading many things of which some may be damaged: these are left out, with a warning that names each."""

import warnings
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from foundations_archive.errors import ArchiveDamaged, ArchiveError, NewerFormat, NotArchived

DAMAGE = (ArchiveDamaged, NotArchived, NewerFormat)

_THREADS = 8

_Item = TypeVar("_Item")
_Found = TypeVar("_Found")


def readable(read: Callable[[_Item], _Found | None], items: Iterable[_Item], *, what: str) -> list[_Found]:
    """Return what `read` gives for each item, several at a time, but for None and for what is damaged.

    One damaged job must not hide all others: of each there is a warning, `what` and the key. A store that does not
    answer raises.
    """

    def found(item: _Item) -> _Found | ArchiveError | None:
        try:
            return read(item)
        except DAMAGE as error:
            return error

    with ThreadPoolExecutor(_THREADS) as pool:
        results = list(pool.map(found, items))
    for result in results:
        if isinstance(result, ArchiveError):
            warn(f"{what}: {result}")
    return [result for result in results if result is not None and not isinstance(result, ArchiveError)]


def warn(text: str) -> None:
    """Warn of damage that a reader went around."""
    # where the reader was called from is of no use to whoever mends it
    warnings.warn(f"{text}; `foundations archive check --deep` tells what is damaged", stacklevel=2)
