"""SIGKILL of driver, courier and worker at every step of a job's life: counted in one run, then one run for each."""

import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from foundations_archive import S3Settings
from foundations_archive.archive import Archive, open_archive
from foundations_archive.records import JobSpec
from tests.archive.conftest import MakeBucket
from tests.archive.faults.jobs_that_crash import Aftermath, CrashableProject, Point, wait_until_gone
from tests.archive.faults.judging import (
    BEHIND_SECONDS,
    assert_lines_kept,
    assert_mended,
    assert_whole,
    later,
    lines_of,
    the_job,
)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a worker outlives its courier here")

_AT_ONCE = 6
_RESULT = "result 27000000\n"


@dataclass(frozen=True)
class Place:
    """Somewhere that jobs are archived at, a new one each time."""

    project: CrashableProject
    folder: Path
    settings: S3Settings | None = None
    bucket: str = ""

    def run(self, point: Point, **variables: str) -> Aftermath:
        name = uuid.uuid4().hex
        location = f"s3://{self.bucket}/{name}" if self.bucket else str(self.folder / name / "archive")
        return self.project.run(self.folder / name, location, point, **variables)

    def archive(self, after: Aftermath) -> Archive:
        return open_archive(after.location, s3=vars(self.settings) if self.settings else None)

    def points(self, who: str, **variables: str) -> list[Point]:
        """Run a job that nobody kills, and return every point of its process `who`.

        On S3 those between writes are left out: on a directory it is the same code that comes to them. Nowhere are
        there points at reads: they change nothing, so who dies at one leaves what the write before it left.
        """
        after = self.run(Point(), **variables)
        assert after.driver.returncode == 0, after.driver.stderr
        return [
            Point(who, note["step"], note["number"], phase)
            for note in after.steps(who)
            for phase in (("before", "half", "after") if note["halves"] else ("before", "after"))
            if not (self.bucket and note["step"].startswith("event"))
        ]

    def killed_at(self, points: Iterable[Point], **variables: str) -> Iterable[Aftermath]:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            yield from pool.map(lambda point: self.run(point, **variables), points)


@pytest.fixture(scope="session")
def crashable(tmp_path_factory: pytest.TempPathFactory) -> CrashableProject:
    return CrashableProject.made(tmp_path_factory.mktemp("crashable"))


@pytest.fixture(params=["directory", pytest.param("s3", marks=pytest.mark.s3)])
def place(
    request: pytest.FixtureRequest, tmp_path: Path, crashable: CrashableProject, make_bucket: MakeBucket
) -> Place:
    if request.param == "directory":
        return Place(crashable, tmp_path)
    settings: S3Settings = request.getfixturevalue("s3_settings")
    variables = {
        "AWS_ENDPOINT_URL": settings.endpoint_url or "",
        "AWS_DEFAULT_REGION": settings.region or "",
        "AWS_ACCESS_KEY_ID": settings.access_key_id or "",
        "AWS_SECRET_ACCESS_KEY": settings.secret_access_key or "",
    }
    project = CrashableProject(crashable.root, crashable.home, variables)
    return Place(project, tmp_path, settings, make_bucket(settings))


def judge(place: Place, after: Aftermath, *, expected: set[str]) -> tuple[Archive, JobSpec | None]:
    """Assert what holds wherever somebody was killed, and that the job's state is one of those expected."""
    assert after.killed is not None, "the process has not come to this step"
    archive = place.archive(after)
    found = the_job(archive)
    assert_mended(archive)
    assert the_job(archive) == found
    if found is None:
        assert "nothing" in expected
        assert "result" not in after.driver.stdout
        return archive, None
    spec, record = found
    assert record.state in expected
    assert_whole(archive, spec, record, after.folder)
    assert_lines_kept(archive, spec.job_id, after.witnessed(), until=after.killed - BEHIND_SECONDS)
    if after.driver.stdout.endswith(_RESULT) or record.state == "Completed":
        assert record.state == "Completed"
        assert [stage.value is not None for stage in record.stages] == [False, True, True]
    return archive, spec


def test_a_driver_that_is_killed_anywhere_leaves_its_job_complete_or_not_begun(place: Place) -> None:
    for after in place.killed_at(place.points("driver")):
        with naming(after.point):
            # the order is on its way when it is encoded, and sent by whatever comes then
            has_order = after.done("driver", "start") > 0
            is_there = after.done("driver", "/spec.json") > 0
            state = "Completed" if has_order else "Queued" if is_there else "nothing"
            archive, spec = judge(place, after, expected={state})
            if spec and has_order:
                assert lines_of(archive, spec.job_id) == [text for _, text in after.witnessed()]
                assert "last sums up" in lines_of(archive, spec.job_id)
            elif spec:
                assert later(archive, 3601).state(spec) == "Lost"


def test_a_courier_that_is_killed_anywhere_under_its_drivers_eyes_is_a_failed_job(place: Place) -> None:
    for after in place.killed_at(place.points("courier")):
        with naming(after.point):
            is_sealed = after.done("courier", "/done.json") > 0
            archive, spec = judge(place, after, expected={"Completed" if is_sealed else "Failed"})
            assert spec
            assert after.driver.returncode == (0 if is_sealed else 1)
            assert after.driver.stdout.endswith(_RESULT) == is_sealed
            assert is_sealed or "SIGKILL" in after.driver.stderr
            assert later(archive, 3601).state(spec) == archive.state(spec)


def test_a_courier_that_is_killed_anywhere_and_seen_by_nobody_is_a_lost_job(place: Place) -> None:
    # nobody hears of its events once it was let go
    points = [
        point
        for point in place.points("courier", WAIT="no")
        if not point.step.startswith("event") or point.step == "event job started"
    ]
    for after in place.killed_at(points, WAIT="no"):
        with naming(after.point):
            is_sealed = after.done("courier", "/done.json") > 0
            was_let_go = after.done("courier", "event job started") > 0
            state = "Completed" if is_sealed else "Running" if was_let_go else "Failed"
            archive, spec = judge(place, after, expected={state})
            assert spec
            assert after.driver.returncode == (0 if was_let_go else 1)
            assert ("goes on without this driver" in after.driver.stderr) == was_let_go
            if state == "Running":
                found = the_job(later(archive, 61))
                assert found
                assert found[1].state == "Lost"


def test_a_worker_that_is_killed_anywhere_is_a_failed_job_with_all_that_it_had_said(
    tmp_path: Path, crashable: CrashableProject
) -> None:
    place = Place(crashable, tmp_path)  # it never sees the archive: one kind of store is enough
    for after in place.killed_at(place.points("worker")):
        with naming(after.point):
            has_finished = after.done("worker", "say finished") > 0
            archive, spec = judge(place, after, expected={"Completed" if has_finished else "Failed"})
            assert spec
            record = archive.record(spec)
            assert lines_of(archive, spec.job_id) == [text for _, text in after.witnessed()]
            succeeded = [stage.status for stage in record.stages].count("succeeded")
            assert succeeded == after.done("worker", "say ended")
            numbers = after.done("worker", "note a number")
            assert [series.values for series in record.metrics] == ([tuple(range(numbers))] if numbers else [])
            assert has_finished or "SIGKILL" in after.driver.stderr


def test_no_line_older_than_two_seconds_is_lost_with_a_courier_whatever_it_was_writing(place: Place) -> None:
    long = {"LINES": "225", "WAIT": "no"}
    # two segments at least: how many more depends on how fast the machine is
    points = [point for point in place.points("courier", **long) if re.search("/ev/0000000[01]$", point.step)]
    assert len({point.step for point in points}) >= 2, "the job must be longer than a segment"
    for after in place.killed_at(points, **long):
        with naming(after.point):
            judge(place, after, expected={"Running", "Failed", "Completed"})


@pytest.mark.parametrize("who", ["courier", "both"])
def test_no_line_older_than_two_seconds_is_lost_with_a_courier_at_any_moment(
    who: str, tmp_path: Path, crashable: CrashableProject
) -> None:
    place = Place(crashable, tmp_path)

    def killed_after(line: int) -> tuple[Aftermath, float]:
        folder = tmp_path / uuid.uuid4().hex
        process = crashable.start(
            folder, str(folder / "archive"), LINES="225", WAIT="no" if who == "courier" else "yes"
        )
        point = Point("courier", f"printing of line {line}")
        after = Aftermath(point, subprocess.CompletedProcess([], 0, "", ""), folder, str(folder / "archive"))
        until(lambda: len(after.witnessed()) > line)
        courier = after.process("courier")
        if who == "both":
            process.kill()
        os.kill(courier, signal.SIGKILL)
        killed = time.time()
        process.communicate(timeout=60)
        wait_until_gone(folder)
        return after, killed

    with ThreadPoolExecutor(8) as pool:
        for after, killed in pool.map(killed_after, range(5, 225, 30)):
            with naming(after.point):
                archive = place.archive(after)
                spec, record = the_job(later(archive, 61)) or pytest.fail("there is no job")
                assert record.state == "Lost"
                assert_whole(archive, spec, record, after.folder)
                assert_mended(archive)
                assert_lines_kept(archive, spec.job_id, after.witnessed(), until=killed - BEHIND_SECONDS)


@contextmanager
def naming(point: Point) -> Iterator[None]:
    """Say with a failure which point it is about."""
    try:
        yield
    except BaseException as error:
        error.add_note(str(point))
        raise


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)
