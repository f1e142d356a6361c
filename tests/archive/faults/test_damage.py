"""Every object of an archive flipped, cut and deleted: never returned as data, and the other jobs are as they were."""

import json
import os
import shutil
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

from foundations_archive import layout
from foundations_archive.archive import open_archive
from foundations_archive.packing import compact
from foundations_archive.upkeep.check import check
from foundations_archive.upkeep.findings import Finding
from tests.archive.faults.sampled import accessors, frames, make_sample, said

_JOBS = ("large", "small", "failed", "parts", "hidden", "taken", "back", "running", "queued", "cancelled")
_WITH_BLOBS = ("large", "small", "failed", "parts")


def flipped(place: float) -> Callable[[bytes], bytes]:
    def flip(data: bytes) -> bytes:
        at = round(place * (len(data) - 1))
        return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]

    return flip


DAMAGES: dict[str, Callable[[bytes], bytes | None]] = {
    "first byte": flipped(0),
    "middle byte": flipped(0.5),
    "last byte": flipped(1),
    "empty": lambda data: b"",
    "half": lambda data: data[: len(data) // 2],
    "minus one": lambda data: data[:-1],
    "deleted": lambda data: None,
}


class Sample:
    """The archive, and what its readers say while it is whole."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.root, self.folder = root, folder
        self.archive = open_archive(str(root))
        self.frames = frames(self.archive)
        self.truth = {job_id: self.ask(job_id) for job_id in _JOBS}
        for job_id, told in self.truth.items():
            for name, answer in told.items():
                assert not isinstance(answer, Exception), (job_id, name, answer)

    def ask(self, job_id: str) -> dict[str, Any]:
        return {name: said(ask) for name, ask in accessors(open_archive(str(self.root)), job_id, self.folder)}

    def objects(self) -> list[str]:
        return [entry.key for entry in self.archive.store.list("")]

    @contextmanager
    def damaged(self, key: str, damage: str) -> Iterator[bytes]:
        """Damage an object, and mend it afterwards; yield what it was."""
        path = self.root / key
        whole, when = path.read_bytes(), path.stat()
        data = DAMAGES[damage](whole)
        if data is None:
            path.unlink()
        else:
            path.write_bytes(data)
            os.utime(path, ns=(when.st_atime_ns, when.st_mtime_ns))
        try:
            yield whole
        except BaseException as error:
            error.add_note(f"{damage} of {key}")
            raise
        finally:
            path.write_bytes(whole)
            os.utime(path, ns=(when.st_atime_ns, when.st_mtime_ns))


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sample]:
    folder = tmp_path_factory.mktemp("damage")
    with pytest.MonkeyPatch.context() as patch:
        # the frames read the archive of the selected environment
        patch.setenv("FOUNDATIONS_ARCHIVE", str(folder / "archive"))
        patch.setenv("FOUNDATIONS_HOME", str(folder / "home"))
        archive = open_archive(str(folder / "archive"))
        archive.check()
        make_sample(folder, archive, os.environ)
        patch.setattr("foundations_archive.standing._LOST_AFTER", 3600.0)  # the test may take longer than a minute
        yield Sample(folder / "archive", folder)


def job_of(key: str) -> str | None:
    """Return the job whose own object this is."""
    parts = key.split("/")
    if parts[0] == "jobs":
        return parts[1]
    return layout.job_of(key) if parts[0] in ("idx", "live", "hidden") else None


# what no reader and no check can miss when it is deleted, and why (docs/archive-format.md says the same)
NOT_MISSED = {
    "cache/": "a cache entry: the stage runs again",
    "hidden/": "a job that was hidden is shown again",
    "leases/": "nobody relies on one: two jobs compute the same at worst",
    "jobs/cancelled/cancel.json": "the wish has come true, and the job is sealed as Cancelled",
    "jobs/queued/spec.json": "a marker alone is what a driver leaves that dies before it writes the spec",
    "jobs/running/a/*/ev/00000002": "the last segment of a job that runs: the courier may not have written it yet",
    "idx/*/t/back=post": "a watcher's row beside that of the courier, which counts",
    "blobs/e3/e3b0*": "the empty blob, which nothing names where no file is empty",
}
# what listings can't miss either, until a check has: the only sign of a job in them is gone
NOT_LISTED = {
    "idx/": "the row of an ended job: a check makes it anew",
    "live/": "the marker of a job that has not ended: a check says that it is Lost",
}
# a job that runs is Lost without its marker, and one that is queued is Lost at once
LOST = ("live/",)


def fits(key: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch(key, f"{pattern}*") for pattern in patterns)


@pytest.mark.parametrize("damage", DAMAGES)
def test_frames_over_all_jobs_survive_damage_and_say_nothing_wrong(sample: Sample, damage: str) -> None:
    for key in sample.objects():
        with sample.damaged(key, damage), warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            now = frames(open_archive(str(sample.root)))
            mine, named = job_of(key), any(key in str(one.message) for one in warned)
            is_missable = damage == "deleted" and fits(key, (*NOT_MISSED, *NOT_LISTED))
            for name, before in sample.frames.items():
                for job_id in before.keys() | now[name].keys():
                    if now[name].get(job_id) != before.get(job_id):
                        assert job_id == mine, f"{name} of {job_id}, which is whole"
                        assert is_missable or (named and job_id not in now[name]), (name, now[name].get(job_id))


@pytest.mark.parametrize("damage", DAMAGES)
def test_one_job_read_by_itself_is_right_or_raises_an_error_that_names_the_key(sample: Sample, damage: str) -> None:
    for key in sample.objects():
        mine = job_of(key)
        is_missable = damage == "deleted" and fits(key, (*NOT_MISSED, *LOST))
        with sample.damaged(key, damage):
            for job_id, truth in sample.truth.items():
                is_asked = mine == job_id or (mine is None and job_id in _WITH_BLOBS)
                for name, answer in sample.ask(job_id).items() if is_asked else ():
                    if isinstance(answer, Exception):
                        assert is_missable or names(answer, key), (job_id, name, answer)
                    else:
                        assert answer == truth[name] or is_missable, (job_id, name)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_deep_check_finds_all_damage_but_what_nobody_can_miss(sample: Sample, damage: str) -> None:
    assert not check(sample.archive, deep=True).findings
    missed = set()
    for key in sample.objects():
        with sample.damaged(key, damage) as whole:
            if not any(mentions(finding, key) for finding in check(sample.archive, deep=True).findings):
                assert damage == "deleted" or is_unaltered(sample, key, whole), "not found"
                missed.add(key)
    if damage == "deleted":
        assert {key for key in missed if not fits(key, NOT_MISSED)} == set()
        assert [one for one in NOT_MISSED if not any(fits(key, [one]) for key in missed)] == []


def names(error: Exception, key: str) -> bool:
    """Tell whether an error names a damaged object, or for want of a segment the record that tells of it."""
    told = job_of(getattr(error, "key", "")) == job_of(key) and layout.is_segment(key)
    return key in str(error) or told or key.endswith("/spec.json")  # without a spec there is no such job


def mentions(finding: Finding, key: str) -> bool:
    """Tell whether a finding is of an object, or of its job."""
    return key in f"{finding.key} {finding.what}" or (job_of(key) is not None and job_of(finding.key) == job_of(key))


def is_unaltered(sample: Sample, key: str, whole: bytes) -> bool:
    """Tell whether a record has the body that it had: its nonce is of no use to a reader, nor are ids of archives."""
    if layout.is_segment(key):
        return unaltered_events(sample, key)
    return key == layout.DESCRIPTOR or body_of(sample.archive.store.get(key)) == body_of(whole)


def body_of(data: bytes) -> Any:
    """Return the body of a record: the last digit of a time may be another one, and the time is the same."""
    return json.loads(data)["body"]


def unaltered_events(sample: Sample, key: str) -> bool:
    job_id = job_of(key) or ""
    return bool(sample.ask(job_id)["logs"] == sample.truth[job_id]["logs"])


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_pack_costs_no_job_but_those_it_alone_had(
    sample: Sample, damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(sample.root, tmp_path / "archive")
    monkeypatch.setenv("FOUNDATIONS_ARCHIVE", str(tmp_path / "archive"))
    archive = open_archive(str(tmp_path / "archive"))
    assert compact(archive).packs == 2
    packs = [entry.key for entry in archive.store.list(layout.ROWS) if layout.is_pack(entry.key)]
    for entry in archive.store.list(layout.ROWS):
        if layout.is_row(entry.key):  # as when packs have been there for ten minutes
            archive.store.delete(entry.key)
    assert frames(archive) == sample.frames
    whole = archive.store.get(packs[0])
    data = DAMAGES[damage](whole)
    archive.store.delete(packs[0])
    if data is not None:
        archive.store.put(packs[0], data)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        now = frames(open_archive(str(tmp_path / "archive")))
    folder = packs[0].split("/")[1]
    for name, before in sample.frames.items():
        assert now[name].keys() <= before.keys()
        for job_id, rows in before.items():
            if now[name].get(job_id) != rows:
                assert job_id not in now[name], "a row that is not what was written"
                assert layout.quoted(sample.archive.spec(job_id).project) == folder
                assert damage == "deleted" or any(packs[0] in str(one.message) for one in warned)
