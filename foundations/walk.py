"""The files below a project's root that a bundle is made of, found without reading them."""

import os
import posixpath
import stat
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from foundations.errors import BundleError
from foundations.ignore_files import IgnoreFile, is_ignored, never_packed, read_ignore_file
from foundations_archive.layout import DESCRIPTOR
from foundations_archive.manifest import MAX_FILES, link_fault, path_fault

_KINDS = {
    stat.S_IFIFO: "a fifo",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
_SHOWN = 10
# one of these is there as soon as anything is
_IN_ARCHIVE = frozenset({"blobs", "cache", "jobs"})


@dataclass(frozen=True)
class Found:
    """A file as it was when it was found; `link` is the target of a symlink."""

    path: str
    size: int
    version: tuple[int, ...]
    executable: bool
    link: str | None = None


def find_files(root: Path, excluded: Iterable[Path] = ()) -> list[Found]:
    """Return the files and symlinks below `root`, sorted by path, without what is ignored or `excluded`.

    Raise `BundleError` naming all that can't travel: links that lead outside, fifos, sockets, devices, names
    that not every file system can hold, what can't be read; or when there are more files than may travel.
    """
    walk = _Walk(root, frozenset(_inside(root, excluded)))
    walk.run()
    if walk.refused:
        raise _refusal(walk.refused)
    return sorted(walk.found, key=lambda file: file.path)


@contextmanager
def opened(root: Path, path: str) -> Iterator[BufferedReader]:
    """Open a file that was found; raise `BundleError` where it can't be read any more."""
    try:
        # never a link or a fifo, should one have taken the file's place
        descriptor = os.open(root / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            yield file
    except OSError as error:
        raise BundleError(f"{path!r} can't be read: {error.strerror}", paths=(path,)) from error


def version(status: os.stat_result) -> tuple[int, ...]:
    """Return what differs after a file was written to or replaced."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def own_ignore_file(root: Path) -> IgnoreFile:
    """Return what `.foundationsignore` says, which has the first word."""
    own = root / ".foundationsignore"
    return read_ignore_file(own, "") if own.exists() else IgnoreFile("", ())


def ignore_files_in(root: Path, folder: str, above: tuple[IgnoreFile, ...]) -> tuple[IgnoreFile, ...]:
    """Return what counts in `folder`: the first of those `above`, the folder's `.gitignore`, then the others."""
    nearest = root / folder / ".gitignore"
    if nearest.is_symlink() or not nearest.is_file():
        return above
    return (above[0], read_ignore_file(nearest, folder), *above[1:])


class _Walk:
    """One walk over a tree: what it has found, what it must refuse, and the folders still to be entered."""

    def __init__(self, root: Path, left_out: frozenset[str]) -> None:
        self.found: list[Found] = []
        self.refused: dict[str, str] = {}
        self._root = root
        self._left_out = left_out
        self._pending: list[tuple[str, tuple[IgnoreFile, ...]]] = []

    def run(self) -> None:
        with self._refusing(".foundationsignore"):
            self._pending.append(("", (own_ignore_file(self._root),)))
        while self._pending:
            folder, ignore_files = self._pending.pop()
            with self._refusing(folder or "."):
                self._enter(folder, ignore_files)
            _check_count(self.found)

    def _enter(self, folder: str, ignore_files: tuple[IgnoreFile, ...]) -> None:
        with os.scandir(self._root / folder) as scanned:
            entries = {entry.name: entry for entry in scanned}
        if folder and ("pyvenv.cfg" in entries or _is_archive(entries.keys())):
            return
        if ".gitignore" in entries:
            ignore_files = ignore_files_in(self._root, folder, ignore_files)
        for name, entry in entries.items():
            path = posixpath.join(folder, name)
            is_folder = entry.is_dir(follow_symlinks=False)
            if path in self._left_out or never_packed(name) or is_ignored(path, ignore_files, is_folder=is_folder):
                continue
            if fault := path_fault(path):
                self.refused[path] = fault
            elif is_folder:
                self._pending.append((path, ignore_files))
            else:
                self._add(path)

    def _add(self, path: str) -> None:
        with self._refusing(path):
            status = (self._root / path).lstat()
            link = _link(self._root / path) if stat.S_ISLNK(status.st_mode) else None
            if link is not None and (fault := link_fault(path, link)):
                self.refused[path] = fault
            elif link is not None:
                self.found.append(Found(path, 0, version(status), executable=False, link=link))
            elif stat.S_ISREG(status.st_mode):
                executable = bool(status.st_mode & stat.S_IXUSR)
                self.found.append(Found(path, status.st_size, version(status), executable))
            else:
                self.refused[path] = f"is {_KINDS.get(stat.S_IFMT(status.st_mode), 'not a regular file')}"

    @contextmanager
    def _refusing(self, path: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.refused[path] = f"can't be read: {error.strerror}"


def _is_archive(names: Collection[str]) -> bool:
    """Tell whether a folder of these names is one of our archives or caches, whichever environment's."""
    return DESCRIPTOR in names and not _IN_ARCHIVE.isdisjoint(names)


def _link(path: Path) -> str:
    """Return the target of a symlink as a manifest has it: no '.', no empty part, '..' only in the lead."""
    target = str(path.readlink())
    plain = posixpath.normpath(target)
    # a/../b is b unless a is a link itself; then the text stays, and is refused
    same = os.path.realpath(path.parent / target) == os.path.realpath(path.parent / plain)
    return plain if same else target


def _inside(root: Path, excluded: Iterable[Path]) -> Iterator[str]:
    """Yield the paths of `excluded` that lie in `root`, as they are written and as they resolve."""
    for path in excluded:
        for place, top in ((path.absolute(), root.absolute()), (path.resolve(), root.resolve())):
            if place == top:
                raise BundleError(f"{path} is the project's root itself; give the archive a folder of its own")
            if place.is_relative_to(top):
                yield place.relative_to(top).as_posix()


def _check_count(found: list[Found]) -> None:
    if len(found) <= MAX_FILES:
        return
    fullest = Counter(posixpath.dirname(file.path) or "." for file in found).most_common(5)
    raise BundleError(
        f"the bundle would have more than {MAX_FILES:,} files; most are in "
        f"{', '.join(f'{folder} ({count:,})' for folder, count in fullest)}; "
        "name what the job doesn't need in .foundationsignore",
        paths=tuple(folder for folder, _ in fullest),
    )


def _refusal(refused: dict[str, str]) -> BundleError:
    paths = tuple(sorted(refused))
    lines = [f"  {path!r} {refused[path]}" for path in paths[:_SHOWN]]
    if len(paths) > _SHOWN:
        lines.append(f"  and {len(paths) - _SHOWN} more")
    return BundleError(
        "these can't travel with a job; rename or remove them, or name them in .foundationsignore:\n"
        + "\n".join(lines),
        paths=paths,
    )
