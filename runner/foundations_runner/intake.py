"""Artifacts as they come from the worker: each piece is archived at once, and what they make is named at the end."""

from collections.abc import Iterator, Mapping
from typing import Any

from foundations_archive.archive import Archive
from foundations_archive.blobs import Blobs
from foundations_archive.manifest import EMPTY, BundleFile, Manifest, ManifestError, digest_of_chunks, path_fault
from foundations_archive.records import Artifact, JobSpec

Message = Mapping[str, Any]

_Pieces = list[tuple[str, int]]


class Intake:
    """The artifacts of one job that are on their way."""

    def __init__(self, archive: Archive, spec: JobSpec) -> None:
        self._archive = archive
        self._cached = frozenset(stage.id for stage in spec.stages if stage.cached)
        self._coming: dict[str, dict[int, _Pieces]] = {}

    def take(self, message: Message, pieces: Iterator[bytes]) -> None:
        """Archive a piece of a file."""
        files = self._coming.setdefault(message["artifact"], {})
        for piece in pieces:
            for blobs in self._homes(message["stage"]):
                digest = blobs.put(piece)
            files.setdefault(message["file"], []).append((digest, len(piece)))

    def finish(self, message: Message) -> Artifact:
        """Return the artifact whose pieces have all come; raise `ManifestError` for one that can't be kept."""
        files = self._coming.pop(message["artifact"], {})
        found, empty = [], []
        for place, (path, mode, link, is_empty) in enumerate(message["entries"]):
            if not is_empty:
                found.append(_file(path, mode, link, files.get(place, [])))
            elif fault := path_fault(path):
                raise ManifestError(path, fault)
            else:
                empty.append(path)
        manifest = Manifest(tuple(sorted(found, key=lambda file: file.path)), ())
        for blobs in self._homes(message["stage"]):
            digest = blobs.put(manifest.to_bytes())
            blobs.put(b"")  # what files without content are made of
        return Artifact(
            key=message["key"],
            manifest=digest,
            size=manifest.size,
            files=len(manifest.files),
            folder=message["folder"],
            time=message["time"],
            empty=tuple(empty),
        )

    def bring(self, artifact: Artifact) -> bool:
        """Make sure that an artifact of a cached stage is in the archive too; return False where it can't be had."""
        from_cache, blobs = self._archive.cache_blobs, self._archive.blobs
        if not from_cache.holds(artifact.manifest):
            return False
        data = from_cache.get(artifact.manifest)
        names = [name for file in Manifest.from_bytes(data).files if file.link is None for name in file.blobs]
        if not all(map(from_cache.holds, names)):
            return False
        if blobs is not from_cache:
            for name in (*names, artifact.manifest):
                blobs.put(from_cache.get(name))
        return True

    def _homes(self, stage: str) -> list[Blobs]:
        # what a cached stage saves is replayed with its result, into archives that may lie elsewhere
        return homes_of(self._archive, cached=stage in self._cached, persisted=True)


def homes_of(archive: Archive, *, cached: bool, persisted: bool) -> list[Blobs]:
    """Return where bytes go that the cache wants, or the job's own results, each place once."""
    # where the cache has a store of its own, clearing it must not break a job's results, nor the reverse
    wanted = [(cached, archive.cache_blobs), (persisted, archive.blobs)]
    return list({id(blobs): blobs for want, blobs in wanted if want}.values())


def _file(path: str, mode: int, link: str | None, pieces: _Pieces) -> BundleFile:
    digests, size = tuple(digest for digest, _ in pieces), sum(size for _, size in pieces)
    executable = 0o755 if mode & 0o100 else 0o644
    if link is not None or not digests:
        return BundleFile(path, EMPTY, 0, executable, link)
    if len(digests) == 1:
        return BundleFile(path, digests[0], size, executable)
    return BundleFile(path, digest_of_chunks(digests), size, executable, None, digests)
