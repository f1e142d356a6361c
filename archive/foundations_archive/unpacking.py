"""The tree that a manifest unpacks to: what is written is what was packed, and nothing is written through a link."""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from operator import itemgetter
from pathlib import Path

from foundations_archive.blobs import CHUNK
from foundations_archive.errors import ArchiveDamaged
from foundations_archive.manifest import BundleFile, Manifest, folders_of
from foundations_archive.parallel import ahead

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

Fetch = Callable[[str], bytes | Iterable[bytes]]


def unpack(manifest: Manifest, fetch: Fetch, target: Path) -> None:
    """Write the tree into `target`, which must be new or empty; after a failure nothing of it is left there.

    `fetch` returns the content of a blob, whole or in pieces; it is called in several threads at once. Raise
    `ArchiveDamaged` where it is not what the digest says, `FileExistsError` if `target` has something in it. Every user
    can read what is written; make `target` beforehand, with a mode of your choice, to keep others out.
    """
    made = not target.exists()
    target.mkdir(parents=True, exist_ok=True)
    top = os.open(target, _FOLDER)
    try:
        if any(target.iterdir()):
            raise FileExistsError(f"{target} is not empty; name a new or an empty folder")
        if made:
            os.fchmod(top, 0o755)
        try:
            _write_tree(manifest, fetch, top)
        except BaseException:
            _remove_tree(manifest, target, whole=made)
            raise
    finally:
        os.close(top)


def _write_tree(manifest: Manifest, fetch: Fetch, top: int) -> None:
    # links last: nothing is ever written while there is a link to write through
    files = sorted(manifest.files, key=lambda file: file.link is not None)
    blobs = ((blob, min(file.size, CHUNK)) for file in files if file.link is None for blob in file.blobs)
    with closing(ahead(lambda blob: fetch(blob[0]), blobs, size=itemgetter(1))) as contents:
        for file in files:
            name = file.path.rpartition("/")[2]
            with _opened_folder(top, file.path) as folder:
                if file.link is None:
                    _write_file(file, contents, os.open(name, _NEW_FILE, 0o600, dir_fd=folder))
                else:
                    os.symlink(file.link, name, dir_fd=folder)


@contextmanager
def _opened_folder(top: int, path: str) -> Iterator[int]:
    """Open the folder of `path`, made where it is missing, name by name so that no link is followed."""
    folder = os.dup(top)
    try:
        for name in path.split("/")[:-1]:
            outer, folder = folder, _entered(folder, name)
            os.close(outer)
        yield folder
    finally:
        os.close(folder)


def _entered(folder: int, name: str) -> int:
    try:
        os.mkdir(name, 0o700, dir_fd=folder)
    except FileExistsError:
        return os.open(name, _FOLDER, dir_fd=folder)
    made = os.open(name, _FOLDER, dir_fd=folder)
    os.fchmod(made, 0o755)
    return made


def _write_file(file: BundleFile, contents: Iterator[bytes | Iterable[bytes]], descriptor: int) -> None:
    left = file.size
    with os.fdopen(descriptor, "wb") as opened:
        for blob in file.blobs:
            digest = hashlib.sha256()
            content = next(contents)
            for piece in (content,) if isinstance(content, bytes) else content:
                digest.update(piece)
                left -= len(piece)
                if left < 0:
                    break
                opened.write(piece)
            if digest.hexdigest() != blob:
                raise _not_what_was_packed(file)
        os.fchmod(descriptor, file.mode)
    if left:
        raise _not_what_was_packed(file)


def _not_what_was_packed(file: BundleFile) -> ArchiveDamaged:
    return ArchiveDamaged(f"the archive's content of {file.path!r} is not what was packed", key=file.digest)


def _remove_tree(manifest: Manifest, target: Path, *, whole: bool) -> None:
    # not shutil.rmtree, which recurses and gives up on a tree of a thousand levels
    for file in manifest.files:
        (target / file.path).unlink(missing_ok=True)
    for folder in reversed(folders_of(manifest.files)):
        with suppress(FileNotFoundError):
            (target / folder).rmdir()
    if whole:
        target.rmdir()
