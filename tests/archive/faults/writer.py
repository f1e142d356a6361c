"""One of many writers: runs jobs as a courier does, without the user's code, and says what it was told is committed."""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

JOBS = 3
VALUES = tuple(range(400))


def main(location: str, s3: str, key: str, project: str) -> None:
    """Wait for a line on standard input, write the jobs, and print which entry of the cache key this process sees."""
    import crashing  # type: ignore[import-not-found] # it lies beside this file, which is a program here

    crashing.arm("writer")
    from foundations.job_id import new_job_id
    from foundations_archive.archive import open_archive

    archive = open_archive(location, s3=json.loads(s3))
    archive.check()
    print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(JOBS):
        _write_job(archive, new_job_id(), key, project)
        entry = archive.cached(key)
        print("sees", entry.job_id if entry else None, flush=True)


def _write_job(archive: Any, job_id: str, key: str, project: str) -> None:
    from foundations_archive.archive import new_attempt
    from foundations_archive.ledger import Ledger
    from foundations_archive.manifest import Manifest
    from foundations_archive.records import CacheEntry, JobSpec, StageSpec, Value

    buffer = archive.blobs.put_bytes(job_id.encode() * 200)
    value = Value("pickle5", (buffer,))
    stage = StageSpec("s", "stage", "model:stage", cached=True, persisted=True)
    spec = JobSpec(
        job_id=job_id,
        project=project,
        user="me",
        created=time.time(),
        target="s",
        stages=(stage,),
        graph=value,
        bundle=archive.blobs.put(Manifest((), ()).to_bytes()),
        paths=(".",),
        directory=".",
        python="3.11",
        environment="local",
        parameters={"job": job_id},
    )
    archive.submit(spec)
    attempt, ledger, chain = new_attempt(), Ledger(spec), None
    archive.start(job_id, attempt, {})
    times = [time.time()] * len(VALUES)
    parts = (
        [
            {"n": 0, "time": time.time(), "event": "job started"},
            {"n": 1, "time": time.time(), "event": "stage started", "stage": "s"},
            {"n": 2, "time": time.time(), "event": "log", "stream": "stdout", "text": job_id, "stage": "s"},
        ],
        [
            {"n": 3, "time": 1.0, "event": "metrics", "stage": "s", "key": "m", "values": list(VALUES), "times": times},
            {"n": 4, "time": 1.0, "event": "tag", "stage": "s", "key": "job", "value": job_id},
            {"n": 5, "time": time.time(), "event": "stage ended", "stage": "s", "status": "succeeded"},
        ],
    )
    for number, events in enumerate(parts):
        ledger.extend(events)
        chain = archive.append(job_id, attempt, number, events, previous=chain)
    archive.keep(key, CacheEntry(value, job_id, "s", 1.0, ledger.metrics_of("s")))
    archive.finish(spec, ledger.record("Completed", ended=time.time()), attempt=attempt)
    with Path(os.environ["COMMITTED"]).open("a") as file:
        file.write(f"{job_id}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
