"""Make the golden archive of the format that this version writes: `python -m tests.archive.golden.make [DIRECTORY]`.

It is made once for each format and then committed: what is there is never made anew, since jobs were written so.
"""

import itertools
import pickle
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from foundations_archive import layout
from foundations_archive.archive import Archive
from foundations_archive.cancellation import request_cancellation
from foundations_archive.envelope import FORMAT
from foundations_archive.hiding import hide
from foundations_archive.ledger import Event, Ledger
from foundations_archive.local import DirectoryStore
from foundations_archive.manifest import BundleFile, Manifest
from foundations_archive.packing import compact
from foundations_archive.records import (
    Argument,
    Artifact,
    CacheEntry,
    JobRecord,
    JobSpec,
    StageSpec,
    State,
    Value,
    plain,
)
from foundations_archive.series import Series
from foundations_archive.signing import SigningKey

KEY = SigningKey((b"the key of the golden archives, no secret",))
NAN = {"$float": "nan"}
BEGAN = 1_700_000_000.0
PROJECT = "golden"
ODD_PROJECT = "größe/../🎉"
CACHE_KEY = "c0" * 32


def main(directory: Path) -> None:
    """Write a job of every state, with all that jobs leave, a cache entry, and an index."""
    if (directory / layout.DESCRIPTOR).exists():
        sys.exit(f"{directory} holds a golden archive already, and those are never changed")
    archive = Archive(DirectoryStore(directory), signing=KEY)
    with _fixed():
        archive.check()
        _completed(archive)
        _failed(archive)
        _cancelled(archive)
        _lost(archive)
        compact(archive)  # the rows of jobs that follow are in no pack
        _late_success(archive)
        _running(archive)
        _queued(archive)
        _hidden(archive)
        _odd(archive)
        _cached(archive)
    for folder in sorted((path for path in directory.rglob("*") if path.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()


def spec(archive: Archive, job_id: str, **fields: Any) -> JobSpec:
    """Return a job of two stages that runs in a model directory of a file, a script and a link."""
    put = archive.blobs.put
    files = (
        BundleFile("data.txt", put(b"three\n"), 6, 0o644),
        BundleFile("link.txt", put(b""), 0, 0o644, "data.txt"),
        BundleFile("tools/run.sh", put(b"#!/bin/sh\n"), 10, 0o755),
    )
    bundle = put(Manifest(files, (".",)).to_bytes())
    rate = Argument("rate", 0.5, place=1)
    made = JobSpec(
        job_id=job_id,
        project=PROJECT,
        user="grace",
        created=BEGAN,
        target="two",
        stages=(
            StageSpec("one", "load", "model:load", (), (Argument("path", "data.txt", place=0),), "s1", persisted=True),
            StageSpec(
                "two",
                "train",
                "model:train",
                ("one",),
                (Argument("rows", stage="one", place=0), rate),
                "s2",
                True,
                True,
            ),
        ),
        graph=Value("pickle5", (archive.blobs.put_bytes(pickle.dumps("no graph", protocol=5)),)),
        bundle=bundle,
        paths=(".",),
        directory=".",
        python="3.11",
        environment="local",
        sources={"s1": "def load(path):\n    return [1, 2]\n", "s2": "def train(rows, rate): ...\n"},
        requirements="numpy==2.0\n",
        tags={"team": "vision"},
        parameters={"rate": 0.5, "layers": [64, 32]},
        facts={"python": "3.11.9", "platform": "Linux", "foundations": "0.1"},
        concurrency={"threads": 2},
        given=("rate",),
    )
    return replace(made, **fields)


def json_value(archive: Archive) -> Value:
    """Return a list that is too long to lie in its record."""
    text = b"[" + b", ".join(b"%d" % number for number in range(2000)) + b"]"
    return Value("json", (archive.blobs.put_bytes(text),))


def pickle_value(archive: Archive) -> Value:
    """Return a set and, beside the pickle, some bytes."""
    outside: list[pickle.PickleBuffer] = []
    content = {"numbers": {1, 2, 3}, "bytes": pickle.PickleBuffer(bytearray(b"beside the pickle"))}
    head = pickle.dumps(content, protocol=5, buffer_callback=outside.append)
    buffers = (head, *(bytes(buffer.raw()) for buffer in outside))
    return Value("pickle5", tuple(map(archive.blobs.put_bytes, buffers)))


def artifact(archive: Archive) -> Artifact:
    """Return a folder with a file, a file in chunks and an empty folder."""
    put = archive.blobs.put
    manifest = Manifest((BundleFile("weights.bin", put(b"\0\1\2"), 3, 0o644),), ())
    digest = put(manifest.to_bytes())
    return Artifact("model/latest", digest, 3, 1, folder=True, time=BEGAN + 3.5, empty=("logs",))


def story(archive: Archive) -> list[Event]:
    """Return what happens in a job that ends well."""
    log = {"event": "log", "stream": "stdout"}
    return [
        {"event": "job started", "image": "golden:1"},
        {"event": "log", "stream": "stderr", "text": "starting", "stage": None},
        {"event": "stage started", "stage": "one"},
        {**log, "text": "reading data.txt, ça va", "stage": "one"},
        {
            "event": "stage ended",
            "stage": "one",
            "status": "succeeded",
            "seconds": 0.25,
            "value": plain(json_value(archive)),
        },
        {"event": "stage started", "stage": "two"},
        {"event": "metrics", "stage": "two", "key": "loss", "values": [9.0], "times": [BEGAN + 1.0]},
        {"event": "stage retried", "stage": "two", "attempt": 1, "error": "OSError: try again"},
        {
            "event": "metrics",
            "stage": "two",
            "key": "loss",
            "values": [0.5, 0.25, NAN],
            "times": [BEGAN + t for t in (1, 2, 3)],
        },
        {"event": "metrics", "stage": "two", "key": "accuracy", "values": [0.875], "times": [BEGAN + 3]},
        {"event": "metrics", "stage": "two", "key": "best", "values": ["résnet"], "times": [BEGAN + 3]},
        {
            "event": "metrics",
            "stage": "two",
            "key": "steps",
            "values": list(range(600)),
            "times": [BEGAN + step for step in range(600)],
        },
        {"event": "tag", "stage": "two", "key": "reviewed", "value": True},
        {"event": "parameter", "stage": "two", "key": "optimizer", "value": {"name": "adam"}},
        {"event": "artifact", "stage": "two", **plain(artifact(archive))},
        {**log, "text": "done", "stage": "two"},
        {
            "event": "stage ended",
            "stage": "two",
            "status": "succeeded",
            "seconds": 2.5,
            "cache_key": CACHE_KEY,
            "value": plain(pickle_value(archive)),
        },
        {"event": "job ended", "state": "Completed"},
    ]


def written(archive: Archive, job: JobSpec, events: list[Event], *, attempt: str) -> tuple[Ledger, dict[str, Any]]:
    """Write the start of a job and its events in two segments; return what they amount to, and what seals them."""
    archive.submit(job)
    archive.start(job.job_id, attempt, {"image": "golden:1", "time": BEGAN})
    numbered = [{"n": number, "time": BEGAN + number, **event} for number, event in enumerate(events)]
    ledger, chain, middle = Ledger(job), None, len(numbered) // 2
    for number, segment in enumerate((numbered[:middle], numbered[middle:])):
        chain = archive.append(job.job_id, attempt, number, segment, previous=chain)
        ledger.extend(segment)
    return ledger, {"segments": 2, "chain": chain}


def sealed(archive: Archive, job: JobSpec, events: list[Event], state: State, **fields: Any) -> JobRecord:
    """Write a job as its courier does, and return the record that seals it."""
    ledger, chain = written(archive, job, events, attempt="a1")
    record = replace(ledger.record(state, ended=BEGAN + 60.0, **fields), **chain)
    archive.finish(job, record, attempt="a1")
    return record


def _completed(archive: Archive) -> None:
    sealed(archive, spec(archive, "completed"), story(archive), "Completed")


def _failed(archive: Archive) -> None:
    error = 'Traceback (most recent call last):\n  File "model.py", line 2, in load\nValueError: row 3'
    exception = {"module": "builtins", "name": "ValueError", "text": "row 3", "args": ["row 3"], "attributes": {}}
    end = {"event": "stage ended", "stage": "one", "status": "failed", "seconds": 1.5, "error": error}
    events = [*story(archive)[:3], {**end, "exception": exception}, {"event": "job ended", "state": "Failed"}]
    sealed(archive, spec(archive, "failed", created=BEGAN + 100), events, "Failed")


def _cancelled(archive: Archive) -> None:
    job = spec(archive, "cancelled", created=BEGAN + 200)
    archive.submit(job)
    request_cancellation(archive, job)


def _lost(archive: Archive) -> None:
    """Write a job whose courier died: who watched it has sealed it, with the events that no segment has."""
    job = spec(archive, "lost", created=BEGAN + 300)
    ledger, _ = written(archive, job, story(archive)[:4], attempt="a1")
    last = {"n": 4, "time": BEGAN + 4, "event": "log", "stream": "stdout", "text": "last words", "stage": "one"}
    ledger.add(last)
    record = ledger.record("Lost", ended=BEGAN + 60.0, error="its courier stopped reporting", tail=(last,))
    archive.finish(job, record, attempt="b1", watcher=True)


def _late_success(archive: Archive) -> None:
    """Write a job that was taken for dead and then ended well."""
    job = spec(archive, "late", created=BEGAN + 400)
    archive.finish(job, Ledger(job).record("Lost", ended=BEGAN + 30.0), attempt="b1", watcher=True)
    sealed(archive, job, story(archive), "Completed")


def _running(archive: Archive) -> None:
    """Write a job that has not ended: it counts as Running or Lost, by the age of its marker."""
    written(archive, spec(archive, "running", created=BEGAN + 500), story(archive)[:-2], attempt="a1")


def _queued(archive: Archive) -> None:
    archive.submit(spec(archive, "queued", created=BEGAN + 600))


def _hidden(archive: Archive) -> None:
    job = spec(archive, "hidden", created=BEGAN + 700)
    sealed(archive, job, story(archive), "Completed")
    hide(archive, job)


def _odd(archive: Archive) -> None:
    job = spec(archive, "odd", project=ODD_PROJECT, created=BEGAN + 800, user="", tags={"a/../b": "\ud800"})
    sealed(archive, job, [], "Completed")


def _cached(archive: Archive) -> None:
    metrics = (Series("two", "loss", (0.5, 0.25), (BEGAN, BEGAN + 1)),)
    entry = CacheEntry(
        pickle_value(archive),
        "completed",
        "two",
        2.5,
        metrics,
        {"reviewed": True},
        {"momentum": 0.9},
        (artifact(archive),),
    )
    archive.keep(CACHE_KEY, entry)


@contextmanager
def _fixed() -> Iterator[None]:
    """Let the same archive come out of each run: clocks and nonces count."""
    number = itertools.count()

    def token(size: int) -> str:
        return f"{next(number):0{2 * size}x}"

    with patch("secrets.token_hex", token), patch("time.time", lambda: BEGAN):
        yield


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / str(FORMAT))
