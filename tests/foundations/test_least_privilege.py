"""Who may only read can read everything, and who may not delete can run jobs: under the policies of docs/trust.md."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from foundations_archive import ArchiveForbidden, S3Settings, S3Store
from foundations_archive.archive import Archive, open_archive
from foundations_archive.envelope import unseal
from tests.archive.conftest import make_bucket  # noqa: F401 - a fixture
from tests.foundations.conftest import MakeProject, Project
from tests.foundations.guarded_server import guarded_server
from tests.jobs.test_other_users import python_for

PAGE = Path(__file__).parents[2] / "docs" / "trust.md"
ROLES = ["reader", "courier", "driver", "collector"]
NOBODY = 65534

DRIVER = """
    import pathlib
    import foundations

    def make(n):
        foundations.log_metric("n", n)
        foundations.set_tag("kind", "least")
        pathlib.Path("weights").write_text("w" * n)
        foundations.save_artifact("weights")
        print("computed")
        return set(range(n))

    def fail(numbers):
        raise ValueError("no")

    foundations.set_project_name("least")
    made = foundations.create_stage(make)(1000).persist().enable_caching()
    print(made.run(job_name=JOB).job_name())
    try:
        foundations.create_stage(fail)(made).run(job_name=JOB + "-fails")
    except foundations.JobFailedError:
        pass
"""

READER = """
    import inspect, json, sys, tempfile
    from pathlib import Path
    import foundations
    import foundations.errors
    from foundations import Deployment, JobPersister, ResultReader, get_deployment

    JOB, FAILED = sys.argv[1], sys.argv[1] + "-fails"
    folder = Path(tempfile.mkdtemp())
    reader, job, failed = ResultReader(), get_deployment(JOB), get_deployment(FAILED)
    stage = reader.get_job_information().stage_id.iloc[0]
    with JobPersister.load_archiver_fetch() as fetch:
        ResultReader(fetch).get_results()
    try:
        foundations.get_metrics_for_all_jobs("leest")
    except foundations.errors.UnknownProject as error:
        print(error, file=sys.stderr)
    read = {
        "get_metrics_for_all_jobs": lambda: foundations.get_metrics_for_all_jobs("least").status.tolist(),
        "get_queued_jobs": lambda: len(foundations.get_queued_jobs()),
        "get_results": lambda: reader.get_results().n.tolist(),
        "get_job_information": lambda: reader.get_job_information().stage_status.tolist(),
        "get_source_code": lambda: reader.get_source_code(stage).splitlines()[0],
        "get_unstructured_results": lambda: len(reader.get_unstructured_results(JOB, stage)[0]),
        "get_error_information": lambda: reader.get_error_information(FAILED).splitlines()[-1],
        "create_working_copy": lambda: reader.create_working_copy(JOB, folder / "copy"),
        "job_name": job.job_name,
        "get_job_status": job.get_job_status,
        "is_job_complete": job.is_job_complete,
        "wait_for_deployment_to_complete": job.wait_for_deployment_to_complete,
        "get_job_logs": job.get_job_logs,
        "stream_job_logs": lambda: list(job.stream_job_logs()),
        "fetch_job_results": lambda: job.fetch_job_results().tag_kind.tolist(),
        "get_metric": lambda: job.get_metric("n"),
        "get_artifacts": lambda: [len(job.get_artifacts()), len(reader.get_artifacts(JOB))],
        "download_artifact": lambda: [
            len(one.download_artifact(*arguments).read_text())
            for one, arguments in ((job, ["weights", folder / "1"]), (reader, [JOB, "weights", folder / "2"]))
        ],
        "result": lambda: len(job.result()),
        "show": lambda: "make" in foundations.show(failed).mermaid(),
    }
    public = {name for kind in (ResultReader, Deployment) for name in vars(kind) if name[0] != "_"}
    assert public - set(read) == {"cancel"}, public ^ set(read)
    print(json.dumps({name: one() for name, one in read.items()}))
"""
EXPECTED = {
    "get_metrics_for_all_jobs": ["Completed", "Failed"],
    "get_queued_jobs": 0,
    "get_results": [1000, 1000],
    "get_job_information": ["succeeded", "cached", "failed"],
    "get_source_code": "def make(n):",
    "get_unstructured_results": 1000,
    "get_error_information": "ValueError: no",
    "create_working_copy": None,
    "get_job_status": "Completed",
    "is_job_complete": True,
    "wait_for_deployment_to_complete": None,
    "get_job_logs": "computed\n",
    "stream_job_logs": ["computed"],
    "fetch_job_results": ["least"],
    "get_metric": 1000,
    "get_artifacts": [1, 1],
    "download_artifact": [1000, 1000],
    "result": 1000,
    "show": True,
}


def script(text: str) -> str:
    return "\n".join(line[4:] for line in text.splitlines())


def policies() -> dict[str, Any]:
    """Return the policies of the page, by role."""
    found = re.findall(r"### An? (\w+)\n.*?```json\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return {role: json.loads(text) for role, text in found}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, S3Settings]]:
    """A server that has a user for each role of the page, with just its policy, for any bucket and prefix `least`."""
    assert list(policies()) == ROLES
    text = {role: json.dumps(policy).replace("PREFIX", "least") for role, policy in policies().items()}
    texts = {role: text[role].replace("BUCKET", "least-bucket") for role in ROLES}
    with guarded_server(tmp_path_factory.mktemp("guarded"), texts) as settings:
        yield settings


def as_role(settings: S3Settings) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": settings.endpoint_url or "",
        "AWS_DEFAULT_REGION": settings.region or "",
        "AWS_ACCESS_KEY_ID": settings.access_key_id or "",
        "AWS_SECRET_ACCESS_KEY": settings.secret_access_key or "",
        "FOUNDATIONS_ARCHIVE": "s3://least-bucket/least",
    }


@pytest.fixture(scope="module")
def project(make_project: MakeProject) -> Project:
    made = make_project("least")
    made.write("driver.py", f"import sys\nJOB = sys.argv[1]\n{script(DRIVER)}")
    made.write("reader.py", script(READER))
    return made


def keys(archive: Archive, prefix: str = "") -> list[str]:
    return [entry.key for entry in archive.store.list(prefix)]


@pytest.mark.s3
def test_each_role_on_s3_can_do_its_work_and_no_more(
    guarded: dict[str, S3Settings],
    project: Project,
    make_bucket: Callable[..., str],  # noqa: F811 - the fixture
) -> None:
    make_bucket(guarded["owner"], "least-bucket")
    archives = {role: Archive(S3Store("least-bucket", "least", one)) for role, one in guarded.items()}

    # a courier's policy is enough for a driver too; what it may not delete is left and harms nobody
    ran = project.python("driver.py", "one", **as_role(guarded["courier"]))
    assert ran.returncode == 0, ran.stderr
    assert [key.rpartition("/")[2] for key in keys(archives["owner"], "live/")] == ["one", "one-fails"]
    with pytest.raises(ArchiveForbidden):
        archives["courier"].store.delete("live/least/one")
    # that of the stage that was computed, released without the right to delete
    (lease,) = keys(archives["owner"], "leases/")
    assert unseal("lease", archives["owner"].store.get(lease), lease)["released"]
    with pytest.raises(ArchiveForbidden):
        archives["courier"].store.delete(lease)

    read = project.python("reader.py", "one", **as_role(guarded["reader"]))
    assert read.returncode == 0, read.stderr
    assert json.loads(read.stdout) == {**EXPECTED, "job_name": "one"}
    assert "did you mean 'least'?" in read.stderr
    before = keys(archives["owner"])
    with pytest.raises(ArchiveForbidden, match="s3:PutObject to run jobs"):
        archives["reader"].check()
    refused = project.python("driver.py", "two", **as_role(guarded["reader"]))
    assert refused.returncode == 1
    assert "foundations.errors.ArchiveForbidden" in refused.stderr or "ArchiveForbidden" in refused.stderr
    assert keys(archives["owner"]) == before

    # a driver takes its markers away, and nothing else
    ran = project.python("driver.py", "three", **as_role(guarded["driver"]))
    assert ran.returncode == 0, ran.stderr
    assert [key.rpartition("/")[2] for key in keys(archives["owner"], "live/")] == ["one", "one-fails"]
    with pytest.raises(ArchiveForbidden):
        archives["driver"].store.delete("jobs/three/spec.json")

    for key in keys(archives["collector"], "live/"):
        archives["collector"].store.delete(key)
    assert not keys(archives["owner"], "live/")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that another user may enter; pytest's own are root's alone."""
    made = Path(tempfile.mkdtemp(prefix="foundations-test-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


def as_nobody(folder: Path, *arguments: str, archive: Path) -> "subprocess.CompletedProcess[str]":
    if os.getuid() != 0 or not shutil.which("setpriv"):
        pytest.skip("only root, with setpriv, can become another user")
    prefix = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    scratch.chmod(0o777)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "FOUNDATIONS_ARCHIVE": str(archive),
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return subprocess.run(
        [*prefix, python_for(prefix), *arguments],
        cwd=scratch,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def tree(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(path): (path.stat().st_mtime_ns, path.stat().st_mode) for path in folder.rglob("*")}


def test_a_user_who_may_only_read_a_directory_reads_everything(project: Project, folder: Path) -> None:
    archive = folder / "archive"
    ran = project.python("driver.py", "one", FOUNDATIONS_ARCHIVE=str(archive))
    assert ran.returncode == 0, ran.stderr
    before = tree(archive)
    shutil.copy(project.root / "reader.py", folder)
    read = as_nobody(folder, str(folder / "reader.py"), "one", archive=archive)
    assert read.returncode == 0, read.stderr
    assert json.loads(read.stdout) == {**EXPECTED, "job_name": "one"}
    assert tree(archive) == before


def test_a_marker_that_may_not_be_deleted_is_left_and_the_job_ends_well(folder: Path) -> None:
    code = """
        import sys
        from dataclasses import replace
        from foundations_archive.archive import open_archive
        from tests.archive.test_archive import a_record, a_spec
        archive = open_archive(sys.argv[1])
        archive.finish(a_spec(), a_record(), attempt="1")
        print(archive.state(a_spec()), [row["status"] for row in archive.rows()], archive.queued())
    """
    archive = open_archive(str(folder / "archive"))
    from tests.archive.test_archive import a_spec

    archive.check()
    archive.submit(a_spec())
    archive.start("job", "1", {})
    root = folder / "archive"
    for path in (root, *(one for one in root.rglob("*") if one.is_dir())):
        path.chmod(0o777)
    (root / "live" / "demo").chmod(0o555)
    (root / "idx").mkdir(mode=0o777, exist_ok=True)
    (root / "idx").chmod(0o777)
    (folder / "finish.py").write_text("\n".join(line[8:] for line in code.splitlines()))
    done = as_nobody(folder, str(folder / "finish.py"), str(root), archive=root)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "Completed ['Completed'] []\n"
    assert keys(archive, "live/") == ["live/demo/job"]
    assert len(archive.rows()) == 1
