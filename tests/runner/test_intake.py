"""Artifacts as they come from the worker, and as they are written to the disk again."""

import hashlib
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from foundations.downloads import artifacts_frame, download
from foundations_archive import layout
from foundations_archive.archive import Archive
from foundations_archive.blobs import ROOM
from foundations_archive.local import DirectoryStore
from foundations_archive.manifest import CHUNK, ManifestError
from foundations_archive.records import Artifact, JobRecord, JobSpec, StageRecord, StageSpec, Value
from foundations_runner.intake import Intake
from foundations_runner.uploads import Uploads

SPEC = JobSpec(
    job_id="job",
    project="demo",
    user="me",
    created=1.0,
    target="second",
    stages=(StageSpec("first", "load", "m:load", cached=True), StageSpec("second", "train", "m:train")),
    graph=Value("pickle5"),
    bundle="",
    paths=(".",),
    directory=".",
    python="3.11",
    environment="local",
)

Entry = tuple[str, int, str | None, bool]


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(DirectoryStore(tmp_path / "archive"))


def saved(
    intake: Intake, key: str, *files: tuple[Entry, bytes], folder: bool = True, stage: str = "second", time: float = 1.0
) -> Artifact:
    number = os.urandom(4).hex()
    for place, (_, content) in enumerate(files):
        for start in range(0, len(content), CHUNK):
            message = {"artifact": number, "stage": stage, "file": place}
            intake.take(message, iter([bytearray(ROOM) + content[start : start + CHUNK]]))
    entries = [list(entry) for entry, _ in files]
    return intake.finish(
        {"artifact": number, "stage": stage, "key": key, "folder": folder, "entries": entries, "time": time}
    )


def file(path: str, mode: int = 0o644) -> Entry:
    return (path, mode, None, False)


def record(*artifacts: Artifact, stage: str = "second") -> JobRecord:
    return JobRecord("job", "Completed", stages=(StageRecord(stage, "succeeded", artifacts=artifacts),))


def tree(top: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path in sorted(top.rglob("*")):
        name = path.relative_to(top).as_posix()
        if path.is_symlink():
            found[name] = str(path.readlink())
        elif path.is_dir():
            found[name] = None
        else:
            found[name] = (path.read_bytes(), path.stat().st_mode & 0o777)
    return found


def test_a_folder_comes_back_with_modes_links_and_empty_folders(archive: Archive, tmp_path: Path) -> None:
    artifact = saved(
        Intake(archive, SPEC, Uploads()),
        "out",
        (file("z last", 0o600), b"z"),
        (file("ü/run.sh", 0o755), b"#!"),
        (file("ü/nothing"), b""),
        (("link", 0, "ü/run.sh", False), b""),
        (("a/b/empty", 0, None, True), b""),
    )
    assert (artifact.size, artifact.files, artifact.folder) == (3, 4, True)
    assert download(archive, record(artifact), "out", tmp_path / "new" / "there") == tmp_path / "new" / "there"
    assert tree(tmp_path / "new" / "there") == {
        "a": None,
        "a/b": None,
        "a/b/empty": None,
        "link": "ü/run.sh",
        "z last": (b"z", 0o644),
        "ü": None,
        "ü/nothing": (b"", 0o644),
        "ü/run.sh": (b"#!", 0o755),
    }
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["there"]


def test_an_empty_folder_and_an_empty_file_come_back(archive: Archive, tmp_path: Path) -> None:
    intake = Intake(archive, SPEC, Uploads())
    both = record(saved(intake, "folder"), saved(intake, "file", (file("content"), b""), folder=False))
    download(archive, both, "folder", tmp_path / "folder")
    download(archive, both, "file", tmp_path / "file")
    assert list((tmp_path / "folder").iterdir()) == []
    assert (tmp_path / "file").read_bytes() == b""


@pytest.mark.parametrize("size", [CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK])
def test_a_file_of_any_size_comes_back_byte_for_byte(archive: Archive, tmp_path: Path, size: int) -> None:
    content = os.urandom(1024) * (size // 1024 + 1)
    artifact = saved(Intake(archive, SPEC, Uploads()), "big", (file("content"), content[:size]), folder=False)
    download(archive, record(artifact), "big", tmp_path / "big")
    assert hashlib.sha256((tmp_path / "big").read_bytes()).digest() == hashlib.sha256(content[:size]).digest()


@pytest.mark.parametrize(
    "entry",
    [
        file("../escape"),
        file("/etc/passwd"),
        file("a/../../b"),
        file("back\\slash"),
        file("new\nline"),
        ("link", 0, "../outside", False),
        ("link", 0, "/etc/passwd", False),
        ("../empty", 0, None, True),
        ("a//empty", 0, None, True),
    ],
)
def test_what_would_leave_its_folder_is_refused(archive: Archive, entry: Entry) -> None:
    with pytest.raises(ManifestError):
        saved(Intake(archive, SPEC, Uploads()), "bad", (entry, b""))


@pytest.mark.parametrize("key", ["..", "../../escape", "/etc/passwd", "k" * 4000, "new\nline", "\udcff", "ü 🙂", "\0"])
def test_a_key_is_never_a_path(archive: Archive, tmp_path: Path, key: str) -> None:
    artifact = saved(Intake(archive, SPEC, Uploads()), key, (file("content"), b"x"), folder=False)
    download(archive, record(artifact), key, tmp_path / "here")
    assert (tmp_path / "here").read_bytes() == b"x"


def test_of_several_under_one_key_it_is_the_last_or_the_stages_own(archive: Archive, tmp_path: Path) -> None:
    intake = Intake(archive, SPEC, Uploads())
    early = saved(intake, "m", (file("content"), b"early"), folder=False, time=1.0)
    late = saved(intake, "m", (file("content"), b"late"), folder=False, time=2.0)
    both = JobRecord(
        "job",
        "Completed",
        stages=(
            StageRecord("first", "succeeded", artifacts=(late,)),
            StageRecord("second", "succeeded", artifacts=(early,)),
        ),
    )
    assert download(archive, both, "m", tmp_path / "a").read_bytes() == b"late"
    assert download(archive, both, "m", tmp_path / "b", stage_id="second").read_bytes() == b"early"
    frame = artifacts_frame(SPEC, both)
    assert frame["stage_name"].tolist() == ["train", "load"]
    assert frame["kind"].tolist() == ["file", "file"]
    assert str(frame["saved_time"].dt.tz) == "UTC"


def test_what_is_not_there_is_named_and_nothing_is_overwritten(archive: Archive, tmp_path: Path) -> None:
    artifact = saved(Intake(archive, SPEC, Uploads()), "model", (file("content"), b"x"), folder=False)
    with pytest.raises(KeyError, match=r"job job has no artifact 'modell'; it has saved 'model'"):
        download(archive, record(artifact), "modell", tmp_path / "a")
    with pytest.raises(KeyError, match="stage 'first' of job job has no artifact 'model'; it has saved none"):
        download(archive, record(artifact), "model", tmp_path / "a", stage_id="first")
    for there in ("file", "folder", "link"):
        path = tmp_path / there
        match there:
            case "file":
                path.touch()
            case "folder":
                path.mkdir()
            case _:
                path.symlink_to("nowhere")
        with pytest.raises(FileExistsError, match="is there already"):
            download(archive, record(artifact), "model", path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["archive", "file", "folder", "link"]


def test_a_job_without_artifacts_has_an_empty_frame() -> None:
    frame = artifacts_frame(SPEC, record())
    assert len(frame) == 0
    assert list(frame.columns)[:3] == ["key", "stage_id", "stage_name"]


def test_an_artifact_of_a_cached_stage_outlives_either_store(tmp_path: Path) -> None:
    cache = DirectoryStore(tmp_path / "cache")
    first, second = (Archive(DirectoryStore(tmp_path / name), cache=cache) for name in ("first", "second"))
    content = os.urandom(100)
    files = ((file("content"), content), (file("none"), b""))
    artifact = saved(Intake(first, SPEC, Uploads()), "m", *files, stage="first")
    assert Intake(second, SPEC, Uploads()).bring(artifact)
    download(second, record(artifact), "m", tmp_path / "a")
    assert (tmp_path / "a" / "content").read_bytes() == content
    cache.delete(layout.blob(hashlib.sha256(content).hexdigest()))
    assert not Intake(second, SPEC, Uploads()).bring(artifact)
    assert not Intake(second, SPEC, Uploads()).bring(replace(artifact, manifest="0" * 64))
    download(first, record(artifact), "m", tmp_path / "b")


def test_an_artifact_of_a_stage_that_is_not_cached_stays_out_of_the_cache(tmp_path: Path) -> None:
    cache = DirectoryStore(tmp_path / "cache")
    archive = Archive(DirectoryStore(tmp_path / "archive"), cache=cache)
    saved(Intake(archive, SPEC, Uploads()), "m", (file("content"), b"x"))
    assert list(cache.list("")) == []
