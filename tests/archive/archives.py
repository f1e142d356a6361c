"""Archives for the tests of the commands that look after one: jobs as couriers leave them, and ways to damage them."""

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from foundations_archive import Store, layout
from foundations_archive.archive import Archive, new_attempt
from foundations_archive.blobs import Blobs
from foundations_archive.manifest import BundleFile, Manifest
from foundations_archive.records import (
    Artifact,
    Buffer,
    CacheEntry,
    JobRecord,
    JobSpec,
    StageRecord,
    StageSpec,
    Value,
    plain,
)
from foundations_archive.upkeep.findings import Report

CACHE_KEY = "cd" * 32


def put_value(archive: Archive, text: str) -> Value:
    return Value("pickle5", (archive.blobs.put_bytes(text.encode()),))


def put_bundle(archive: Archive, text: str) -> str:
    data = text.encode()
    file = BundleFile("model.py", archive.blobs.put(data), len(data), 0o644)
    return archive.blobs.put(Manifest((file,), (".",)).to_bytes())


def explained(blobs: Blobs, text: str) -> tuple[str, ...]:
    """The blobs of an explanation."""
    return tuple(blobs.put(f"{kind} of {text}".encode()) for kind in ("stage", "code", "environment"))


def submitted(archive: Archive, job_id: str = "job", *, project: str = "demo") -> JobSpec:
    """A job that waits, with its own bundle and graph."""
    archive.check()
    spec = JobSpec(
        job_id=job_id,
        project=project,
        user="me",
        created=1.0,
        target="1",
        stages=(StageSpec("1", "train", "m:train"),),
        graph=put_value(archive, f"graph of {job_id}"),
        bundle=put_bundle(archive, f"# {job_id}"),
        paths=(".",),
        directory=".",
        python="3.11",
        environment="local",
    )
    archive.submit(spec)
    return spec


def started(archive: Archive, job_id: str = "job", *, project: str = "demo") -> tuple[JobSpec, str, JobRecord]:
    """A job that runs: two segments, a value and an artifact. Its attempt, and what would seal it."""
    spec, attempt = submitted(archive, job_id, project=project), new_attempt()
    archive.start(job_id, attempt, {"image": None, "time": 1.0})
    value = put_value(archive, f"value of {job_id}")
    manifest = put_bundle(archive, f"artifact of {job_id}")
    artifact = Artifact("plot", manifest, 10, 1, folder=False, time=2.0)
    first = [{"n": 0, "time": 1.0, "event": "job started", "image": job_id}]
    second = [
        {"n": 1, "time": 2.0, "event": "artifact", "stage": "1", **plain(artifact)},
        {"n": 2, "time": 3.0, "event": "stage ended", "stage": "1", "status": "succeeded", "value": plain(value)},
    ]
    explanation = explained(archive.blobs, job_id)
    second[1]["explanation"] = list(explanation)
    chain = archive.append(job_id, attempt, 0, first)
    chain = archive.append(job_id, attempt, 1, second, previous=chain)
    stage = StageRecord("1", "succeeded", 1.0, 3.0, 2.0, value=value, artifacts=(artifact,), explanation=explanation)
    return spec, attempt, JobRecord(job_id, "Completed", 1.0, 3.0, stages=(stage,), events=3, segments=2, chain=chain)


def ended(archive: Archive, job_id: str = "job", *, project: str = "demo", **fields: Any) -> JobSpec:
    """A job that has ended."""
    spec, attempt, record = started(archive, job_id, project=project)
    archive.finish(spec, replace(record, **fields), attempt=attempt)
    return spec


def cached(archive: Archive, text: str = "cached") -> CacheEntry:
    """An entry of the cache with its value."""
    value = Value("pickle5", (archive.cache_blobs.put_bytes(text.encode()),))
    entry = CacheEntry(value, "job", "1", 1.0, explanation=explained(archive.cache_blobs, text))
    archive.check()
    archive.keep(CACHE_KEY, entry)
    return entry


def blob_of(value: Value | Buffer | None) -> str:
    assert value
    return layout.blob((value if isinstance(value, Buffer) else value.buffers[0]).chunks[0])


def keys(store: Store, kind: str) -> list[str]:
    return [entry.key for entry in store.list("") if layout.kind_of(entry.key) == kind]


def key(store: Store, kind: str, number: int = 0) -> str:
    return keys(store, kind)[number]


def found(report: Report) -> dict[str, str]:
    """What a check has found by key: how bad it is."""
    return {finding.key: finding.severity for finding in report.findings}


def age(archive: Archive, seconds: float, *, of: Callable[[str], bool] = lambda key: True) -> None:
    """Let the objects of a directory be as old as that."""
    then = time.time() - seconds
    for entry in list(archive.store.list("")):
        if of(entry.key):
            os.utime(Path(archive.location) / entry.key, (then, then))
