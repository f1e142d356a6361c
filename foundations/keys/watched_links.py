"""Where links lead: `os.readlink`, `os.lstat` and what asks these, of which no audit event tells, as thin wrappers."""

import os
import stat
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from foundations.keys.attribution import active, mine, observe
from foundations.keys.claims import NO_LINK, kind_of, link_at
from foundations.keys.live_record import LiveRecord
from foundations.keys.places import absolute, is_of_the_system
from foundations.keys.watched_files import is_code_at_work, is_no_file

if TYPE_CHECKING:
    from types import FrameType

PLAIN: dict[str, Any] = {"readlink": os.readlink, "lstat": os.lstat}

_RESOLVE = frozenset({"realpath", "_joinrealpath", "resolve"})
_ASK_FOR_LINKS = frozenset({"islink", "is_symlink"})
_BETWEEN = frozenset({"foundations", "posixpath", "genericpath", "pathlib"})
_STDLIB = os.path.dirname(os.__file__)
_MOST_LINKS = 40


def readlink(path: Any, *, dir_fd: int | None = None) -> Any:
    """`os.readlink`, which tells where the link leads."""
    try:
        return PLAIN["readlink"](path, dir_fd=dir_fd)
    finally:
        if active and not mine.busy:
            observe(note_link, path, dir_fd)


def lstat(path: Any, *, dir_fd: int | None = None) -> os.stat_result:
    """`os.lstat`, which tells what it found."""
    if not active or mine.busy:
        return PLAIN["lstat"](path, dir_fd=dir_fd)  # type: ignore[no-any-return]
    asking = _asking()
    try:
        found: os.stat_result = PLAIN["lstat"](path, dir_fd=dir_fd)
    except (FileNotFoundError, NotADirectoryError):
        if asking not in _RESOLVE:
            observe(_missed, path, dir_fd, direct=is_asked_directly())
        raise
    looked_at(path, dir_fd, found, asking)
    return found


def looked_at(path: Any, dir_fd: int | None, found: os.stat_result, asking: str) -> None:
    """Take the status of what may be a link, which some function has asked for."""
    if stat.S_ISLNK(found.st_mode):
        observe(note_link, path, dir_fd)
    elif asking in _ASK_FOR_LINKS:
        if is_asked_directly():
            observe(note_link, path, dir_fd)
    elif asking not in _RESOLVE:  # which goes through all folders above, too
        observe(_found, path, dir_fd, found, direct=is_asked_directly())


def note_link(record: LiveRecord, path: object, dir_fd: int | None = None) -> None:
    """Note where a link leads, or that there is none."""
    text = _counted(record, path, dir_fd)
    if text is not None and text not in record.notes["links"]:
        record.note_now("links", text, link_at(text))


def note_links(record: LiveRecord, path: object) -> None:
    """Note where a path leads over all links."""
    text = absolute(path)
    for _ in range(_MOST_LINKS):
        if text is None:
            break
        note_link(record, text)
        if link_at(text) == NO_LINK:
            break
        text = absolute(PLAIN["readlink"](text), os.path.dirname(text))


def _asking() -> str:
    frame = sys._getframe(2)
    if frame.f_code.co_name == "lstat" and frame.f_globals.get("__name__", "").startswith("pathlib"):
        frame = frame.f_back or frame
    return frame.f_code.co_name


def is_asked_directly() -> bool:
    """Tell whether it is no function of a library that asks, as those do that copy or walk through all there is."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] in _BETWEEN:
        frame = frame.f_back
    return frame is None or not frame.f_code.co_filename.startswith(_STDLIB)


def _found(record: LiveRecord, path: object, dir_fd: int | None, found: os.stat_result, *, direct: bool) -> None:
    text = _counted(record, path, dir_fd)
    if text is not None and text not in record.notes["sizes"]:
        record.note_now("sizes", text, kind_of(found, sized=True))
        if direct:
            note_link(record, text)


def _missed(record: LiveRecord, path: object, dir_fd: int | None, *, direct: bool) -> None:
    text = _counted(record, path, dir_fd)
    if text is not None:
        for purpose in ("kinds", "sizes"):
            if text not in record.notes[purpose]:
                record.note_now(purpose, text, None)
        if direct:
            note_link(record, text)


def _counted(record: LiveRecord, path: object, dir_fd: int | None) -> str | None:
    text = absolute(path, absolute(dir_fd) if dir_fd is not None else None)
    if text is None or record.places.is_library(text) or is_no_file(text) or is_of_the_system(text):
        return None
    return None if record.places.is_above(text) or is_code_at_work(text) else text


WRAPPERS: dict[str, Callable[..., Any]] = {"readlink": readlink, "lstat": lstat}
