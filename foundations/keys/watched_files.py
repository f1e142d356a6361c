"""What audit events tell of files: those that are read, listed, made and moved while a cached stage runs."""

import os
import stat
import sys
from collections.abc import Callable
from types import FrameType

from foundations.keys.attribution import active, mine
from foundations.keys.claims import DIRECTORY, FILE, kind_at, kind_of, names_at
from foundations.keys.file_digests import FileDigests, is_young, signature, signature_of
from foundations.keys.live_record import LiveRecord, is_fork
from foundations.keys.places import absolute, is_of_the_system

DIGESTS = FileDigests()

_CODE = (".py", ".pyc", ".so", ".pyd", ".zip")
_MADE_OF_CODE = "/__pycache__/"
_MOST_FRAMES = 25
_HERE = os.path.dirname(os.path.abspath(__file__))
_STDLIB = os.path.dirname(os.__file__)
_IMPORTS = ("<frozen importlib", "<frozen zipimport", f"{_STDLIB}/importlib/metadata/")
_LINES, _TOKENS, _INSPECT = f"{_STDLIB}/linecache.py", f"{_STDLIB}/tokenize.py", f"{_STDLIB}/inspect.py"

_NOTHING_BEHIND = ("/dev/null", "/dev/zero", "/dev/full", "/dev/stdout", "/dev/stderr", "/dev/fd/", "/proc/self/fd/")
_CHANCE = ("/dev/urandom", "/dev/random")
_STATE_OF_THE_MACHINE = ("/proc/", "/sys/")

_plain_stat = os.stat


def opened(record: LiveRecord, path: object, mode: object, flags: int) -> None:
    """Take the event `open`: a file is read, or made, or both."""
    del mode  # the flags say the same
    if type(path) is str and path in record.familiar["reads"] and not flags & (os.O_TRUNC | os.O_CREAT):
        return
    if type(path) is int or (text := absolute(path, mine.folder)) is None:
        return
    reads = flags & os.O_ACCMODE != os.O_WRONLY and not flags & (os.O_TRUNC | os.O_EXCL)
    if not flags & (os.O_TRUNC | os.O_CREAT):
        if reads:
            read(record, text)
            if type(path) is str and mine.folder is None:
                record.familiar["reads"].add(path)
        return
    there = kind_at(text)
    if reads:  # that nothing was there is what it depends on
        read(record, text)
    if there is None or (there == FILE and flags & os.O_TRUNC):  # a nameless file is made by its directory
        record.note_now("wrote", text)


def read(record: LiveRecord, path: str) -> None:
    """Note that a file, by its absolute path, is about to be read."""
    if path in record.notes["reads"] or record.places.is_library(path):
        return
    if is_code_at_work(path) or _MADE_OF_CODE in path:
        return
    if path.startswith(_STATE_OF_THE_MACHINE):
        if not path.startswith(_NOTHING_BEHIND) and _is_asked_by_user(record):
            record.note("devices", path)
        return
    try:
        found = _plain_stat(path)
    except (OSError, ValueError):
        if not is_no_file(path):
            record.note_now("reads", path, None, None)
        return
    if stat.S_ISREG(found.st_mode):
        record.note_now("reads", path, list(signature(found)), _young_digest(record, path, found))
    elif stat.S_ISDIR(found.st_mode):
        record.note_now("kinds", path, DIRECTORY)
    else:
        _read_special(record, path)


def connected_sqlite(record: LiveRecord, database: object) -> None:
    """Take the event `sqlite3.connect`: the database and its log are read."""
    if isinstance(database, str | bytes):
        text = os.fsdecode(database)
        if text.startswith("file:"):
            text = text[5:].partition("?")[0]
        if text in ("", ":memory:"):
            return
        path = absolute(text)
        if path is not None:
            read(record, path)
            read(record, f"{path}-wal")
            if signature_of(path) is None:
                record.note_now("wrote", path)


def loaded_library(record: LiveRecord, name: object) -> None:
    """Take the event `ctypes.dlopen`: a library that is given by its path is read."""
    if isinstance(name, str | bytes) and "/" in os.fsdecode(name) and (path := absolute(name)) is not None:
        read(record, path)


def scanned(record: LiveRecord, path: object = None) -> None:
    """Take the event `os.scandir`: the entries say what each of the names is, and how large, where code asks that."""
    listed(record, path, detail="sizes" if "st_size" in record.words else "kinds")


def listed(record: LiveRecord, path: object = None, *, detail: str = "") -> None:
    """Take the event `os.listdir`: the names in a directory are an input."""
    text = absolute(path)
    if text is None or text in record.notes["names"] or record.places.is_library(text):
        return
    if is_of_the_system(text):
        if _is_asked_by_user(record):
            record.note("devices", text)
        return
    if _is_import_system(_caller()):
        return
    own = {one for kind in ("wrote", "made", "moved") for one in list(record.notes[kind])}
    without = {name for folder, _, name in map(_parted, own) if folder == text}
    record.note_now("names", text, names_at(text, without, detail=detail))


def made_directory(record: LiveRecord, path: object, mode: object = None, folder: object = -1) -> None:
    """Take the event `os.mkdir`: all that is in a directory that the stage has made is of its own making."""
    del mode
    text = _within(path, folder)
    if text is not None and signature_of(text) is None:
        record.note_now("made", text)


def moved(record: LiveRecord, source: object, target: object, of: object = -1, to: object = -1) -> None:
    """Take the events that give a file another name: what is read by that is what was there by the old one."""
    before, after = _within(source, of), _within(target, to)
    if before is None or after is None or before == after:
        return
    record.notes["moved"].pop(after, None)  # the last name counts: the file that was there is gone
    record.note_now("moved", after, before)


def went(record: LiveRecord, *_: object) -> None:
    """Take the event `os.chdir`: a relative path says something else now."""
    del record
    for one in active.copy().values():
        for paths in one.familiar.values():
            paths.clear()


def linked(record: LiveRecord, source: object, target: object, folder: object = -1) -> None:
    """Take the event `os.symlink`, whose source is relative to the link."""
    after = _within(target, folder)
    before = absolute(source, os.path.dirname(after)) if after is not None else None
    if before is not None and after is not None and before != after:
        record.note_now("moved", after, before)


def is_code_at_work(path: str) -> bool:
    """Tell whether a file of code is opened to be run, or to show a line of it, and not by the user's own code."""
    if not path.endswith(_CODE):
        return False
    frame, shows = _caller(), False
    if _is_import_system(frame):
        return True
    for _ in range(_MOST_FRAMES):
        if frame is None:
            break
        file = frame.f_code.co_filename
        if file == _INSPECT:
            return False
        shows = shows or file == _LINES
        if not file.startswith((_STDLIB, "<frozen ")):
            break
        frame = frame.f_back
    return shows


HANDLERS: dict[str, Callable[..., None]] = {
    "open": opened,
    "sqlite3.connect": connected_sqlite,
    "ctypes.dlopen": loaded_library,
    "os.listdir": listed,
    "os.scandir": scanned,
    "os.mkdir": made_directory,
    "os.rename": moved,
    "os.link": moved,
    "os.symlink": linked,
    "os.chdir": went,
}


def is_no_file(path: str) -> bool:
    """Tell whether this is a name as `<string>`, which Python looks for to show a line of what has no file."""
    return path.endswith(">") and path.rpartition("/")[2].startswith("<")


def _parted(path: str) -> tuple[str, str, str]:
    return path.rpartition("/")


def _within(path: object, folder: object) -> str | None:
    """Return the absolute path of what is given relative to an open directory (-1: to none)."""
    return absolute(path, absolute(folder) if type(folder) is int and folder >= 0 else None)


def _young_digest(record: LiveRecord, path: str, found: os.stat_result) -> str | None:
    """Return the digest of a file that might change without a sign before the stage ends."""
    if path in record.notes["wrote"]:
        return None
    if not is_young(found):
        if not is_fork():  # whose digests nobody asks for
            DIGESTS.begin(path, found)
        return None
    try:
        return DIGESTS.of(path)
    except OSError:  # which opening it will say too
        return None


def _read_special(record: LiveRecord, path: str) -> None:
    if path in _CHANCE:
        record.note("random", path)
    elif not path.startswith(_NOTHING_BEHIND):
        found = kind_of(_plain_stat(path))
        record.note("devices", path)
        record.spoil(f"{path} is no regular file ({found}): what comes from it can't be looked at again")


def _is_asked_by_user(record: LiveRecord) -> bool:
    """Tell whether it is the user's own code that asks, and not a library that looks how many processors there are."""
    frame = _caller()
    while frame is not None and frame.f_code.co_filename.startswith((_STDLIB, "<frozen ")):
        if "-packages" in frame.f_code.co_filename:
            return False
        frame = frame.f_back
    return frame is not None and record.places.owns(frame.f_code.co_filename)


def _is_import_system(frame: FrameType | None) -> bool:
    return frame is not None and frame.f_code.co_filename.startswith(_IMPORTS)


def _caller() -> FrameType | None:
    """Return the frame of the code that is being watched."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_HERE):
        frame = frame.f_back
    return frame
