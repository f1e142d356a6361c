"""Archives of every format that was ever written stay readable; tests/archive/golden/make.py has made these."""

import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

import foundations
from foundations.errors import ArchiveUntrusted, NewerFormat
from foundations.reader import ResultReader, get_metrics_for_all_jobs
from foundations_archive.archive import Archive, open_archive
from foundations_archive.envelope import FORMAT
from foundations_archive.manifest import Manifest
from foundations_archive.records import Value
from foundations_archive.series import Series
from foundations_archive.signing import SigningKey
from tests.archive.golden import make

GOLDEN = Path(make.__file__).parent
STATES = {
    "completed": "Completed",
    "failed": "Failed",
    "cancelled": "Cancelled",
    "lost": "Lost",
    "late": "Completed",
    "running": "Running",
    "queued": "Queued",
}
KEY = SigningKey((b"the key of the golden archives, no secret",))


@pytest.fixture
def location(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the golden archive of format 1, whose markers are young; the selected environment's."""
    copied = Path(shutil.copytree(GOLDEN / "1", tmp_path / "archive"))
    monkeypatch.setenv("FOUNDATIONS_ARCHIVE", str(copied))
    set_age(copied, 0)
    return copied


@pytest.fixture
def reader(location: Path) -> ResultReader:
    return ResultReader(open_archive(str(location)))


def set_age(location: Path, seconds: float) -> None:
    for marker in (location / "live").rglob("*"):
        os.utime(marker, (time.time() - seconds,) * 2)


def rows() -> dict[str, dict[str, Any]]:
    frame = get_metrics_for_all_jobs("golden").astype(object)
    return {row["job_id"]: row for row in frame.to_dict("records")}


def stages_of(reader: ResultReader, job: str) -> list[dict[str, Any]]:
    frame = reader.get_job_information()
    return list(frame[frame.job_name == job].to_dict("records"))


def test_each_format_has_its_golden_archive() -> None:
    found = {path.name for path in GOLDEN.iterdir() if path.name.isdigit()}
    assert found == {str(number) for number in range(1, FORMAT + 1)}


def test_the_jobs_are_listed_with_their_states(location: Path) -> None:
    assert {job: row["status"] for job, row in rows().items()} == STATES
    assert list(rows()) == list(STATES)
    set_age(location, 7200)
    assert {job: row["status"] for job, row in rows().items()} == {**STATES, "running": "Lost", "queued": "Lost"}
    archive = open_archive(str(location))
    assert {job: archive.state(archive.spec(job)) for job in STATES} == {**STATES, "running": "Lost", "queued": "Lost"}


@pytest.mark.usefixtures("location")
def test_the_queue_is_read() -> None:
    assert foundations.get_queued_jobs()["job_id"].tolist() == ["queued"]


@pytest.mark.usefixtures("location")
def test_a_row_has_all_that_it_was_written_with() -> None:
    row = rows()["completed"]
    assert row["project_name"] == "golden"
    assert row["user"] == "grace"
    assert row["start_time"].isoformat() == "2023-11-14T22:13:20+00:00"
    assert row["completed_time"].isoformat() == "2023-11-14T22:14:20+00:00"
    assert (row["rate"], row["layers"], row["optimizer"]) == (0.5, [64, 32], {"name": "adam"})
    assert (row["path-0"], row["rows-1"], row["rate-1"]) == ("data.txt", "load", 0.5)
    assert (row["tag_team"], row["tag_reviewed"]) == ("vision", True)
    assert (row["accuracy"], row["best"], row["steps"]) == (0.875, "résnet", list(range(600)))
    assert row["loss"][:2] == [0.5, 0.25]
    assert row["loss"][2] != row["loss"][2]
    assert len(row["loss"]) == 3
    assert rows()["late"]["accuracy"] == 0.875
    assert rows()["running"]["accuracy"] == 0.875


def test_stages_have_what_became_of_them(reader: ResultReader) -> None:
    one, two = stages_of(reader, "completed")
    assert (one["stage_name"], one["stage_status"], one["args"], one["kwargs"]) == (
        "load",
        "succeeded",
        ["data.txt"],
        {},
    )
    assert (two["stage_name"], two["stage_status"], two["args"]) == ("train", "succeeded", ["load", 0.5])
    assert (two["stage_id"], two["parent_ids"]) == ("two", ["one"])
    assert two["delta_time"].total_seconds() == 11
    assert [stage["stage_status"] for stage in stages_of(reader, "failed")] == ["failed", "skipped"]
    assert [stage["stage_status"] for stage in stages_of(reader, "cancelled")] == ["not run", "not run"]
    assert [stage["stage_status"] for stage in stages_of(reader, "lost")] == ["not run", "not run"]
    record = foundations.get_deployment("completed")._archive.sealed("completed")
    assert record
    assert (record.stages[1].attempts, record.image, record.events) == (2, "golden:1", 18)


def test_results_are_read(reader: ResultReader) -> None:
    results = reader.get_results()
    kept = results[results.job_name == "completed"]
    assert kept["has_unstructured_result"].tolist() == [True, True]
    expected = [list(range(2000)), {"numbers": {1, 2, 3}, "bytes": b"beside the pickle"}]
    for job in ("completed", "late", "hidden"):
        assert reader.get_unstructured_results(job, ["one", "two"]) == expected
    assert foundations.get_deployment("completed").result() == expected[1]
    assert reader.get_unstructured_results("running", "one") == expected[:1]


def test_signatures_hold(location: Path) -> None:
    signed = ResultReader(Archive(open_archive(str(location)).store, signing=KEY))
    assert signed.get_unstructured_results("completed", "two")[0]["numbers"] == {1, 2, 3}
    other = ResultReader(Archive(open_archive(str(location)).store, signing=SigningKey((b"k" * 32,))))
    with pytest.raises(ArchiveUntrusted):
        other.get_unstructured_results("completed", "two")


@pytest.mark.usefixtures("location")
def test_a_job_that_failed_raises_what_it_raised() -> None:
    with pytest.raises(foundations.JobFailedError) as raised:
        foundations.get_deployment("failed").result()
    assert (raised.value.stage_name, raised.value.exception_type) == ("load", "ValueError")
    assert isinstance(raised.value.__cause__, ValueError)
    assert raised.value.__cause__.args == ("row 3",)


def test_errors_sources_and_logs_are_read(reader: ResultReader) -> None:
    assert (reader.get_error_information("failed", "one") or "").endswith("ValueError: row 3")
    assert reader.get_error_information("lost") == "its courier stopped reporting"
    assert reader.get_error_information("completed") is None
    assert reader.get_source_code("one") == "def load(path):\n    return [1, 2]\n"
    log = "starting\nreading data.txt, ça va\ndone\n"
    assert foundations.get_deployment("completed").get_job_logs() == log
    assert foundations.get_deployment("lost").get_job_logs() == "starting\nreading data.txt, ça va\nlast words\n"


def test_artifacts_and_the_model_directory_are_written_again(reader: ResultReader, tmp_path: Path) -> None:
    (artifact,) = reader.get_artifacts("completed").to_dict("records")
    assert (artifact["key"], artifact["kind"], artifact["size"], artifact["files"]) == ("model/latest", "folder", 3, 1)
    saved = reader.download_artifact("completed", "model/latest", tmp_path / "saved")
    assert (saved / "weights.bin").read_bytes() == b"\0\1\2"
    assert (saved / "logs").is_dir()
    reader.create_working_copy("completed", tmp_path / "copy")
    copy = tmp_path / "copy"
    assert (copy / "data.txt").read_text() == "three\n"
    assert (copy / "link.txt").readlink() == Path("data.txt")
    assert (copy / "tools/run.sh").stat().st_mode & 0o111


def test_a_hidden_job_is_in_no_listing_and_read_by_its_id(reader: ResultReader) -> None:
    assert "hidden" not in rows()
    assert "hidden" not in set(reader.get_job_information()["job_name"])
    assert foundations.get_deployment("hidden").get_metric("accuracy") == 0.875


@pytest.mark.usefixtures("location")
def test_a_project_of_an_odd_name_is_found() -> None:
    (row,) = get_metrics_for_all_jobs("größe/../🎉").to_dict("records")
    assert (row["job_id"], row["user"], row["tag_a/../b"]) == ("odd", "", "\ud800")


def test_the_cache_entry_and_the_spec_are_what_was_written(location: Path) -> None:
    archive = open_archive(str(location))
    entry = archive.cached("c0" * 32)
    assert entry
    assert (entry.job_id, entry.stage, entry.seconds) == ("completed", "two", 2.5)
    assert entry.metrics == (Series("two", "loss", (0.5, 0.25), (1_700_000_000.0, 1_700_000_001.0)),)
    assert (entry.tags, entry.parameters, entry.artifacts[0].key) == (
        {"reviewed": True},
        {"momentum": 0.9},
        "model/latest",
    )
    spec = archive.spec("completed")
    assert isinstance(spec.graph, Value)
    assert (spec.python, spec.environment, spec.requirements) == ("3.11", "local", "numpy==2.0\n")
    assert (spec.facts["foundations"], dict(spec.concurrency), spec.given) == ("0.1", {"threads": 2}, ("rate",))
    assert Manifest.from_bytes(archive.blobs.get(spec.bundle)).paths == (".",)


def test_an_archive_of_a_newer_format_is_refused_by_every_reader(location: Path) -> None:
    descriptor = location / "foundations.json"
    body = json.loads(descriptor.read_text())
    assert (body["format"], body["min_reader"]) == (1, 1)
    # a newer format that this version may still read
    descriptor.write_text(json.dumps({**body, "format": FORMAT + 1}))
    assert len(rows()) == len(STATES)
    descriptor.write_text(json.dumps({**body, "format": FORMAT + 1, "min_reader": FORMAT + 1}))
    refused = f"has format {FORMAT + 1}, this version reads up to {FORMAT}; upgrade foundations"
    for read in (rows, ResultReader, foundations.get_queued_jobs, lambda: foundations.get_deployment("completed")):
        with pytest.raises(NewerFormat, match=refused):
            read()
    with pytest.raises(NewerFormat, match=refused):
        open_archive(str(location)).check()


def test_a_descriptor_that_can_not_be_read_does_not_hide_the_jobs(location: Path) -> None:
    (location / "foundations.json").write_text("{")
    assert len(rows()) == len(STATES)


def test_a_record_of_a_newer_format_is_refused_by_name(location: Path) -> None:
    key = "jobs/queued/spec.json"
    text = (location / key).read_text()
    assert text.startswith('{"format": 1,')
    (location / key).write_text(text.replace('"format": 1', f'"format": {FORMAT + 1}', 1))
    with pytest.raises(NewerFormat, match=f"the record {key} was written by a newer version; upgrade foundations"):
        foundations.get_deployment("queued")


def test_the_script_makes_what_is_committed_and_overwrites_nothing(tmp_path: Path) -> None:
    made = tmp_path / "made"
    make.main(made)
    archive = open_archive(str(made))
    assert {row["job_id"] for row in archive.rows("golden")} == set(STATES)
    with pytest.raises(SystemExit, match="never changed"):
        make.main(GOLDEN / str(FORMAT))
