"""32 writers at once on one project and one cache key, a third of them killed, and readers beside them."""

import json
import os
import random
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest

from foundations_archive import S3Settings
from foundations_archive.archive import Archive, open_archive
from foundations_archive.records import CacheEntry
from tests.archive.conftest import MakeBucket
from tests.archive.faults.crashing import PHASES
from tests.archive.faults.judging import assert_mended, later
from tests.archive.faults.writer import JOBS, VALUES

WRITERS = 32
READERS = 2
SEED = 4
PROJECT = "many"
KEY = "ab" * 32

_HERE = Path(__file__).parent
_ATTEMPT = "put jobs/JOB/a/ATTEMPT/"
# a directory's writer can die in the midst of one, which on S3 is the same as before it
_STEPS = (
    "put blobs/DIGEST",
    "put live/many/JOB",
    "create jobs/JOB/spec.json",
    f"{_ATTEMPT}start.json",
    f"{_ATTEMPT}ev/00000000",
    f"{_ATTEMPT}ev/00000001",
    "create cache/DIGEST.json",
    f"{_ATTEMPT}done.json",
    "put idx/many/t/JOB",
    "delete live/many/JOB",
)


@dataclass
class Writer:
    process: "subprocess.Popen[str]"
    is_killed: bool


@dataclass(frozen=True)
class Shared:
    """The archive that all write to, and the file that says which jobs were committed."""

    location: str
    settings: S3Settings
    committed: Path

    def open(self) -> Archive:
        return open_archive(self.location, s3=asdict(self.settings))

    def start(self, order: dict[str, Any] | None) -> Writer:
        paths = os.pathsep.join((str(_HERE), *sys.path))
        environment = {**os.environ, "PYTHONPATH": paths, "COMMITTED": str(self.committed)}
        log = {"log": str(self.committed.with_name("steps"))}
        environment["CRASH"] = json.dumps({**log, **(order or {"who": "nobody", "phase": ""})})
        process = subprocess.Popen(
            [sys.executable, _HERE / "writer.py", self.location, json.dumps(asdict(self.settings)), KEY, PROJECT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        return Writer(process, order is not None)

    def told(self) -> set[str]:
        return set(self.committed.read_text().splitlines()) if self.committed.exists() else set()


@pytest.fixture(params=["directory", pytest.param("s3", marks=pytest.mark.s3)])
def shared(request: pytest.FixtureRequest, tmp_path: Path, make_bucket: MakeBucket) -> Shared:
    if request.param == "directory":
        return Shared(str(tmp_path / "archive"), S3Settings(), tmp_path / "committed")
    settings: S3Settings = request.getfixturevalue("s3_settings")
    return Shared(f"s3://{make_bucket(settings)}/{uuid.uuid4().hex}", settings, tmp_path / "committed")


def test_writers_at_once_lose_nothing_double_nothing_and_agree_on_the_cache(shared: Shared) -> None:
    chance = random.Random(SEED)
    dying = {number: _order(chance) for number in chance.sample(range(WRITERS), WRITERS // 3)}
    writers = [shared.start(dying.get(number)) for number in range(WRITERS)]
    try:
        for writer in writers:
            assert writer.process.stdout
            assert writer.process.stdout.readline() == "ready\n", writer.process.communicate()[1]
        with _Readers(shared) as readers:
            for writer in writers:
                assert writer.process.stdin
                writer.process.stdin.write("go\n")
                writer.process.stdin.flush()
            seen = [_ended(writer) for writer in writers]
        assert readers.looks >= READERS
    finally:
        for writer in writers:
            writer.process.kill()
            writer.process.wait()
    winners = {line for lines in seen for line in lines}
    assert len(winners) == 1
    archive, told = shared.open(), shared.told()
    assert len(told) >= (WRITERS - WRITERS // 3) * JOBS
    entry = archive.cached(KEY)
    assert entry
    assert winners == {f"sees {entry.job_id}"}
    _assert_right(archive, told, entry)
    assert_mended(archive)
    _assert_right(archive, told, entry)
    # who was killed is in the end Lost, or ended; nobody is there twice
    in_the_end = later(archive, 3601)
    assert {row["status"] for row in in_the_end.rows(PROJECT)} == {"Completed", "Lost"}
    assert len(in_the_end.jobs(PROJECT)) == len(archive.rows(PROJECT)) >= len(told)


def _order(chance: random.Random) -> dict[str, Any]:
    step = chance.choice(_STEPS)
    return {"who": "writer", "step": step, "number": chance.randrange(JOBS), "phase": chance.choice(PHASES[::2])}


def _ended(writer: Writer) -> list[str]:
    """Return what a writer has seen of the cache, after it has ended as it had to."""
    out, error = writer.process.communicate(timeout=120)
    assert error == ""
    assert writer.process.returncode == (-9 if writer.is_killed else 0)
    return out.splitlines()


def _assert_right(archive: Archive, told: set[str], entry: CacheEntry | None) -> None:
    """Assert that what was committed is there, that all which is there is right, and that the cache's value is."""
    rows = archive.rows(PROJECT)
    status = {row["job_id"]: row["status"] for row in rows}
    assert len(rows) == len(status)
    assert {status[job_id] for job_id in told} <= {"Completed"}
    for row in rows:
        assert row["parameters"] == {"job": row["job_id"]}
        if row["status"] == "Completed":
            assert row["tags"] == {"job": row["job_id"]}
            assert [(key, list(values)) for key, values in row["metrics"]] == [("m", list(VALUES))]
    if entry:
        assert archive.blobs.read(entry.value.buffers[0]) == entry.job_id.encode() * 200


class _Readers:
    """Threads that read all the time and keep what goes wrong."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._ended = threading.Event()
        self._errors: list[BaseException] = []
        self.looks = 0
        self._threads = [threading.Thread(target=self._kept(self._read)) for _ in range(READERS)]

    def __enter__(self) -> "_Readers":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()
        if self._errors and error[0] is None:
            raise self._errors[0]

    def _read(self) -> None:
        archive, completed, first = self._shared.open(), set[str](), None
        while not self._ended.is_set():
            told = self._shared.told()
            entry = archive.cached(KEY)
            assert first is None or entry == first, "the cache's winner has changed"
            first = entry
            _assert_right(archive, told | completed, entry)
            completed |= told
            ids = archive.job_ids(PROJECT)
            assert len(ids) == len(set(ids))
            assert told <= set(ids)
            self.looks += 1

    def _kept(self, read: Callable[[], None]) -> Callable[[], None]:
        def kept() -> None:
            try:
                read()
            except BaseException as error:  # noqa: BLE001 - raised in the test's thread
                self._errors.append(error)

        return kept
