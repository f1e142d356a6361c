"""What an archive says of jobs."""

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import foundations
from foundations import JobPersister, ResultReader, get_metrics_for_all_jobs
from foundations.bundle import pack, upload
from foundations.errors import UnknownProject
from foundations.values import encode
from foundations_archive.archive import Archive
from foundations_archive.errors import ArchiveDamaged, ArchiveForbidden
from foundations_archive.records import JobSpec, StageRecord, StageSpec, Value
from foundations_archive.series import Series

PutJob = Callable[..., JobSpec]


def stored(archive: Archive, value: Any) -> Value:
    encoding, buffers = encode(value)
    return Value(encoding, tuple(archive.blobs.put_bytes(bytes(buffer)) for buffer in buffers))


def stages(**second: Any) -> tuple[StageRecord, StageRecord]:
    return StageRecord("first", "succeeded", 1, 2, 1), StageRecord("second", **{"status": "succeeded", **second})


@pytest.fixture
def reader(archive: Archive) -> ResultReader:
    return ResultReader(archive)


def test_a_project_has_a_row_a_job_oldest_first(archive: Archive, put_job: PutJob) -> None:
    for job_id, created in (("b", 2.0), ("c", 3.0), ("a", 1.0)):
        put_job(job_id, created=created, metrics=[Series("second", "loss", (created,), (2.0,))])
    put_job("elsewhere", project="other")
    frame = get_metrics_for_all_jobs("demo")
    assert frame["job_id"].tolist() == ["a", "b", "c"]
    assert frame["loss"].tolist() == [1.0, 2.0, 3.0]
    assert "path-0" in frame
    assert "path-0" not in get_metrics_for_all_jobs("demo", include_input_params=False)


def test_a_job_that_has_not_ended_has_a_row(put_job: PutJob) -> None:
    put_job("queued", state="Queued", created=1.0)
    put_job("running", state="Running", created=2.0)
    put_job("failed", state="Failed", created=3.0)
    assert get_metrics_for_all_jobs("demo")["status"].tolist() == ["Queued", "Running", "Failed"]


def test_an_unknown_project_names_the_nearest_known_ones(archive: Archive, put_job: PutJob) -> None:
    for number, project in enumerate(("demo_project", "demo_projects", "something else")):
        put_job(f"job-{number}", project=project)
    with pytest.raises(UnknownProject) as raised:
        get_metrics_for_all_jobs("demo_projekt")
    assert isinstance(raised.value, ValueError)
    assert raised.value.project == "demo_projekt"
    assert str(raised.value) == (
        f"no job was run under the project 'demo_projekt' in the archive at {archive.location}; "
        "did you mean 'demo_project'?"
    )


def test_an_unknown_project_far_from_all_names_what_there_is(put_job: PutJob) -> None:
    put_job("job", project="demo")
    with pytest.raises(UnknownProject, match="its projects are 'demo'"):
        get_metrics_for_all_jobs("zzzzzzzz")


@pytest.mark.parametrize(
    ("project", "said"), [(None, "None of type NoneType"), (["demo"], r"\['demo'\] of type list"), (3, "3 of type int")]
)
def test_a_project_that_is_no_text_is_refused(project: Any, said: str) -> None:
    with pytest.raises(TypeError, match=f"^project_name is a text, got {said}$"):
        get_metrics_for_all_jobs(project)


def test_a_reader_of_something_else_than_an_archive_is_refused() -> None:
    wrong: Any = "s3://bucket/prefix"
    with pytest.raises(TypeError, match=r"^ResultReader takes what JobPersister.load_archiver_fetch\(\) opens"):
        ResultReader(wrong)


def test_an_empty_archive_has_no_projects_and_empty_frames(archive: Archive, reader: ResultReader) -> None:
    with pytest.raises(UnknownProject, match="its projects are none"):
        get_metrics_for_all_jobs("demo")
    assert len(reader.get_results()) == len(reader.get_job_information()) == 0
    assert not Path(archive.location).exists()


@pytest.mark.parametrize("project", ["Demo Project", "grüße/🎉", "../..", "x" * 1000, "a:b", "\ud800", " "])
def test_a_project_may_have_any_name(put_job: PutJob, project: str) -> None:
    put_job("job", project=project)
    put_job("other", project="other")
    frame = get_metrics_for_all_jobs(project)
    assert frame["job_id"].tolist() == ["job"]
    assert frame["project_name"].tolist() == [project]


def test_the_reader_works_within_and_after_the_with_block(put_job: PutJob) -> None:
    put_job("job")
    with JobPersister.load_archiver_fetch() as fetch:
        reader = ResultReader(fetch)
        assert len(reader.get_job_information()) == 2
    assert len(reader.get_job_information()) == 2
    assert len(ResultReader().get_job_information()) == 2


def test_results_are_of_all_projects(reader: ResultReader, archive: Archive, put_job: PutJob) -> None:
    put_job("one", project="a", metrics=[Series("first", "loss", (1,), (1.0,))])
    put_job("two", project="b", stages=stages(value=stored(archive, 3)))
    frame = reader.get_results()
    assert frame["job_name"].tolist() == ["one", "two"]
    assert frame["stage_name"].tolist() == ["load", "train"]
    assert frame["has_unstructured_result"].tolist() == [False, True]


def test_the_source_of_a_stage_is_that_of_the_newest_job_that_has_it(reader: ResultReader, put_job: PutJob) -> None:
    put_job("new", created=2.0)
    put_job("old", created=1.0)
    assert reader.get_source_code("first") == "def load(path): ...  # new"
    assert reader.get_source_code("second") is None
    assert reader.get_source_code("unknown") is None


@pytest.mark.parametrize("value", [3, (1, 2), {"a": [None]}, "text", None, {1: {2}}, b"x" * 40_000_000])
def test_a_persisted_output_comes_back(reader: ResultReader, archive: Archive, put_job: PutJob, value: Any) -> None:
    put_job("job", stages=stages(value=stored(archive, value)))
    outputs = reader.get_unstructured_results("job", "second")
    assert outputs == [value]
    assert type(outputs[0]) is type(value)


def test_an_output_that_is_written_in_the_record_comes_back(reader: ResultReader, put_job: PutJob) -> None:
    put_job("job", stages=stages(value=Value("json", inline='["gr\\u00fc\\u00dfe", 1]')))
    assert reader.get_unstructured_results("job", "second") == [["grüße", 1]]


def test_an_array_that_was_persisted_can_be_written_to(reader: ResultReader, archive: Archive, put_job: PutJob) -> None:
    put_job("job", stages=stages(value=stored(archive, {"weights": np.arange(5.0)})))
    weights = reader.get_unstructured_results("job", "second")[0]["weights"]
    weights[0] = 7
    assert weights.tolist() == [7, 1, 2, 3, 4]


def test_outputs_of_several_stages_come_in_the_order_asked_for(
    reader: ResultReader, archive: Archive, put_job: PutJob
) -> None:
    put_job("job", stages=stages(value=stored(archive, 600)))
    assert reader.get_unstructured_results("job", ["second", "first", "second"]) == [600, None, 600]
    assert reader.get_unstructured_results("job", []) == []


class Counted(tuple[StageSpec, ...]):
    """Stages that count how often somebody goes through them."""

    passes = 0

    def __iter__(self) -> Iterator[StageSpec]:
        Counted.passes += 1
        return super().__iter__()


def test_outputs_of_many_stages_take_no_more_passes_over_the_job_than_one_does(
    reader: ResultReader, archive: Archive, put_job: PutJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = put_job("job", stages=stages(value=stored(archive, 600)))
    monkeypatch.setattr(archive, "spec", lambda job_id: replace(spec, stages=Counted(spec.stages)))
    passes = []
    for count in (1, 100):
        Counted.passes = 0
        assert reader.get_unstructured_results("job", ["second"] * count) == [600] * count
        passes.append(Counted.passes)
    assert passes[0] == passes[1] > 0


@pytest.mark.parametrize("status", ["failed", "skipped", "not run"])
def test_a_persisted_stage_that_did_not_end_well_has_none(reader: ResultReader, put_job: PutJob, status: str) -> None:
    put_job("job", stages=stages(status=status), state="Failed")
    assert reader.get_unstructured_results("job", "second") == [None]


def test_a_persisted_stage_of_a_job_that_runs_has_none_yet(reader: ResultReader, put_job: PutJob) -> None:
    put_job("job", state="Running")
    assert reader.get_unstructured_results("job", "second") == [None]


def test_an_output_that_could_not_be_serialized_is_a_type_error_that_names_stage_and_job(
    reader: ResultReader, put_job: PutJob
) -> None:
    put_job("job", stages=stages(unserializable="lock: cannot pickle '_thread.lock' object"))
    with pytest.raises(TypeError) as raised:
        reader.get_unstructured_results("job", "second")
    assert str(raised.value) == (
        "the result of stage train in job job was not kept, it could not be serialized: "
        "lock: cannot pickle '_thread.lock' object"
    )


@pytest.mark.parametrize("damage", ["", "other bytes"])
def test_a_damaged_output_names_the_key(reader: ResultReader, archive: Archive, put_job: PutJob, damage: str) -> None:
    value = stored(archive, 600)
    put_job("job", stages=stages(value=value))
    digest = value.buffers[0].chunks[0]
    archive.store.put(f"blobs/{digest[:2]}/{digest}", damage.encode())
    with pytest.raises(ArchiveDamaged, match=f"blobs/{digest[:2]}/{digest}"):
        reader.get_unstructured_results("job", "second")


def test_error_information_is_the_trace_of_the_job_or_of_a_stage(reader: ResultReader, put_job: PutJob) -> None:
    put_job("fine")
    put_job("bad", state="Failed", error="the trace", stages=stages(status="failed", error="the trace"))
    put_job("running", state="Running")
    assert reader.get_error_information("bad") == "the trace"
    assert reader.get_error_information("bad", "second") == "the trace"
    assert reader.get_error_information("bad", "first") is None
    assert reader.get_error_information("fine") is None
    assert reader.get_error_information("running") is None


ASKING: list[Callable[[ResultReader, str], Any]] = [
    lambda reader, job: reader.get_unstructured_results(job, "second"),
    lambda reader, job: reader.get_error_information(job),
    lambda reader, job: reader.create_working_copy(job, "/nowhere"),
]


@pytest.mark.parametrize("ask", ASKING)
@pytest.mark.parametrize("job_id", ["nope", "", "no such job", "../../live", "a/b", "ü", "x" * 5000, "\0", "."])
def test_an_unknown_job_is_a_key_error_that_names_it(
    reader: ResultReader, archive: Archive, put_job: PutJob, ask: Callable[[ResultReader, str], Any], job_id: str
) -> None:
    put_job("job")
    with pytest.raises(KeyError) as raised:
        ask(reader, job_id)
    assert raised.value.args == (f"there is no job {job_id!r} in the archive at {archive.location}",)


def test_an_unknown_stage_is_a_key_error_that_names_it_and_the_job(reader: ResultReader, put_job: PutJob) -> None:
    put_job("job")
    for ask in (reader.get_unstructured_results, reader.get_error_information):
        with pytest.raises(KeyError, match="job job has no stage 'third'"):
            ask("job", "third")  # type: ignore[operator]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "model"
    (root / "package" / "deep").mkdir(parents=True)
    (root / "driver.py").write_bytes(b"print('hi')\r\n")
    (root / "package" / "run.sh").write_bytes(b"#!/bin/sh\n")
    (root / "package" / "run.sh").chmod(0o755)
    (root / "package" / "deep" / "weights.bin").write_bytes(os.urandom(20_000_000))
    (root / "grüße").write_bytes(b"")
    (root / "latest").symlink_to("package/deep")
    return root


def bundled(archive: Archive, tree: Path) -> str:
    manifest = pack(tree, paths=(".",))
    upload(archive.blobs, tree, manifest)
    return archive.blobs.put(manifest.to_bytes())


def contents(root: Path) -> dict[str, Any]:
    return {
        path.relative_to(root).as_posix(): (
            str(path.readlink()) if path.is_symlink() else path.is_file() and path.read_bytes(),
            stat.S_IMODE(path.lstat().st_mode),
        )
        for path in root.rglob("*")
    }


def test_a_working_copy_is_the_model_directory_byte_for_byte_with_its_modes(
    reader: ResultReader, archive: Archive, put_job: PutJob, tree: Path, tmp_path: Path
) -> None:
    put_job("job", bundle=bundled(archive, tree))
    empty = tmp_path / "empty"
    empty.mkdir()
    for target in (tmp_path / "new" / "copy", str(empty)):
        reader.create_working_copy("job", target)
        assert contents(Path(target)) == contents(tree)


def test_a_working_copy_never_goes_over_what_is_there(
    reader: ResultReader, archive: Archive, put_job: PutJob, tree: Path, tmp_path: Path
) -> None:
    put_job("job", bundle=bundled(archive, tree))
    for target in (tree, tree / "driver.py"):
        before = contents(tree)
        with pytest.raises(FileExistsError, match="is there already and not an empty folder; give another path"):
            reader.create_working_copy("job", target)
        assert contents(tree) == before


def test_a_working_copy_of_a_damaged_archive_leaves_nothing(
    reader: ResultReader, archive: Archive, put_job: PutJob, tree: Path, tmp_path: Path
) -> None:
    digest = bundled(archive, tree)
    put_job("job", bundle=digest)
    archive.store.delete(f"blobs/{digest[:2]}/{digest}")
    with pytest.raises(KeyError, match=digest):
        reader.create_working_copy("job", tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_archive_that_may_not_be_read_is_not_taken_for_an_empty_one(archive: Archive, put_job: PutJob) -> None:
    put_job("job")
    Path(archive.location).chmod(0)
    try:
        with pytest.raises(ArchiveForbidden):
            get_metrics_for_all_jobs("demo")
    finally:
        Path(archive.location).chmod(0o755)


def test_reading_needs_no_job_and_writes_nothing(archive: Archive, put_job: PutJob) -> None:
    put_job("job")
    before = contents(Path(archive.location))
    reader = foundations.ResultReader()
    reader.get_results()
    reader.get_job_information()
    reader.get_error_information("job")
    get_metrics_for_all_jobs("demo")
    assert contents(Path(archive.location)) == before
