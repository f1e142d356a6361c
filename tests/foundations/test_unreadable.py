"""What one object of an archive can't give never ends a job that can compute it: it is a miss, and the log says why."""

import hashlib
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from foundations_archive import S3Settings, S3Store, layout
from foundations_archive.archive import Archive
from foundations_archive.records import CacheEntry
from foundations_archive.upkeep.check import check
from tests.archive.conftest import make_bucket  # noqa: F401 - a fixture
from tests.foundations.conftest import MakeProject, Project
from tests.foundations.guarded_server import guarded_server

if TYPE_CHECKING:
    import subprocess

MODEL = """
    import os
    from pathlib import Path

    import foundations
    import numpy


    def ran(name):
        Path(os.environ["RUNS"], f"{name}-{os.urandom(4).hex()}").touch()


    def make(number):
        ran("make")
        Path("weights").write_text("w" * 5000)
        foundations.save_artifact("weights")
        return numpy.arange(number)


    def words(number):
        ran("words")
        return "x" * number


    def total(made, text, extra):
        ran("total")
        return int(made.sum()) + len(text) + extra
"""
DRIVER = """
    import sys

    import foundations
    import model

    make, words, total = map(foundations.create_stage, (model.make, model.words, model.total))
    last = total(make(100_000), words(10_000), int(sys.argv[1]))
    print("ANSWER", last.enable_caching().persist().run().result())
"""
ANSWER = 99_999 * 50_000 + 10_000

# root reads everything, unless it gives that up
_AS_USER = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]
_PROGRAM = "import os, sys; os.execvp(sys.argv[1], sys.argv[1:])"

Harm = Callable[[Path], None]


def without_rights(path: Path) -> None:
    path.chmod(0)


def into_a_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def into_a_folder_of_files(path: Path) -> None:
    into_a_directory(path)
    (path / "file").touch()


def into_a_circle(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


def flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


HEALED: list[Harm] = [without_rights, into_a_directory, into_a_circle, flipped]


@pytest.fixture
def project(make_project: MakeProject) -> Iterator[Project]:
    made = make_project("unreadable")
    made.write("model.py", MODEL)
    made.write("driver.py", DRIVER)
    assert ran(made) == ["make", "total", "words"]
    yield made
    for path in made.archive_path.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o700)


def as_user(project: Project, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run Python as somebody whom the modes of files bind."""
    if os.geteuid() == 0 and not shutil.which("setpriv"):
        pytest.skip("only with setpriv root can be bound by modes")
    prefix = _AS_USER if os.geteuid() == 0 else []
    return project.python("-c", _PROGRAM, *prefix, sys.executable, *words, **environment)


def ran(project: Project, extra: int = 0, **environment: str) -> list[str]:
    """Run the driver, which has to give the right answer; return which stages ran."""
    runs = Path(project.root, "..", "runs").resolve()
    shutil.rmtree(runs, ignore_errors=True)
    runs.mkdir()
    done = as_user(project, "driver.py", str(extra), RUNS=str(runs), **environment)
    assert done.returncode == 0, done.stderr
    assert f"ANSWER {ANSWER + extra}\n" in done.stdout
    return sorted(file.name.partition("-")[0] for file in runs.iterdir())


def log(project: Project) -> str:
    *_, job_id = sorted(project.archive.job_ids())
    return "\n".join(event["text"] for event in project.archive.events(job_id) if event["event"] == "log")


def entries(project: Project) -> dict[str, tuple[Path, CacheEntry]]:
    """Return the files of all entries, and what they hold, by the functions of their stages."""
    found = {}
    for file in sorted((project.archive_path / layout.CACHE).glob("*/*.json")):
        entry = project.archive.cached(file.stem)
        assert entry is not None
        (stage,) = (one for one in project.archive.spec(entry.job_id).stages if one.id == entry.stage)
        found[stage.name] = file, entry
    return found


def blob(project: Project, digest: str) -> Path:
    return project.archive_path / layout.blob(digest)


@pytest.mark.parametrize("harm", HEALED)
def test_entries_that_cannot_be_read_are_misses_and_heal(project: Project, harm: Harm) -> None:
    for file, _ in entries(project).values():
        harm(file)
    assert ran(project) == ["make", "total", "words"]
    assert ("may not read cache/" in log(project)) == (harm is without_rights)
    assert log(project).count("unless another entry serves it the stage is computed anew") == (
        3 if harm in (without_rights, flipped) else 0
    )
    assert ran(project) == []


def test_an_entry_that_cannot_be_written_leaves_the_job_alone(project: Project) -> None:
    file, _ = entries(project)["make"]
    into_a_folder_of_files(file)
    for extra in (0, 1):
        assert "make" in ran(project, extra)
        assert f"the cache does not keep the result of this stage: could not write cache/{file.parent.name}/" in log(
            project
        )
    found = {stage["stage_name"]: stage["stage_status"] for stage in project.stages()}
    assert found == {"make": "succeeded", "words": "cached", "total": "succeeded"}


def test_folders_of_somebody_else_leave_the_job_alone(project: Project) -> None:
    (project.archive_path / layout.CACHE).chmod(0)
    for _ in range(2):
        assert ran(project) == ["make", "total", "words"]
        assert log(project).count("the cache does not keep the result of this stage: user") == 3
    (project.archive_path / layout.CACHE).chmod(0o700)
    # of a result that the job does not keep the cache alone has the value
    _, entry = entries(project)["words"]
    folder = blob(project, next(iter(entry.value.chunks))).parent
    if folder in {blob(project, digest).parent for digest in unharmed(project, entry)}:
        pytest.skip("by chance the job's own files lie in the same folder")
    folder.chmod(0)
    assert ran(project, 1) == ["total", "words"]
    assert f"may not look at blobs/{folder.name}/" in log(project)
    assert "the cache does not keep the result of this stage: user" in log(project)


def unharmed(project: Project, entry: CacheEntry) -> set[str]:
    """Return the names of all blobs but those of a value."""
    return {file.name for file in (project.archive_path / "blobs").glob("*/*")} - entry.value.chunks


@pytest.mark.parametrize("harm", HEALED)
def test_values_that_cannot_be_read_are_misses_and_heal_at_once(project: Project, harm: Harm) -> None:
    found = [entries(project)[name][1] for name in ("make", "words")]
    assert len(found[0].value.chunks) > 1
    for digest in {digest for entry in found for digest in entry.value.chunks}:
        harm(blob(project, digest))
    assert ran(project, 1) == ["make", "total", "words"]
    assert ("may not read blobs/" in log(project)) == (harm is without_rights)
    assert ran(project, 2) == ["total"]


@pytest.mark.parametrize("harm", HEALED)
def test_the_artifact_of_a_stage_that_would_be_served_is_made_anew(project: Project, harm: Harm) -> None:
    (artifact,) = entries(project)["make"][1].artifacts
    harm(blob(project, artifact.manifest))
    assert ran(project) == ["make"]
    assert ran(project) == []
    assert project.archive.blobs.get(artifact.manifest)


@pytest.mark.parametrize("harm", HEALED)
def test_an_explanation_that_cannot_be_read_ends_nothing(project: Project, harm: Harm) -> None:
    for digest in {digest for _, entry in entries(project).values() for digest in entry.explanation}:
        harm(blob(project, digest))
    assert ran(project) == []
    *_, job_id = sorted(project.archive.job_ids())
    told = as_user(project, "-m", "foundations", "why", job_id)
    assert told.returncode == 0, told.stderr
    assert "Traceback" not in told.stderr
    assert ran(project, 1) == ["total"]


def test_entries_that_were_exchanged_serve_nothing(project: Project) -> None:
    (first, _), (second, _) = entries(project)["make"], entries(project)["words"]
    one, other = first.read_bytes(), second.read_bytes()
    first.write_bytes(other)
    second.write_bytes(one)
    wrong = {finding.key for finding in check(project.archive).findings}
    assert wrong == {str(file.relative_to(project.archive_path)) for file in (first, second)}
    assert ran(project, 1) == ["make", "total", "words"]
    assert re.search(r"the record cache/\S+ was written for cache/\S+;", log(project))
    assert ran(project, 2) == ["total"]


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, S3Settings]]:
    """A server with users who may do everything but read entries of the cache, or the value of `words`."""
    value = hashlib.sha256(json.dumps("x" * 10_000).encode()).hexdigest()
    denied = {"entries": "cache/*", "values": layout.blob(value)}

    def statement(effect: str, action: str, *below: str) -> dict[str, object]:
        return {"Effect": effect, "Action": [action], "Resource": [f"arn:aws:s3:::unreadable{one}" for one in below]}

    policies = {
        name: {
            "Version": "2012-10-17",
            "Statement": [statement("Allow", "s3:*", "", "/*"), statement("Deny", "s3:GetObject", f"/a/{below}")],
        }
        for name, below in denied.items()
    }
    texts = {name: json.dumps(policy) for name, policy in policies.items()}
    with guarded_server(tmp_path_factory.mktemp("guarded"), texts) as settings:
        yield settings


@pytest.mark.s3
def test_objects_that_a_server_refuses_are_misses(
    guarded: dict[str, S3Settings],
    project: Project,
    make_bucket: Callable[..., str],  # noqa: F811 - the fixture
) -> None:
    make_bucket(guarded["owner"], "unreadable")

    def run(user: str, extra: int) -> tuple[list[str], str]:
        settings = guarded[user]
        variables = {
            "AWS_ENDPOINT_URL": settings.endpoint_url or "",
            "AWS_DEFAULT_REGION": settings.region or "",
            "AWS_ACCESS_KEY_ID": settings.access_key_id or "",
            "AWS_SECRET_ACCESS_KEY": settings.secret_access_key or "",
            "FOUNDATIONS_ARCHIVE": "s3://unreadable/a",
        }
        stages = ran(project, extra, **variables)
        archive = Archive(S3Store("unreadable", "a", guarded["owner"]))
        *_, job_id = sorted(archive.job_ids())
        return stages, "\n".join(one["text"] for one in archive.events(job_id) if one["event"] == "log")

    assert run("owner", 0)[0] == ["make", "total", "words"]
    assert run("owner", 1)[0] == ["total"]
    stages, told = run("entries", 0)
    assert stages == ["make", "total", "words"]
    # those of each stage's two keys, and what can't be read back is not kept
    assert told.count("refuses GetObject cache/") == 9
    assert told.count("the stage is computed anew") == 6
    stages, told = run("values", 2)
    assert stages == ["total", "words"]
    assert "refuses" in told
