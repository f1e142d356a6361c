"""Small trees, as manifests have them."""

import hashlib
from collections.abc import Callable

from foundations_archive.blobs import CHUNK
from foundations_archive.manifest import EMPTY, BundleFile, Manifest, digest_of_chunks


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def file(path: str, content: bytes = b"", *, mode: int = 0o644) -> BundleFile:
    return BundleFile(path, sha256(content), len(content), mode)


def link(path: str, target: str) -> BundleFile:
    return BundleFile(path, EMPTY, 0, 0o644, target)


def tree(*files: BundleFile) -> Manifest:
    return Manifest(tuple(sorted(files, key=lambda file: file.path)), (".",))


def fetch_from(*contents: bytes) -> Callable[[str], bytes]:
    return {sha256(content): content for content in (b"", *contents)}.__getitem__


def chunked(path: str, content: bytes) -> tuple[BundleFile, dict[str, bytes]]:
    pieces = {sha256(piece): piece for piece in (content[n : n + CHUNK] for n in range(0, len(content), CHUNK))}
    return BundleFile(path, digest_of_chunks(pieces), len(content), 0o644, chunks=tuple(pieces)), pieces
