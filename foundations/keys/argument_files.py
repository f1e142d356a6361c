"""Files that a stage's arguments name: they count by content, as readers in C tell nobody what they open."""

from collections.abc import Iterable

from foundations.keys.claims import DIRECTORY, FILE, TooLarge, content_at, kind_at, tree_at
from foundations.keys.live_record import LiveRecord
from foundations.keys.places import absolute
from foundations.keys.watched_files import DIGESTS


def note_named(record: LiveRecord, paths: Iterable[str]) -> None:
    """Note the content of files and directories before the stage runs; a directory too large to read spoils it."""
    for given in paths:
        path = absolute(given)
        # "." and "/" are mostly a decimal point and a separator
        if path is None or not given.strip("./") or record.places.is_library(path) or record.places.is_above(path):
            continue
        kind = kind_at(path)
        if kind == FILE:
            record.note_now("named", path, content_at(path, DIGESTS))
        elif kind == DIRECTORY:
            _note_directory(record, path)


def _note_directory(record: LiveRecord, path: str) -> None:
    try:
        record.note_now("named", path, tree_at(path, DIGESTS))
    except TooLarge as error:
        name = record.places.name(path)
        record.spoil(
            f"directory {name}, which an argument names, can't be compared with what it was: {error}; "
            "name the files that are read, or wrap the argument in foundations.ignore()"
        )
    except OSError as error:
        record.spoil(f"directory {record.places.name(path)}, which an argument names, can't be read ({error})")
