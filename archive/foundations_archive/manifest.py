"""The files that a job runs on, as data: a manifest that proves itself safe."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Self

from foundations_archive.blobs import CHUNK
from foundations_archive.envelope import canonical
from foundations_archive.errors import ArchiveDamaged, NewerFormat

FORMAT = 1
MAX_FILES = 100_000
EMPTY = hashlib.sha256().hexdigest()
_MODES = (0o644, 0o755)
_LONGEST_NAME = 255
_LONGEST_PATH = 2048
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_UNDECODED = re.compile(r"[\ud800-\udfff]")
_DRIVE = re.compile(r"[A-Za-z]:")
_DIGEST = re.compile(r"[0-9a-f]{64}")


class ManifestError(ValueError):
    """A tree holds `path`, which can't be written safely everywhere."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path!r} {reason}")
        self.path = path


@dataclass(frozen=True)
class BundleFile:
    """A file of the tree, or a symlink: `link` is its target, and size and digest are those of nothing.

    A file of more than `CHUNK` bytes is kept in `chunks` of that size, each named by its SHA-256; its digest is then
    that of the chunks' names, so that it is read only once to be hashed.
    """

    path: str
    digest: str
    size: int
    mode: int
    link: str | None = None
    chunks: tuple[str, ...] = ()

    @property
    def blobs(self) -> tuple[str, ...]:
        """The names of the blobs that hold the content, in order."""
        return self.chunks or (self.digest,)


@dataclass(frozen=True)
class Manifest:
    """A tree, sorted by path, and the import paths in it; one that isn't safe raises `ManifestError`."""

    files: tuple[BundleFile, ...]
    paths: tuple[str, ...]

    def __post_init__(self) -> None:
        for file in self.files:
            _check_file(file)
        _check_tree(self.files)
        for path in self.paths:
            if path != "." and (fault := path_fault(path)):
                raise ManifestError(path, fault)

    @cached_property
    def digest(self) -> str:
        """What identifies the tree: the same files give the same digest on every machine."""
        return hashlib.sha256(self.to_bytes()).hexdigest()

    @cached_property
    def size(self) -> int:
        """How many bytes all files have together."""
        return sum(file.size for file in self.files)

    def to_bytes(self) -> bytes:
        """Return the one JSON text of this tree."""
        return canonical({"format": FORMAT, "files": [vars(file) for file in self.files], "paths": self.paths})

    @classmethod
    def from_bytes(cls, data: bytes, *, key: str = "") -> Self:
        """Return the tree that `to_bytes` wrote as `data`, else raise `ArchiveDamaged` or `NewerFormat`."""
        name = f"the manifest {key or 'of the bundle'}"
        try:
            body = json.loads(data)
            tree = None if body["format"] > FORMAT else cls._of(body["files"], body["paths"])
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise ArchiveDamaged(f"{name} can't be used: {error}", key=key) from error
        if tree is None:
            raise NewerFormat(f"{name} was written by a newer version; upgrade foundations", key=key)
        if tree.to_bytes() != data:
            raise ArchiveDamaged(f"{name} is not what was written", key=key)
        return tree

    @classmethod
    def _of(cls, files: list[dict[str, Any]], paths: list[str]) -> Self:
        found = (BundleFile(**{**file, "chunks": tuple(file.get("chunks", ()))}) for file in files)
        return cls(tuple(found), tuple(paths))


def digest_of_chunks(chunks: Iterable[str]) -> str:
    """Return the digest of a file that is kept in several chunks."""
    return hashlib.sha256("".join(chunks).encode()).hexdigest()


def path_fault(path: str) -> str | None:
    """Return why `path` can't be part of a tree that unpacks on every machine, or None."""
    if _UNDECODED.search(path):
        return "is not valid UTF-8"
    if _UNPRINTABLE.search(path):
        return "has a control character in its name"
    if "\\" in path:
        return "has a backslash in its name"
    if path.startswith("/") or _DRIVE.match(path):
        return "is not relative to the project"
    names = path.split("/")
    if not {"", ".", ".."}.isdisjoint(names):
        return "has an empty, '.' or '..' part"
    if len(path.encode()) > _LONGEST_PATH or any(len(name.encode()) > _LONGEST_NAME for name in names):
        return f"is too long: {_LONGEST_NAME} bytes for a name, {_LONGEST_PATH} for all of them"
    return None


def link_fault(path: str, target: str) -> str | None:
    """Return why a symlink at `path` can't have the text `target`, or None."""
    names = target.split("/")
    # '..' may only lead, where it climbs real folders; later on it could climb out of another link's target
    climbs = next((n for n, name in enumerate(names) if name != ".."), len(names))
    if climbs > path.count("/"):
        return f"is a link that leads outside the project, to {target!r}"
    rest = names[climbs:]
    if rest and target != "." and (fault := path_fault("/".join(rest))):
        return f"is a link whose target {target!r} {fault}"
    return None


def folders_of(files: tuple[BundleFile, ...]) -> list[str]:
    """Return every folder that holds a file at any depth, outer ones first."""
    folders: set[str] = set()
    for file in files:
        folder = file.path.rpartition("/")[0]
        while folder and folder not in folders:
            folders.add(folder)
            folder = folder.rpartition("/")[0]
    return sorted(folders)


def _check_file(file: BundleFile) -> None:
    if not (isinstance(file.path, str) and isinstance(file.link, str | None)):
        raise TypeError("a path or a link is not text")
    if type(file.size) is not int or type(file.mode) is not int:
        raise TypeError(f"size or mode of {file.path!r} is not a whole number")
    if fault := path_fault(file.path):
        raise ManifestError(file.path, fault)
    if file.mode not in _MODES or file.size < 0 or not _DIGEST.fullmatch(file.digest):
        raise ManifestError(file.path, "has a mode, size or digest that no file has")
    _check_chunks(file)
    if file.link is not None:
        if fault := link_fault(file.path, file.link):
            raise ManifestError(file.path, fault)
        if (file.digest, file.size) != (EMPTY, 0):
            raise ManifestError(file.path, "is a link and has content")


def _check_chunks(file: BundleFile) -> None:
    if not all(isinstance(chunk, str) and _DIGEST.fullmatch(chunk) for chunk in file.chunks):
        raise ManifestError(file.path, "has a chunk whose name is no digest")
    wanted = -(-file.size // CHUNK) if file.size > CHUNK else 0
    if len(file.chunks) != wanted or (file.chunks and digest_of_chunks(file.chunks) != file.digest):
        raise ManifestError(file.path, "has chunks that don't make up its size and digest")


def _check_tree(files: tuple[BundleFile, ...]) -> None:
    if len(files) > MAX_FILES:
        raise ManifestError(files[MAX_FILES].path, f"is one file more than the {MAX_FILES:,} of a bundle")
    for file, following in pairwise(files):
        if file.path >= following.path:
            raise ManifestError(following.path, "is there twice, or not in its place: files are sorted by path")
    taken: dict[str, str] = {}
    for path in (*(file.path for file in files), *folders_of(files)):
        folded = _folded(path)
        if folded in taken:
            raise ManifestError(path, f"clashes with {taken[folded]!r} on a file system that ignores letter case")
        taken[folded] = path


def _folded(path: str) -> str:
    if path.isascii():
        return path.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())
