"""What a stage leaves behind beside its result, for others to find: files, and environment variables that it has set.

A result from the cache brings none of it back, so it is remembered what there was.
"""

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping

from foundations.keys.argument_files import noted_paths
from foundations.keys.claims import FILE, NAMES, SIZED, TooLarge, claim_again, content_at, kind_at, parted, tree_at
from foundations.keys.live_record import LiveRecord
from foundations.keys.places import Places, absolute, is_of_the_system
from foundations.keys.watched_environment import digest_of
from foundations.keys.watched_files import DIGESTS

Claims = dict[str, str | None]

# of a larger file its size tells whether it is still there
_MOST_BYTES = 256 * 1024 * 1024
_UNKNOWN = "not looked at"


def files_left(record: LiveRecord) -> Claims:
    """Return the files that a stage has written and that are there now, but for what libraries keep for themselves."""
    paths = [*record.notes["wrote"], *record.notes["moved"]]
    return {record.places.name(path): _claim(path) for path in _lasting(paths, record.places) if kind_at(path) == FILE}


def files_named(paths: Iterable[str], places: Places) -> Claims:
    """Return the files and directories that a result names; others will look for them there."""
    return {places.name(path): _claim(path) for path in noted_paths(places, paths) if not is_of_the_system(path)}


def only_here(paths: Iterable[str], places: Places) -> str | None:
    """Return the first path that leads, written out in full, into a folder that only this job has, or None."""
    temporary = os.path.join(os.path.realpath(tempfile.gettempdir()), "")
    if not places.root.startswith(temporary):
        return None
    return next((path for path in paths if os.path.isabs(path) and places.name(path) != path), None)


def is_there(name: str, claim: str | None, *, root: str) -> bool:
    """Tell whether what a stage has left under a name is there as it was."""
    path = absolute(name, root)
    return path is not None and claim_again(claim, path, DIGESTS) == claim


def gives(left: str | None, claim: str | None) -> bool:
    """Tell whether what a stage has left is what another one saw at the same path."""
    aspect, claim = parted(claim)
    if left is None or claim is None:
        return False
    if aspect is not None and not claim:  # of which nothing else is said
        return True
    return left == claim or (claim == FILE and not left.startswith((SIZED, NAMES)))


def variables_now() -> Mapping[bytes, bytes]:
    """Return all environment variables, unseen."""
    held: Mapping[bytes, bytes] = os.environ._data  # type: ignore[attr-defined]
    return dict(held)


def variables_set(before: Mapping[bytes, bytes], after: Mapping[bytes, bytes]) -> Claims:
    """Return the variables that were set, changed or taken away, each with the digest by which its value counts."""
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    return {
        os.fsdecode(name): digest_of(os.fsdecode(after[name])) if name in after else None for name in sorted(changed)
    }


def _claim(path: str) -> str | None:
    try:
        if os.path.isdir(path):
            return tree_at(path, DIGESTS)
        if os.path.getsize(path) > _MOST_BYTES:
            return kind_at(path, sized=True)
        return content_at(path, DIGESTS)
    except (OSError, TooLarge):
        return _UNKNOWN


def _lasting(paths: Iterable[str], places: Places) -> Iterator[str]:
    home = os.path.join(os.path.realpath(os.path.expanduser("~")), "")  # where libraries keep what they may need again
    for path in paths:
        inside = places.name(path) != path
        if "/__pycache__/" in path or places.is_library(path) or is_of_the_system(path):
            continue
        if inside or not os.path.realpath(path).startswith(home):
            yield path
