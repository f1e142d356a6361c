"""Whether a file is there: `os.stat` and its like, of which no audit event tells, as thin wrappers."""

import os
import pathlib
import posixpath
import sys
from collections.abc import Callable
from typing import Any

from foundations.keys import watched_links
from foundations.keys.attribution import active, is_familiar, mine, observe
from foundations.keys.claims import kind_of, runs_at
from foundations.keys.live_record import LiveRecord
from foundations.keys.places import absolute, is_of_the_system
from foundations.keys.watched_files import is_code_at_work, is_no_file

_plain: dict[str, Any] = {"stat": os.stat, "access": os.access, "open": os.open, **watched_links.PLAIN}

# these look at no more than what is there; whoever asks `os.stat` itself may look at the size as well
_PROBES = frozenset(
    function.__code__
    for function in (posixpath.exists, posixpath.isfile, posixpath.isdir, posixpath.ismount)
    if hasattr(function, "__code__")
)
_PROBES_OF_PATHS = frozenset({"exists", "is_file", "is_dir", "is_mount", "is_fifo", "is_socket", "is_block_device"})
_PURPOSES = ("kinds", "sizes")


def watch_existence() -> None:
    """Wrap the functions, also where their like is looked up in a table."""
    for name, function in _WRAPPERS.items():
        _replace(name, _plain[name], function)


def unwatch_existence() -> None:
    """Take it back."""
    for name, function in _WRAPPERS.items():
        _replace(name, function, _plain[name])


def unwrapped(function: Any) -> Any:
    """Return the function of Python's that a wrapper stands for, and any other as it is."""
    name = next((name for name, wrapper in _WRAPPERS.items() if wrapper is function), None)
    return function if name is None else _plain[name]


def _replace(name: str, old: Any, new: Any) -> None:
    if getattr(os, name) is old:
        setattr(os, name, new)
    accessor = getattr(pathlib, "_NormalAccessor", None)  # of Python 3.10
    if accessor is not None and name in ("stat", "readlink"):
        setattr(accessor, name, staticmethod(new))


def stat(path: Any, *, dir_fd: int | None = None, follow_symlinks: bool = True) -> os.stat_result:
    """`os.stat`, which tells what it found."""
    if not active or mine.busy or is_familiar("sizes", path):
        return _plain["stat"](path, dir_fd=dir_fd, follow_symlinks=follow_symlinks)  # type: ignore[no-any-return]
    try:
        found: os.stat_result = _plain["stat"](path, dir_fd=dir_fd, follow_symlinks=follow_symlinks)
    except (FileNotFoundError, NotADirectoryError):
        for purpose in _PURPOSES if _purpose() else ():
            observe(_found, path, dir_fd, None, purpose)
        raise
    if type(path) is not int and not follow_symlinks:
        watched_links.looked_at(path, dir_fd, found, _asking())
    elif type(path) is not int and (purpose := _purpose()) and not is_familiar(purpose, path):
        observe(_found, path, dir_fd, found, purpose)
        if _asking() == "samefile" and watched_links.is_asked_directly():
            observe(watched_links.note_links, path)
    return found


def access(
    path: Any, mode: int, *, dir_fd: int | None = None, effective_ids: bool = False, follow_symlinks: bool = True
) -> bool:
    """`os.access`, which tells what is there."""
    more = {"dir_fd": dir_fd, "effective_ids": effective_ids, "follow_symlinks": follow_symlinks}
    allowed: bool = _plain["access"](path, mode, **more)
    if active and not mine.busy and type(path) is not int:
        observe(_accessed, path, dir_fd, runs=bool(mode & os.X_OK))
    return allowed


def open(path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:  # noqa: A001
    """`os.open`, which tells the directory that the path is relative to."""
    if dir_fd is None or not active or mine.busy:
        return _plain["open"](path, flags, mode, dir_fd=dir_fd)  # type: ignore[no-any-return]
    before, mine.folder = mine.folder, absolute(dir_fd)
    try:
        return _plain["open"](path, flags, mode, dir_fd=dir_fd)  # type: ignore[no-any-return]
    finally:
        mine.folder = before


_WRAPPERS: dict[str, Callable[..., Any]] = {"stat": stat, "access": access, "open": open, **watched_links.WRAPPERS}

for _name, _function in _WRAPPERS.items():
    _original = _plain[_name]
    _function.__module__, _function.__doc__ = "os", _original.__doc__
    _function.__text_signature__ = _original.__text_signature__  # type: ignore[attr-defined]
    for _supports in (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks, os.supports_effective_ids):
        if _original in _supports:
            _supports.add(_function)


def _found(record: LiveRecord, path: object, dir_fd: int | None, found: os.stat_result | None, purpose: str) -> None:
    text = absolute(path, absolute(dir_fd) if dir_fd is not None else None)
    if text is None or text in record.notes[purpose] or record.places.is_library(text) or is_no_file(text):
        return
    if not is_of_the_system(text) and not record.places.is_above(text) and not is_code_at_work(text):
        if dir_fd is None and type(path) is str:
            record.familiar[purpose].add(path)
        record.note_now(purpose, text, None if found is None else kind_of(found, sized=purpose == "sizes"))
        if purpose == "sizes" and found is not None and "st_mode" in record.words:
            _note_runs(record, text)


def _accessed(record: LiveRecord, path: object, dir_fd: int | None, *, runs: bool) -> None:
    try:
        found = _plain["stat"](path, dir_fd=dir_fd)
    except (OSError, ValueError):
        found = None
    _found(record, path, dir_fd, found, "kinds")
    text = absolute(path, absolute(dir_fd) if dir_fd is not None else None)
    if runs and text is not None and found is not None and text in record.notes["kinds"]:
        _note_runs(record, text)


def _note_runs(record: LiveRecord, path: str) -> None:
    if path not in record.notes["runs"]:
        record.note_now("runs", path, runs_at(path))


def _asking() -> str:
    """Return the name of the function that asks for a status, for a path of `pathlib` the one that asks that."""
    frame = sys._getframe(2)
    if frame.f_code.co_name in ("stat", "lstat") and frame.f_globals.get("__name__", "").startswith("pathlib"):
        frame = frame.f_back or frame
        if frame.f_code.co_name == "lstat":
            frame = frame.f_back or frame
    return frame.f_code.co_name


def _purpose() -> str:
    """Tell whether who asks for a status wants no more than what is there, may look at its size, or wants nothing."""
    frame = sys._getframe(2)
    if frame.f_code in _PROBES:
        return "kinds"
    if frame.f_code.co_name != "stat" or not frame.f_globals.get("__name__", "").startswith("pathlib"):
        return "sizes"
    asking = frame.f_back.f_code.co_name if frame.f_back is not None else ""
    if asking == "resolve":  # which looks for links that lead round in circles
        return ""
    return "kinds" if asking in _PROBES_OF_PATHS else "sizes"
