"""What was seen at a path, as a text that can be compared with what is there another time."""

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator

from foundations.keys.file_digests import FileDigests

NAMES = "names "
NAMES_WITH = {"kinds": f"{NAMES}and kinds ", "sizes": f"{NAMES}and sizes "}
TREE = "tree "
SIZED = "file of "
FILE, DIRECTORY, OTHER = "file", "directory", "other"
LINK, NO_LINK = "link to ", "no link"
RUNS, RUNS_NOT = "may be run", "may not be run"
# of what else is said of a path beside this: that it is not there, or nothing
_ABSENT, _UNSAID = "nothing", ""

_UNREADABLE = "unreadable"
_UNCOUNTED = frozenset({"__pycache__"})
_MOST_FILES = 10_000
_MOST_BYTES = 16 << 30

_plain_stat, _plain_listdir, _plain_scandir = os.stat, os.listdir, os.scandir
_plain_readlink, _plain_access = os.readlink, os.access


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


def link_at(path: str) -> str:
    """Return where a link leads, or that there is none."""
    try:
        return f"{LINK}{os.fsdecode(_plain_readlink(path))}"
    except (OSError, ValueError):
        return NO_LINK


def runs_at(path: str) -> str:
    """Return whether what is at a path may be run, by whoever asks."""
    try:
        return RUNS if _plain_access(path, os.X_OK) else RUNS_NOT
    except (OSError, ValueError):
        return RUNS_NOT


def also(aspect: str, claim: str | None, *, said: bool) -> str:
    """Return a claim that says something more of a path; of which nothing was said before, unless `said`."""
    return f"{aspect}\n{(_ABSENT if claim is None else claim) if said else _UNSAID}"


def parted(claim: str | None) -> tuple[str | None, str | None]:
    """Return what such a claim says more, and the one within; None and the claim itself where it is a simple one."""
    aspect, more, within = (claim or "").partition("\n")
    return (aspect, None if within == _ABSENT else within) if more else (None, claim)


def names_at(path: str, without: Iterable[str] = (), *, detail: str = "") -> str | None:
    """Return the digest of the names in a directory, what else is there, or None where nothing is.

    With `detail` "kinds" or "sizes" it is told too which are directories, and how large the files are.
    """
    try:
        if detail:
            return NAMES_WITH[detail] + _entries_at(path, without, sized=detail == "sizes")
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
    aspect, within = parted(claim)
    if aspect is not None:
        now = link_at(path) if aspect == NO_LINK or aspect.startswith(LINK) else runs_at(path)
        said = within != _UNSAID
        return also(now, claim_again(within, path, digests) if said else None, said=said)
    if claim is None or claim in (FILE, DIRECTORY, OTHER):
        return kind_at(path)
    if claim.startswith(SIZED):
        return kind_at(path, sized=True)
    if claim.startswith(NAMES):
        detail = next((detail for detail, words in NAMES_WITH.items() if claim.startswith(words)), "")
        return names_at(path, detail=detail)
    if claim.startswith(TREE):
        try:
            return tree_at(path, digests)
        except (OSError, TooLarge):
            return _UNREADABLE
    return content_at(path, digests)


def _entries_at(path: str, without: Iterable[str], *, sized: bool) -> str:
    whole = hashlib.sha256()
    with _plain_scandir(path) as entries:
        found = {os.fsencode(one.name): one for one in entries if one.name not in _UNCOUNTED}
    for name in sorted(found):
        if os.fsdecode(name) not in without:
            one = found[name]
            size = b" %d" % one.stat().st_size if sized and one.is_file() else b""
            whole.update(name + (b"/" if one.is_dir() else b"") + size + b"\0")
    return whole.hexdigest()


def _below(path: str) -> Iterator[tuple[str, str]]:
    """Yield the files below a directory in order, and directories that hold nothing."""
    for folder, folders, files in os.walk(path, followlinks=True):  # what leads round in circles is too large
        folders[:] = sorted(name for name in folders if name not in _UNCOUNTED)
        if not folders and not files:
            yield os.path.relpath(folder, path) + "/", folder
        for name in sorted(files):
            file = f"{folder}/{name}"
            yield os.path.relpath(file, path), file
