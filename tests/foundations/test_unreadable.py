"""What one object of an archive can't give never ends a job that can compute it: it is a miss, and the log says why."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from foundations_archive import layout
from foundations_archive.records import CacheEntry
from tests.archive.conftest import make_bucket  # noqa: F401 - a fixture
from tests.foundations.conftest import MakeProject, Project

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
