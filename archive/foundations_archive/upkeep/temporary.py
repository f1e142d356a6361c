"""What writers that were killed have left in a directory: files that were never named."""

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from foundations_archive.store import TEMPORARY, Store

_NAME_LENGTH = 32


@dataclass(frozen=True)
class Leftover:
    """A temporary file."""

    path: Path
    size: int


def leftovers(store: Store, *, older_than: float) -> list[Leftover]:
    """Return the temporary files of a directory that nobody has written to for so many seconds; S3 has none."""
    place = Path(store.location)
    return list(_old_files(place / TEMPORARY, time.time() - older_than)) if place.is_absolute() else []


def sweep(store: Store, *, older_than: float) -> list[Leftover]:
    """Delete what `leftovers` gives, and return it."""
    found = leftovers(store, older_than=older_than)
    for one in found:
        with suppress(PermissionError):  # another user's
            one.path.unlink(missing_ok=True)
    return found


def _old_files(folder: Path, before: float) -> Iterator[Leftover]:
    for path in sorted(folder.glob("*")):
        try:
            found = path.stat()
        except FileNotFoundError:
            continue
        # the lock that stands in for hard links is not a leftover: somebody may hold it
        if len(path.name) == _NAME_LENGTH and found.st_mtime < before:
            yield Leftover(path, found.st_size)
