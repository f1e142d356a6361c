"""What a bundle leaves out: our own list, and what .gitignore and .foundationsignore name."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec.pattern import RegexPattern

_VERSION_CONTROL = {".git", ".hg", ".svn"}
_ENVIRONMENTS = {".venv", "venv", ".tox", ".nox", ".eggs", "node_modules"}
_CACHES = {"__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".ipynb_checkpoints", ".DS_Store"}
_NEVER_PACKED = _VERSION_CONTROL | _ENVIRONMENTS | _CACHES
_NEVER_PACKED_ENDINGS = ("*.pyc", "*.egg-info")


@dataclass(frozen=True)
class Line:
    """One pattern of an ignore file; `only_folders` where it ended in a slash."""

    pattern: "RegexPattern"
    only_folders: bool

    def names(self, path: str, *, is_folder: bool) -> bool:
        """Tell whether the pattern is about `path` itself, not merely about a folder that holds it."""
        if self.only_folders and not is_folder:
            return False
        match = self.pattern.match_file(path)
        # pathspec sets this group where the pattern matched one of the folders on the way
        return match is not None and match.match.groupdict().get("ps_d") is None


@dataclass(frozen=True)
class IgnoreFile:
    """The lines of an ignore file, the last one first, and the folder whose tree they are about."""

    folder: str
    lines: tuple[Line, ...]

    def verdict(self, path: str, *, is_folder: bool) -> bool | None:
        """Return True if `path` is to be left out, False if it is to be kept, None if no line names it."""
        inside = path[len(self.folder) + 1 :] if self.folder else path
        for line in self.lines:
            if line.names(inside, is_folder=is_folder):
                return line.pattern.include
        return None


def never_packed(name: str) -> bool:
    """Tell whether a file or folder of this name is left out whatever the ignore files say."""
    return name in _NEVER_PACKED or any(fnmatchcase(name, ending) for ending in _NEVER_PACKED_ENDINGS)


def is_ignored(path: str, ignore_files: Iterable[IgnoreFile], *, is_folder: bool) -> bool:
    """Tell whether the first of `ignore_files` that names `path` leaves it out.

    To be asked from the top down: git never looks into a folder that is left out.
    """
    for ignore_file in ignore_files:
        verdict = ignore_file.verdict(path, is_folder=is_folder)
        if verdict is not None:
            return verdict
    return False


def read_ignore_file(file: Path, folder: str) -> IgnoreFile:
    """Return the patterns in `file`, which are relative to `folder`; raise `OSError` if it can't be read."""
    text = file.read_bytes().decode("utf-8-sig", errors="surrogateescape")
    lines = [line for text_line in text.split("\n") for line in _lines(text_line.removesuffix("\r"))]
    return IgnoreFile(folder, tuple(reversed(lines)))


def _lines(text: str) -> Iterator[Line]:
    from pathspec import GitIgnoreSpec

    text = text if text.endswith("\\ ") else text.rstrip(" ")
    # the slash is taken off so that a folder's path is matched like a file's
    only_folders = text.endswith("/") and text not in {"/", "!/"}
    try:
        patterns = GitIgnoreSpec.from_lines([text.removesuffix("/") if only_folders else text]).patterns
    except ValueError:
        return  # a pattern that can't be right names nothing, as in git
    for pattern in patterns:
        if pattern.include is not None:
            yield Line(pattern, only_folders)
