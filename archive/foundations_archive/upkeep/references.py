"""Which blobs a record names: exactly, to see whether they are there, and widely, so that none of them is collected."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from foundations_archive.manifest import Manifest
from foundations_archive.records import Artifact, CacheEntry, JobRecord, JobSpec, Value

_DIGEST = re.compile(r"[0-9a-f]{64}")
_ARTIFACT = frozenset({"key", "manifest", "size", "files", "folder", "time"})


@dataclass(frozen=True)
class Reference:
    """Blobs, and how many bytes they hold together where whoever names them says it; a manifest names more.

    What `explains` a result is not needed to use it.
    """

    digests: tuple[str, ...]
    size: int | None = None
    is_manifest: bool = False
    explains: bool = False


def of_spec(spec: JobSpec) -> Iterator[Reference]:
    """Yield what a job needs to run: its bundle and its graph."""
    if spec.bundle:
        yield Reference((spec.bundle,), is_manifest=True)
    yield from _of_value(spec.graph)


def of_record(record: JobRecord) -> Iterator[Reference]:
    """Yield what the record that seals a job names: values and artifacts."""
    for stage in record.stages:
        yield from _of_value(stage.value)
        yield from map(_of_artifact, stage.artifacts)
        yield from _of_explanation(stage.explanation)
    yield from of_events(record.tail)


def of_events(events: Iterable[Mapping[str, Any]]) -> Iterator[Reference]:
    """Yield what events name."""
    for event in events:
        if event["event"] == "artifact":
            yield _of_artifact(Artifact.of(event))
        elif event["event"] == "stage ended":
            yield from _of_value(Value.of(event.get("value")))
            yield from _of_explanation(event.get("explanation", ()))


def of_entry(entry: CacheEntry) -> Iterator[Reference]:
    """Yield what a cache entry names."""
    yield from _of_value(entry.value)
    yield from map(_of_artifact, entry.artifacts)
    yield from _of_explanation(entry.explanation)


def of_manifest(data: bytes, *, key: str = "") -> Iterator[Reference]:
    """Yield the contents of the files of a manifest; raise `ArchiveDamaged` for what is none."""
    for file in Manifest.from_bytes(data, key=key).files:
        if file.link is None:
            yield Reference(file.blobs, file.size)


def names_in(body: Any) -> tuple[set[str], set[str]]:
    """Return all that may be a blob's name in the body of a record, and which of it are those of manifests.

    Fields that this version does not know count too: a later one may name blobs there.
    """
    names: set[str] = set()
    manifests: set[str] = {body["bundle"]} if isinstance(body, dict) and isinstance(body.get("bundle"), str) else set()
    left = [body]
    while left:
        item = left.pop()
        if isinstance(item, str):
            if _DIGEST.fullmatch(item):
                names.add(item)
        elif isinstance(item, list):
            left += item
        elif isinstance(item, dict):
            # a user's tags and parameters are in dicts too, and may be called as they like
            if item.keys() >= _ARTIFACT and isinstance(item["manifest"], str):
                manifests.add(item["manifest"])
            left += [*item.keys(), *item.values()]
    return names, {name for name in manifests if _DIGEST.fullmatch(name)}


def _of_value(value: Value | None) -> Iterator[Reference]:
    for buffer in value.buffers if value else ():
        if buffer.chunks:
            yield Reference(buffer.chunks, buffer.size)


def _of_explanation(names: Iterable[str]) -> Iterator[Reference]:
    for name in names:
        yield Reference((name,), explains=True)


def _of_artifact(artifact: Artifact) -> Reference:
    return Reference((artifact.manifest,), is_manifest=True)
