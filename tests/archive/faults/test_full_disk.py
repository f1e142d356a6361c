"""Whole jobs whose archive lies on a disk that fills up: a clear error, and what was archived before is as it was."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from foundations.results import load_value
from foundations_archive.archive import Archive, open_archive
from foundations_archive.records import JobSpec
from tests.archive.faults.judging import assert_whole, later
from tests.conftest import cannot

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a small disk is a tmpfs here")

MODEL = """\
import os
from pathlib import Path
import foundations

def small(n):
    print("a line of", n)
    foundations.log_metric("n", n)
    return "x" * 5000

def large(text):
    print("makes what is too large")
    return os.urandom(16_000_000)

def fills(text):
    print("fills the disk")
    with open(Path(os.environ["DISK"], "filler"), "wb", buffering=0) as file:
        try:
            while file.write(bytes(65536)):
                pass
        except OSError:
            return text
"""

DRIVER = """\
import sys
import foundations, model

foundations.set_project_name("full")
stage = foundations.create_stage(model.small)(7).persist().enable_caching()
for name in sys.argv[1:]:
    stage = foundations.create_stage(getattr(model, name))(stage).persist()
print(stage.run().result()[:3])
"""

Done = subprocess.CompletedProcess[str]
Drive = Callable[..., Done]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    command = [*sudo, "mount", "-t", "tmpfs", "-o", "size=4m,mode=1777", "tmpfs", str(folder)]
    if not shutil.which(command[0]) or subprocess.run(command, capture_output=True, check=False).returncode:
        cannot("no small disk can be mounted here")
    yield folder
    subprocess.run([*sudo, "umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def drive(tmp_path: Path, disk: Path, tmp_path_factory: pytest.TempPathFactory) -> Drive:
    """Run a driver whose archive is on the small disk, and whose home is not."""
    root, home = tmp_path / "project", tmp_path / "home"
    (root / "config").mkdir(parents=True)
    (root / "model.py").write_text(MODEL)
    (root / "driver.py").write_text(DRIVER)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("FOUNDATIONS_")}
    own = {"FOUNDATIONS_HOME": str(home), "FOUNDATIONS_ARCHIVE": str(disk / "archive"), "DISK": str(disk)}

    def run(*stages: str) -> Done:
        return subprocess.run(
            [sys.executable, "driver.py", *stages],
            cwd=root,
            env={**inherited, **own},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return run


def assert_clear(done: Done) -> None:
    """Assert that the driver says what happened, where and what to do, with no frame of ours."""
    assert done.returncode == 1
    assert "No space left on device (ENOSPC); make room there, or use another directory" in done.stderr
    files = [line.split('"')[1] for line in done.stderr.splitlines() if line.startswith('  File "')]
    assert {Path(file).name for file in files} <= {"driver.py", "model.py"}


def assert_intact(archive: Archive, spec: JobSpec, folder: Path) -> None:
    """Assert that the job that had ended before is as it was."""
    record = archive.record(spec)
    assert record.state == "Completed"
    assert record.stages[0].value
    assert load_value(archive, record.stages[0].value) == "x" * 5000
    assert [series.values for series in record.metrics] == [(7,)]
    assert_whole(archive, spec, record, folder)


def test_a_result_that_the_disk_has_no_room_for_is_a_failed_job_that_says_so(
    drive: Drive, disk: Path, tmp_path: Path
) -> None:
    assert drive().returncode == 0
    archive = open_archive(str(disk / "archive"))
    ((before, _),) = archive.jobs()
    assert_clear(drive("large"))
    _, (spec, record) = archive.jobs()
    assert record.state == "Failed"
    assert "ENOSPC" in (record.error or "")
    assert [stage.status for stage in record.stages] == ["cached", "failed"]
    assert "makes what is too large" in [event.get("text") for event in archive.events(spec.job_id)]
    assert_intact(archive, before, tmp_path / "first")
    assert_whole(archive, spec, record, tmp_path / "second")
    assert not list((disk / "archive" / ".tmp").iterdir())
    assert drive().returncode == 0


def test_a_disk_that_is_full_to_the_last_byte_takes_nothing_along(drive: Drive, disk: Path, tmp_path: Path) -> None:
    assert drive().returncode == 0
    archive = open_archive(str(disk / "archive"))
    ((before, _),) = archive.jobs()
    assert_clear(drive("fills"))
    assert_intact(archive, before, tmp_path / "first")
    _, (spec, record) = archive.jobs()
    assert record.state == "Running"  # nothing could be written of it any more
    assert later(archive, 61).record(spec).state == "Lost"
    assert [row["status"] for row in archive.rows("full")] == ["Completed", "Running"]
    assert_whole(archive, spec, record, tmp_path / "second")
    refused = drive()
    assert_clear(refused)
    assert len(archive.jobs()) == 2
    (disk / "filler").unlink()
    assert drive().returncode == 0
    assert [row["status"] for row in archive.rows("full")] == ["Completed", "Running", "Completed"]
