"""The model directory as a manifest: what travels with a job, hashed and found fit to travel."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from foundations.errors import BundleError
from foundations.leaks import refuse_leaks
from foundations.walk import Found, find_files, opened, version
from foundations_archive.blobs import CHUNK, Blobs
from foundations_archive.manifest import EMPTY, BundleFile, Manifest, ManifestError, digest_of_chunks
from foundations_archive.parallel import at_once

LIMIT_BYTES = 500_000_000
_MOST_BYTES = 8 * CHUNK


def pack(
    root: Path,
    *,
    paths: tuple[str, ...],
    limit_bytes: int = LIMIT_BYTES,
    excluded: tuple[Path, ...] = (),
    allow: frozenset[str] = frozenset(),
) -> Manifest:
    """Return the manifest of the files below `root`, with `paths` as its import paths; nothing is copied.

    Left out are version control, virtual environments and caches, `excluded`, files that this process's output goes
    to, and what `.gitignore` files and `.foundationsignore` name; the latter has the first word and may take files
    back with `!`. Raise `BundleError` naming what can't travel: too much, links that lead outside, files that change,
    and what looks like credentials, but for the globs in `allow`.
    """
    outputs = _outputs()
    found = [file for file in find_files(root, excluded) if file.version[:2] not in outputs]
    _check_size(found, limit_bytes)
    refuse_leaks(root, (file.path for file in found if file.link is None), allow=allow)
    files = tuple(_hashed(root, file) for file in found)
    try:
        return Manifest(files, paths)
    except ManifestError as error:
        raise BundleError(f"{error}; rename it, or name it in .foundationsignore", paths=(error.path,)) from error


def summary(manifest: Manifest) -> str:
    """Return one line for the user: `12 files, 34.5 kB, largest data/x.csv 30 kB`."""
    count = len(manifest.files)
    text = f"{count} file{'' if count == 1 else 's'}, {readable(manifest.size)}"
    if not count:
        return text
    largest = max(manifest.files, key=lambda file: file.size)
    return f"{text}, largest {largest.path} {readable(largest.size)}"


def readable(size: int) -> str:
    """Return a number of bytes as people say it: `34.5 kB`."""
    if size < 1000:
        return f"{size} B"
    number = float(size)
    for unit in ("kB", "MB", "GB"):
        number /= 1000
        if number < 999.95:
            return f"{number:.1f}".removesuffix(".0") + f" {unit}"
    return f"{number / 1000:.1f}".removesuffix(".0") + " TB"


def upload(blobs: Blobs, root: Path, manifest: Manifest) -> str:
    """Write a manifest, and the contents of its files that `blobs` lacks, and return its digest.

    Raise `BundleError` for a file that has changed.
    """

    def put(file: BundleFile) -> None:
        with opened(root, file.path) as content:
            found = [blobs.put(chunk) for chunk in iter(lambda: content.read(CHUNK), b"")] or [blobs.put(b"")]
        if tuple(found) != file.blobs:
            raise _changed(file.path)

    with ThreadPoolExecutor(1) as pool:
        digest = pool.submit(blobs.put, manifest.to_bytes())
        contents = (file for file in manifest.files if file.link is None)
        # of each file a chunk is held, and the same once more as it is sent
        at_once(put, contents, size=lambda file: 2 * min(file.size, CHUNK), most_bytes=_MOST_BYTES)
        return digest.result()


def _outputs() -> set[tuple[int, ...]]:
    """Return the devices and inodes of standard output and error: a driver's log may lie beside it, and grows."""
    found = set()
    for descriptor in (1, 2):
        with suppress(OSError):  # closed
            found.add(version(os.fstat(descriptor))[:2])
    return found


def _changed(path: str) -> BundleError:
    return BundleError(
        f"{path!r} changed while it was packed; run again, or name it in .foundationsignore", paths=(path,)
    )


def _check_size(found: list[Found], limit: int) -> None:
    total = sum(file.size for file in found)
    if total <= limit:
        return
    largest = sorted(found, key=lambda file: -file.size)[:5]
    raise BundleError(
        f"the bundle would be {readable(total)}, over the limit of {readable(limit)}; the largest are "
        f"{', '.join(f'{file.path} ({readable(file.size)})' for file in largest)}; "
        "name what the job doesn't need in .foundationsignore",
        paths=tuple(file.path for file in largest),
    )


def _hashed(root: Path, file: Found) -> BundleFile:
    if file.link is not None:
        return BundleFile(file.path, EMPTY, 0, 0o644, file.link)
    with opened(root, file.path) as content:
        before = version(os.fstat(content.fileno()))
        chunks = [hashlib.sha256(chunk).hexdigest() for chunk in iter(lambda: content.read(CHUNK), b"")]
        after = version(os.fstat(content.fileno()))
    if not before == after == file.version:
        raise _changed(file.path)
    mode = 0o755 if file.executable else 0o644
    if len(chunks) > 1:
        return BundleFile(file.path, digest_of_chunks(chunks), file.size, mode, chunks=tuple(chunks))
    return BundleFile(file.path, chunks[0] if chunks else EMPTY, file.size, mode)
