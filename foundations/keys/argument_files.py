"""Files that a stage's arguments name: they count by content, as readers in C tell nobody what they open."""

from collections.abc import Iterable, Iterator, Sequence

from foundations.keys.claims import DIRECTORY, FILE, TooLarge, content_at, kind_at, tree_at
from foundations.keys.live_record import LiveRecord
from foundations.keys.named_files import MOST_FILES
from foundations.keys.places import Places, absolute
from foundations.keys.watched_files import DIGESTS


def note_named(record: LiveRecord, paths: Sequence[str]) -> None:
    """Note the content of files and directories before the stage runs; too many, or one too large, spoil it."""
    if len(paths) > MOST_FILES:
        record.spoil(
            f"its arguments name more than {MOST_FILES:,} files, which can't all be compared with what they were; name "
            "the directory that holds them, or wrap the argument in foundations.ignore()"
        )
        return
    for path in noted_paths(record.places, paths):
        kind = kind_at(path)
        if kind == FILE:
            record.note_now("named", path, content_at(path, DIGESTS))
        elif kind == DIRECTORY:
            _note_directory(record, path)


def noted_paths(places: Places, paths: Iterable[str]) -> Iterator[str]:
    """Yield the absolute paths of those that count."""
    for given in paths:
        path = absolute(given)
        # "." and "/" are mostly a decimal point and a separator
        if path is not None and given.strip("./") and not places.is_library(path) and not places.is_above(path):
            yield path


def _note_directory(record: LiveRecord, path: str) -> None:
    try:
        record.note_now("named", path, tree_at(path, DIGESTS))
    except TooLarge as error:
        name = record.places.name(path)
        record.spoil(
            f"directory {name}, which an argument or a command names, can't be compared with what it was: {error}; "
            "name the files that are read, or wrap the argument in foundations.ignore()"
        )
    except OSError as error:
        record.spoil(
            f"directory {record.places.name(path)}, which an argument or a command names, can't be read ({error})"
        )
