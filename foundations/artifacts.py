"""`save_artifact`: files and folders of a stage, on their way into the archive piece by piece."""

import os
import secrets
import stat
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foundations import current

# as the archive keeps them: a file crosses in pieces of this size, however large it is
_PIECE = 16 * 1024 * 1024
_MOST_KEY_CHARACTERS = 4096


@dataclass(frozen=True)
class _Entry:
    """A file, a symlink with its target, or an empty folder, below what is saved."""

    path: str
    source: str
    link: str | None = None
    mode: int = 0
    empty: bool = False


def save_artifact(path: str | os.PathLike[str], key: str | None = None) -> None:
    """Keep a file, or a folder with all that is in it, with the job and the stage that runs here.

    It is kept under `key`, by default the path's own name; saved again by the stage it replaces what was there. What
    counts is the content now: the file may change or go as soon as this returns. `Deployment.get_artifacts` and
    `download_artifact` give it back. Outside a stage nothing is kept, and a warning says so.

    Raise `FileNotFoundError` where there is nothing at `path`, and `ValueError` for a key that is not a text with
    something in it and for what can't be kept: links that lead out of the folder, and what is no file.

    >>> def train(data):
    ...     model.save("model.pt")
    ...     foundations.save_artifact("model.pt")
    """
    source = Path(path)
    name = _checked_key(source, key)
    if not source.exists():
        raise FileNotFoundError(
            f"there is nothing at {str(path)!r} to save as an artifact; the working directory is {Path.cwd()}"
        )
    entries = list(_entries(source))
    stage = current.stage()
    if stage is None:
        warnings.warn(
            f"the artifact {name!r} was saved outside a stage and is not kept; call save_artifact in a function that "
            "runs as a stage",
            stacklevel=2,
        )
    elif current.line is not None:
        _send(current.line, stage, name, entries, folder=source.is_dir())


def _checked_key(source: Path, key: Any) -> str:
    if key is None:
        key = source.name if source.name not in ("", "..") else source.resolve().name
    if not isinstance(key, str) or not key.strip():
        raise ValueError(f"the key of an artifact must be a text that is not blank, got {key!r}")
    if len(key) > _MOST_KEY_CHARACTERS:
        raise ValueError(f"the key of an artifact may have {_MOST_KEY_CHARACTERS} characters, got {len(key)}")
    return str.__str__(key)


def _entries(source: Path) -> Iterator[_Entry]:
    if source.is_dir():
        yield from _below(str(source))
    else:
        yield _file("content", os.path.realpath(source))


def _below(top: str) -> Iterator[_Entry]:
    """Yield what a folder holds at any depth; a link is kept as one and not followed."""
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        with os.scandir(os.path.join(top, folder)) as found:  # noqa: PTH118 - Path is too slow for 100,000 files
            items = sorted(found, key=lambda item: item.name)
        if folder and not items:
            yield _Entry(folder.rstrip("/"), "", empty=True)
        for item in items:
            path = folder + item.name
            if item.is_symlink():
                yield _Entry(path, item.path, link=_link(top, path, item.path))
            elif item.is_dir():
                waiting.append(f"{path}/")
            else:
                yield _file(path, item.path)


def _file(path: str, source: str) -> _Entry:
    mode = os.stat(source).st_mode  # noqa: PTH116
    if not stat.S_ISREG(mode):
        raise ValueError(f"{source!r} is neither a file nor a folder and can't be kept as an artifact")
    return _Entry(path, source, mode=stat.S_IMODE(mode))


def _link(top: str, path: str, source: str) -> str:
    target = os.readlink(source)  # noqa: PTH115
    inside = os.path.normpath(os.path.join(os.path.dirname(path), target))  # noqa: PTH118, PTH120
    if os.path.isabs(target) or inside == ".." or inside.startswith("../"):  # noqa: PTH117
        raise ValueError(
            f"{source!r} is a link that leads out of the folder {top!r}, to {target!r}, and can't be kept; save what "
            "it leads to, or make it a relative link inside"
        )
    return target


def _send(line: current.Line, stage: str, key: str, entries: list[_Entry], *, folder: bool) -> None:
    number = secrets.token_hex(8)  # not counted: stages, and processes that they fork, save side by side
    for place, entry in enumerate(entries):
        if entry.source and entry.link is None:
            for piece in _pieces(entry.source):
                line.send({"say": "piece", "artifact": number, "stage": stage, "file": place}, [piece])
    answer = line.ask(
        {
            "say": "artifact",
            "artifact": number,
            "stage": stage,
            "key": key,
            "folder": folder,
            "entries": [[entry.path, entry.mode, entry.link, entry.empty] for entry in entries],
            "time": time.time(),
        }
    )
    if answer["fault"]:
        raise ValueError(f"the artifact {key!r} can't be kept: {answer['fault']}")


def _pieces(source: str) -> Iterator[bytes]:
    with open(source, "rb") as file:  # noqa: PTH123
        before = os.fstat(file.fileno())
        left = before.st_size  # what is appended meanwhile is of a later time
        while left > 0 and (piece := file.read(min(_PIECE, left))):
            left -= len(piece)
            yield piece
        after = os.fstat(file.fileno())
    if left or (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size):
        warnings.warn(
            f"the file {source!r} was written to while it was saved; what is kept may be half of the old and half of "
            "the new",
            stacklevel=4,
        )
