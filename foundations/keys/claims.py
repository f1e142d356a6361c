"""What was seen at a path, as a text that can be compared with what is there another time."""

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator

from foundations.keys.file_digests import FileDigests

NAMES = "names "
TREE = "tree "
SIZED = "file of "
FILE, DIRECTORY, OTHER = "file", "directory", "other"

_UNREADABLE = "unreadable"
_UNCOUNTED = frozenset({"__pycache__"})
_MOST_FILES = 10_000
_MOST_BYTES = 16 << 30

_plain_stat, _plain_listdir = os.stat, os.listdir


class TooLarge(ValueError):
    """A folder holds more than is looked at for each look-up."""


def content_at(path: str, digests: FileDigests) -> str | None:
    """Return the digest of a file's content, what else is there, or None where nothing is."""
    kind = kind_at(path)
    if kind != FILE:
        return kind
    try:
        return digests.of(path)
    except FileNotFoundError:
        return None
    except OSError:
        return _UNREADABLE


def kind_at(path: str, *, sized: bool = False) -> str | None:
    """Return what is there: a file (of so many bytes), a directory, something else, or None."""
    try:
        return kind_of(_plain_stat(path), sized=sized)
    except (OSError, ValueError):
        return None


def kind_of(found: os.stat_result, *, sized: bool = False) -> str:
    """Return what a stat result is about."""
    if stat.S_ISREG(found.st_mode):
        return f"{SIZED}{found.st_size} bytes" if sized else FILE
    return DIRECTORY if stat.S_ISDIR(found.st_mode) else OTHER


def names_at(path: str, without: Iterable[str] = ()) -> str | None:
    """Return the digest of the names in a directory, what else is there, or None where nothing is."""
    try:
        names = _plain_listdir(path)
    except (FileNotFoundError, ValueError):
        return None
    except OSError:
        return kind_at(path)
    whole = hashlib.sha256()
    for name in sorted(os.fsencode(name) for name in names if name not in _UNCOUNTED):
        if os.fsdecode(name) not in without:
            whole.update(name + b"\0")
    return NAMES + whole.hexdigest()


def tree_at(path: str, digests: FileDigests) -> str | None:
    """Return the digest of all that is below a directory; raise `TooLarge` where that is too much."""
    if (kind := kind_at(path)) != DIRECTORY:
        return kind
    whole, size = hashlib.sha256(), 0
    for count, (name, file) in enumerate(_below(path)):
        found = _plain_stat(file) if os.path.lexists(file) else None
        size += found.st_size if found is not None and stat.S_ISREG(found.st_mode) else 0
        if count >= _MOST_FILES or size > _MOST_BYTES:
            raise TooLarge(f"more than {_MOST_FILES:,} files or {_MOST_BYTES >> 30} GiB are in it")
        whole.update(os.fsencode(f"{name}\0{content_at(file, digests)}\0"))
    return TREE + whole.hexdigest()


def claim_again(claim: str | None, path: str, digests: FileDigests) -> str | None:
    """Return what can be said of `path` now, in the way in which `claim` says it."""
    if claim is None or claim in (FILE, DIRECTORY, OTHER):
        return kind_at(path)
    if claim.startswith(SIZED):
        return kind_at(path, sized=True)
    if claim.startswith(NAMES):
        return names_at(path)
    if claim.startswith(TREE):
        try:
            return tree_at(path, digests)
        except (OSError, TooLarge):
            return _UNREADABLE
    return content_at(path, digests)


def _below(path: str) -> Iterator[tuple[str, str]]:
    """Yield the files below a directory in order, and directories that hold nothing."""
    for folder, folders, files in os.walk(path, followlinks=True):  # what leads round in circles is too large
        folders[:] = sorted(name for name in folders if name not in _UNCOUNTED)
        if not folders and not files:
            yield os.path.relpath(folder, path) + "/", folder
        for name in sorted(files):
            file = f"{folder}/{name}"
            yield os.path.relpath(file, path), file
