"""Artifacts as they come from the worker: each piece is archived at once, and what they make is named at the end."""

from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from typing import Any

from foundations_archive.archive import Archive
from foundations_archive.blobs import ROOM, Blobs
from foundations_archive.manifest import EMPTY, BundleFile, Manifest, ManifestError, digest_of_chunks, path_fault
from foundations_archive.parallel import at_once
from foundations_archive.records import Artifact, JobSpec
from foundations_runner.uploads import Uploads

Message = Mapping[str, Any]

_Pieces = list[tuple[Future[str], int]]


# a copy of each is held meanwhile
_COPIES = 3


class Intake:
    """The artifacts of one job that are on their way."""

    def __init__(self, archive: Archive, spec: JobSpec, uploads: Uploads) -> None:
        self._archive, self._uploads = archive, uploads
        self._cached = frozenset(stage.id for stage in spec.stages if stage.cached)
        self._coming: dict[str, dict[int, _Pieces]] = {}

    def take(self, message: Message, pieces: Iterator[bytearray]) -> None:
        """Begin to archive pieces of a file, each with `ROOM` free bytes before it."""
        files = self._coming.setdefault(message["artifact"], {})
        homes = self._homes(message["stage"])
        for piece in pieces:
            files.setdefault(message["file"], []).append((self._uploads.put(homes, piece), len(piece) - ROOM))

    def finish(self, message: Message) -> Artifact:
        """Return the artifact whose pieces have all come when they are archived.

        Raise `ManifestError` for one that can't be kept.
        """
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
        homes = self._homes(message["stage"])
        # the second one is what files without content are made of
        written = [self._uploads.put(homes, bytearray(ROOM) + data) for data in (manifest.to_bytes(), b"")]
        digest, _ = [future.result() for future in written]
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
        if not all(at_once(from_cache.holds, names)):
            return False
        if blobs is not from_cache:
            at_once(lambda name: blobs.put(from_cache.get(name)), (*names, artifact.manifest), threads=_COPIES)
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
    digests, size = tuple(digest.result() for digest, _ in pieces), sum(size for _, size in pieces)
    executable = 0o755 if mode & 0o100 else 0o644
    if link is not None or not digests:
        return BundleFile(path, EMPTY, 0, executable, link)
    if len(digests) == 1:
        return BundleFile(path, digests[0], size, executable)
    return BundleFile(path, digest_of_chunks(digests), size, executable, None, digests)
