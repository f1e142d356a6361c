"""With a signing key nothing is unpickled that somebody without the key has put into the archive."""

import ast
import io
import json
import os
import pickle
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest

from foundations.deployment import Deployment
from foundations.errors import ArchiveUntrusted, JobFailedError
from foundations.reader import ResultReader
from foundations.values import encode
from foundations_archive import layout
from foundations_archive.archive import Archive, open_archive
from foundations_archive.envelope import seal, unseal
from foundations_archive.records import StageRecord, Value, plain
from foundations_archive.signing import SigningKey, read_signing_key
from tests.foundations.conftest import MakeProject, Project, PutJob

ROOMS = ("archive", "foundations", "images", "runner")
REPOSITORY = Path(__file__).parents[2]
KEY = SigningKey((b"our own secret, of 32 bytes and more",))

DRIVER = """
    import foundations

    def make(n):
        print("computed")
        return set(range(n))

    print(len(foundations.create_stage(make)(1000).persist().enable_caching().run().result()))
"""


class Harm:
    """What writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


@pytest.fixture
def harmed(tmp_path: Path) -> Path:
    return tmp_path / "harmed"


@pytest.fixture
def planted(archive: Archive, harmed: Path) -> Value:
    """A pickle that does harm, put into the archive by someone who may write there and has no key."""
    return Value("pickle5", (archive.blobs.put_bytes(pickle.dumps(Harm(harmed))),))


Plant = Callable[[Value], None]


def in_record(archive: Archive, value: Value) -> None:
    """Exchange the record that seals the job."""
    (key,) = [entry.key for entry in archive.store.list("jobs/") if entry.key.endswith("done.json")]
    body = unseal("job", archive.store.get(key), key)
    body["stages"][1]["value"] = plain(value)
    archive.store.put(key, seal("job", body))


def in_another_attempt(archive: Archive, value: Value) -> None:
    """Put a record beside the one that seals the job, which is read before it."""
    stages = (StageRecord("first", "succeeded"), StageRecord("second", "succeeded", value=value))
    spec = archive.spec("job")
    archive.finish(spec, replace(archive.record(spec), stages=stages), attempt="0000")


def in_events(archive: Archive, value: Value) -> None:
    """Take the record away, and say in the log of the job, which then seems to run, what its value is."""
    for entry in list(archive.store.list("jobs/")):
        if entry.key.endswith("done.json"):
            archive.store.delete(entry.key)
            attempt = entry.key.split("/")[3]
    for entry in list(archive.store.list("idx/")):
        archive.store.delete(entry.key)  # which would tell of the record
    archive.heartbeat("demo", "job")
    end = {"stage": "second", "status": "succeeded", "value": plain(value)}
    archive.append("job", attempt, 0, [{"n": 0, "time": 1.0, "event": "stage ended", **end}])


PLACES = [in_record, in_another_attempt, in_events]


@pytest.fixture
def signed_job(archive: Archive, put_job: PutJob) -> Archive:
    """An archive with a key, and a signed job in it that has kept a pickle."""
    value = Value("pickle5", (archive.blobs.put_bytes(pickle.dumps({1})),))
    archive.signing = KEY
    put_job("job", stages=(StageRecord("first", "succeeded"), StageRecord("second", "succeeded", value=value)))
    return archive


def forger(archive: Archive) -> Archive:
    return open_archive(archive.location)


def test_a_signed_result_is_read(signed_job: Archive) -> None:
    assert ResultReader(signed_job).get_unstructured_results("job", "second") == [{1}]
    assert Deployment(signed_job, signed_job.spec("job")).result() == {1}


@pytest.mark.parametrize("plant", PLACES)
def test_a_planted_result_is_refused_by_name(
    signed_job: Archive, planted: Value, harmed: Path, plant: Callable[[Archive, Value], None]
) -> None:
    plant(forger(signed_job), planted)
    with pytest.raises(ArchiveUntrusted, match=r"the record jobs/job/a/\S+ is not signed"):
        ResultReader(signed_job).get_unstructured_results("job", "second")
    if plant is not in_events:
        with pytest.raises(ArchiveUntrusted, match=r"the record jobs/job/a/\S+ is not signed"):
            Deployment(signed_job, signed_job.spec("job")).result()
    assert not harmed.exists()
    # all that is not run is still read
    assert len(ResultReader(signed_job).get_job_information()) == 2


@pytest.mark.parametrize("plant", PLACES)
def test_without_a_key_whoever_may_write_is_trusted(
    signed_job: Archive, planted: Value, harmed: Path, plant: Callable[[Archive, Value], None]
) -> None:
    """What the test before this one plants does harm where nobody looks at signatures."""
    plant(forger(signed_job), planted)
    ResultReader(forger(signed_job)).get_unstructured_results("job", "second")
    assert harmed.exists()


def test_a_handle_that_has_read_a_planted_record_before_unpickles_nothing_of_it(
    signed_job: Archive, planted: Value, harmed: Path
) -> None:
    (key,) = [entry.key for entry in signed_job.store.list("jobs/") if entry.key.endswith("done.json")]
    honest = signed_job.store.get(key)
    in_record(forger(signed_job), planted)
    deployment = Deployment(signed_job, signed_job.spec("job"))
    deployment.fetch_job_results()
    signed_job.store.put(key, honest)
    assert deployment.result() == {1}
    assert not harmed.exists()


def test_a_planted_blob_is_found_damaged(signed_job: Archive, harmed: Path) -> None:
    record = signed_job.record(signed_job.spec("job"))
    value = record.stages[1].value
    assert value
    (digest,) = value.buffers[0].chunks
    signed_job.store.put(layout.blob(digest), b"FB1\0" + pickle.dumps(Harm(harmed)))
    with pytest.raises(ValueError, match="is damaged"):
        ResultReader(signed_job).get_unstructured_results("job", "second")
    assert not harmed.exists()


def test_a_result_that_is_json_needs_no_signature(archive: Archive, put_job: PutJob) -> None:
    value = Value("json", inline="[1]")
    put_job("job", stages=(StageRecord("first", "succeeded"), StageRecord("second", "succeeded", value=value)))
    archive.signing = KEY
    assert ResultReader(archive).get_unstructured_results("job", "second") == [[1]]


def test_a_result_that_is_an_array_needs_no_signature_and_one_that_is_a_frame_does(
    archive: Archive, put_job: PutJob
) -> None:
    for name, made in (("npy", numpy.arange(3)), ("arrow", pandas.DataFrame({"a": [1, 2]}))):
        encoding, buffers = encode(made)
        assert encoding == name
        value = Value(encoding, tuple(archive.blobs.put_bytes(bytes(buffer)) for buffer in buffers))
        put_job(name, stages=(StageRecord("first", "succeeded"), StageRecord("second", "succeeded", value=value)))
    assert ResultReader(archive).get_unstructured_results("arrow", "second")[0].a.tolist() == [1, 2]
    archive.signing = KEY
    assert ResultReader(archive).get_unstructured_results("npy", "second")[0].tolist() == [0, 1, 2]
    with pytest.raises(ArchiveUntrusted):
        ResultReader(archive).get_unstructured_results("arrow", "second")


def test_a_pickle_that_calls_itself_an_array_is_not_unpickled(signed_job: Archive, harmed: Path) -> None:
    file = io.BytesIO()
    numpy.save(file, numpy.array([Harm(harmed)], dtype=object), allow_pickle=True)
    for data in (file.getvalue(), pickle.dumps(Harm(harmed))):
        in_record(forger(signed_job), Value("npy", (signed_job.blobs.put_bytes(data),)))
        with pytest.raises(ValueError, match=r"objects|magic"):
            ResultReader(signed_job).get_unstructured_results("job", "second")
    assert not harmed.exists()


def test_a_pickle_that_calls_itself_json_is_not_unpickled(signed_job: Archive, harmed: Path) -> None:
    text = pickle.dumps(Harm(harmed), protocol=0).decode()
    in_record(forger(signed_job), Value("json", inline=text))
    with pytest.raises(ValueError, match="Expecting value"):
        ResultReader(signed_job).get_unstructured_results("job", "second")
    in_record(forger(signed_job), Value("pickle5", inline=text))
    with pytest.raises(ArchiveUntrusted):
        ResultReader(signed_job).get_unstructured_results("job", "second")
    assert not harmed.exists()


def test_a_planted_exception_is_not_imported(
    archive: Archive, put_job: PutJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "harmful_module.py").write_text(
        "import os\nos.mkdir(os.path.join(os.path.dirname(__file__), 'harmed'))\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    exception = {"module": "harmful_module", "name": "Gone", "text": "no", "args": ["no"], "attributes": {}}
    failed = StageRecord("first", "failed", error="Traceback", exception=exception)
    spec = put_job("job", state="Failed", stages=(failed, StageRecord("second", "skipped")))
    archive.signing = KEY
    with pytest.raises(JobFailedError, match="in stage load") as raised:
        Deployment(archive, spec).result()
    assert (raised.value.__cause__, raised.value.exception_type) == (None, "harmful_module.Gone")
    assert not (tmp_path / "harmed").exists()
    with pytest.raises(JobFailedError):
        Deployment(forger(archive), spec).result()
    assert (tmp_path / "harmed").exists()


def test_a_signed_exception_is_made_again(archive: Archive, put_job: PutJob) -> None:
    archive.signing = KEY
    exception = {"module": "builtins", "name": "KeyError", "text": "'x'", "args": ["x"], "attributes": {}}
    failed = StageRecord("first", "failed", error="Traceback", exception=exception)
    spec = put_job("job", state="Failed", stages=(failed, StageRecord("second", "skipped")))
    with pytest.raises(JobFailedError) as raised:
        Deployment(archive, spec).result()
    assert isinstance(raised.value.__cause__, KeyError)


@pytest.fixture
def project(make_project: MakeProject) -> Project:
    """A project with a signing key beside its model directory."""
    made = make_project("signed")
    made.write("driver.py", DRIVER)
    return made


@pytest.fixture
def key_file(project: Project) -> Path:
    """The key, where a careless user would leave it: in the model directory."""
    made = project.write("config/signing.key", "k" * 64)
    made.chmod(0o600)
    project.write(
        "config/local.config.yaml",
        """
        job_deployment_env: local
        results_config: {signing_key_file: config/signing.key}
        """,
    )
    return made


def entries(project: Project) -> Iterator[str]:
    for entry in project.archive.store.list(""):
        yield entry.key


def test_a_job_is_signed_from_end_to_end_and_the_key_stays_at_home(project: Project, key_file: Path) -> None:
    assert project.drive().stdout == "computed\n1000\n"
    assert project.drive().stdout == "1000\n"
    signing = read_signing_key(key_file)
    other = ("blobs/", layout.DESCRIPTOR)
    records = [key for key in entries(project) if not key.startswith(other) and not layout.is_pack(key)]
    assert {key.partition("/")[0] for key in records} >= {"cache", "idx", "jobs"}
    for key in records:
        data = project.archive.store.get(key)
        head = json.loads(data) if data[:3] != b"FZ1" else {"kind": "job"}
        unseal(head["kind"], data, key, signing=signing)
    everything = [file for file in project.archive_path.rglob("*") if file.is_file()]
    assert everything
    assert not any(b"k" * 64 in file.read_bytes() for file in everything)


def test_a_planted_cache_entry_is_a_miss_that_is_told_once_and_replaced(
    project: Project, key_file: Path, harmed: Path
) -> None:
    del key_file
    project.drive()
    (key,) = [key for key in entries(project) if key.startswith("cache/")]
    forger = project.archive
    body = unseal("cache", forger.store.get(key), key)
    body["value"] = plain(Value("pickle5", (forger.blobs.put_bytes(pickle.dumps(Harm(harmed))),)))
    forger.store.put(key, seal("cache", body))
    ended = project.drive()
    assert ended.stdout == "computed\n1000\n"
    warnings = [line for line in ended.stderr.splitlines() if "warning" in line]
    assert len(warnings) == 1
    assert f"the record {key} is not signed" in warnings[0]
    assert project.drive().stdout == "1000\n"
    assert not harmed.exists()


def test_an_entry_of_before_the_key_is_computed_anew(project: Project, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("k" * 64)
    key.chmod(0o600)
    assert project.drive().stdout == "computed\n1000\n"
    ended = project.drive(FOUNDATIONS_SIGNING_KEY_FILE=str(key))
    assert ended.stdout == "computed\n1000\n"
    assert "is not signed" in ended.stderr
    assert project.drive(FOUNDATIONS_SIGNING_KEY_FILE=str(key)).stdout == "1000\n"
    assert project.drive().stdout == "1000\n"


def test_without_a_usable_key_nothing_is_run_and_nothing_written(project: Project, key_file: Path) -> None:
    key_file.chmod(0o644)
    ended = project.python("driver.py")
    assert ended.returncode == 1
    assert f"{key_file} is open to other users (mode 644)" in ended.stderr
    key_file.unlink()
    missing = project.python("driver.py", FOUNDATIONS_SIGNING_KEY_FILE="nowhere.key")
    assert missing.returncode == 1
    assert "nowhere.key can't be read: No such file" in missing.stderr
    assert not project.archive_path.exists()


def places() -> Iterator[tuple[str, str, str]]:
    """Yield each call, of any room, that unpickles or could: where it is, and what is called."""
    names = {"loads", "load", "Unpickler", "load_value", "decode", "read_pickle"}
    modules = {"pickle", "cloudpickle", "marshal", "shelve", "dill", "joblib", "numpy", "pandas"}
    for room in ROOMS:
        for file in sorted((REPOSITORY / room).rglob("*.py")):
            text = file.read_text()
            # of this name there are other functions, which have to do with streams
            known = names | ({"original"} if file.name == "originals.py" or "foundations.originals" in text else set())
            for function in [one for one in ast.walk(ast.parse(text)) if isinstance(one, ast.FunctionDef)]:
                for call in [one for one in ast.walk(function) if isinstance(one, ast.Call)]:
                    match call.func:
                        case ast.Attribute(ast.Name(module), name) if module in modules and name in names:
                            yield file.relative_to(REPOSITORY).as_posix(), function.name, f"{module}.{name}"
                        case ast.Name(name) if name in known:
                            yield file.relative_to(REPOSITORY).as_posix(), function.name, name


def test_whatever_unpickles_is_known_and_behind_a_signature() -> None:
    assert set(places()) == {
        # the graph: the courier hands over that of a spec which is signed
        ("foundations/worker.py", "main", "pickle.loads"),
        # the one way from stored bytes to a value
        ("foundations/values.py", "decode", "pickle.loads"),
        # a cached result: the courier hands over that of an entry which is signed
        ("foundations/report.py", "_loaded", "decode"),
        # code that ran in a process of a stage, told by a process of our own
        ("foundations/keys/observer.py", "take_over", "marshal.loads"),
        # a persisted result: `_vouched` gives the value of a record that is signed
        ("foundations/results.py", "result_of", "load_value"),
        ("foundations/results.py", "load_value", "decode"),
        # an exception, whose module is imported: `believed` only where the record is signed, or there is no key
        ("foundations/failures.py", "job_failed", "original"),
        ("foundations/originals.py", "_member", "original"),
        # what the processes of one job send each other over pipes
        ("foundations/stage_processes.py", "_answer", "decode"),
        ("foundations/stage_processes.py", "_error", "pickle.loads"),
        ("foundations/stage_process.py", "_run", "pickle.loads"),
        ("foundations/stage_process.py", "_pickled", "pickle.loads"),
    }
