"""Every object of an archive flipped, cut and deleted: never returned as data, and the other jobs are as they were."""

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from foundations_archive import ArchiveError, layout
from foundations_archive.archive import Archive, open_archive
from foundations_archive.check import check
from tests.archive.faults.sampled import PROJECTS, accessors, frames, make_sample, said

_JOBS = ("large", "small", "failed", "parts", "hidden", "taken", "back", "running", "queued", "cancelled")


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

    def keys(self) -> list[str]:
        return [entry.key for entry in self.archive.store.list("")]

    @contextmanager
    def damaged(self, key: str, damage: str) -> Iterator[None]:
        """Damage an object, and mend it afterwards."""
        path = self.root / key
        whole, when = path.read_bytes(), path.stat()
        data = DAMAGES[damage](whole)
        if data is None:
            path.unlink()
        else:
            path.write_bytes(data)
            os.utime(path, ns=(when.st_atime_ns, when.st_mtime_ns))
        try:
            yield
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
        patch.setattr("foundations_archive.archive._LOST_AFTER", 3600.0)  # the test may take longer than a minute
        yield Sample(folder / "archive", folder)


def job_of(key: str) -> str | None:
    """Return the job whose own object this is."""
    parts = key.split("/")
    if parts[0] == "jobs":
        return parts[1]
    return layout.job_of(key) if parts[0] in ("idx", "live", "hidden") else None


@pytest.mark.parametrize("damage", DAMAGES)
def test_frames_over_all_jobs_survive_damage_and_say_nothing_wrong(sample: Sample, damage: str) -> None:
    for key in sample.keys():
        with sample.damaged(key, damage), warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            now = frames(open_archive(str(sample.root)))
            mine = job_of(key)
            for name, by_job in sample.frames.items():
                for job_id in by_job.keys() | now[name].keys():
                    if job_id != mine:
                        assert now[name].get(job_id) == by_job.get(job_id), (name, job_id)
                    elif now[name].get(job_id) != by_job.get(job_id):
                        assert is_explained(now[name].get(job_id), key, warned), (name, job_id, now[name].get(job_id))


def is_explained(rows: Any, key: str, warned: list[warnings.WarningMessage]) -> bool:
    if rows is None:
        return any(key in str(one.message) for one in warned) or key.startswith(("live/", "hidden/")) 
    return key.startswith("hidden/")


@pytest.mark.parametrize("damage", DAMAGES)
def test_one_job_read_by_itself_is_right_or_raises_an_error_that_names_the_key(sample: Sample, damage: str) -> None:
    for key in sample.keys():
        mine = job_of(key)
        with sample.damaged(key, damage):
            for job_id, truth in sample.truth.items():
                if mine not in (None, job_id):
                    continue
                for name, answer in sample.ask(job_id).items():
                    if not isinstance(answer, ArchiveError | KeyError):
                        assert answer == truth[name], (job_id, name)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_deep_check_finds_damage(sample: Sample, damage: str) -> None:
    assert not [one for one in check(sample.archive, deep=True).findings if one.severity != "note"]
    for key in sample.keys():
        with sample.damaged(key, damage):
            found = check(sample.archive, deep=True).findings
            print(damage, key, [f for f in found][:2])
