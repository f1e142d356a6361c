"""What a job did not find although it is there where the driver runs: what stayed behind, and how to bring it along."""

import os
from collections.abc import Iterator
from pathlib import Path

from foundations.ignore_files import IgnoreFile, is_ignored
from foundations.walk import ignore_files_in, own_ignore_file


def left_behind(error: BaseException | None, root: Path, *, directory: str) -> str | None:
    """Return what to say of a file that `error` misses and that did not travel with the job; None of any other error.

    A relative path is meant from `directory`, the driver's folder in the model directory `root`.
    """
    missing = error.filename if isinstance(error, FileNotFoundError) else None
    if not isinstance(missing, str) or not missing.strip():
        return None
    try:
        return _explained(missing, root, directory)
    except (OSError, ValueError):  # no path that this machine could have
        return None


def _explained(missing: str, root: Path, directory: str) -> str | None:
    for path in _inside(missing, root, directory):
        if line := _ignored_at(root, path):
            return (
                f"foundations: {path} is in the model directory and stays behind, as .gitignore or .foundationsignore "
                f"names {line}; a line !{line} in .foundationsignore brings it along"
            )
    place = Path(os.path.normpath(Path(root, directory, missing)))
    if place.exists() and not place.is_relative_to(root) and not root.is_relative_to(place):
        return (
            f"foundations: {missing} is on this machine, outside of the model directory {root}, and a job gets a copy "
            "of what is in that; move it there, or let the stage fetch it"
        )
    return None


def _inside(missing: str, root: Path, directory: str) -> Iterator[str]:
    """Yield the paths in the model directory that `missing` may mean; an absolute one may be that of a job's copy."""
    path = Path(missing)
    starts = range(1, len(path.parts)) if path.is_absolute() else (0,)
    for start in starts:
        place = Path(os.path.normpath(root / ("." if start else directory) / Path(*path.parts[start:])))
        if place != root and place.is_relative_to(root) and place.exists():
            yield place.relative_to(root).as_posix()


def _ignored_at(root: Path, path: str) -> str | None:
    """Return the topmost of `path` and the folders that hold it that an ignore file names, as such a file spells it."""
    folder = ""
    ignore_files: tuple[IgnoreFile, ...] = (own_ignore_file(root),)
    for part in path.split("/"):
        ignore_files = ignore_files_in(root, folder, ignore_files)
        folder = f"{folder}/{part}" if folder else part
        is_folder = Path(root, folder).is_dir()
        if is_ignored(folder, ignore_files, is_folder=is_folder):
            return f"{folder}/" if is_folder else folder
    return None
