"""Ctrl-C at any moment: the driver ends by it, the job is Cancelled, nothing is left on the engine."""

import signal
import time
from collections.abc import Callable
from subprocess import Popen

import pytest

from tests.jobs.conftest import Project, until

pytestmark = pytest.mark.docker

Driver = Popen[str]

MODEL = """\
import signal, time


def ignores():
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    print("began", flush=True)
    time.sleep(120)
"""

DRIVER = """\
import foundations, model

foundations.create_stage(model.ignores)().run()
"""


@pytest.fixture(scope="module")
def waiting(project: Project) -> Project:
    project.write("model.py", MODEL)
    project.write("driver.py", "import foundations\nfoundations.create_stage(len)('x').run()\n")
    assert project.run().returncode == 0, "the image and the runtime are there from here on"
    project.write("driver.py", DRIVER)
    return project


def says(process: Driver, part: str) -> None:
    """Return when the driver's standard error has shown `part`."""
    assert process.stderr
    for line in process.stderr:
        if part in line:
            return
    pytest.fail(f"the driver ended without saying {part!r}")


def assert_cancelled(waiting: Project, process: Driver, pressed: float) -> None:
    process.communicate(timeout=30)
    assert time.monotonic() - pressed < 5
    assert process.returncode == -signal.SIGINT
    assert waiting.last()[1].state == "Cancelled"
    assert not waiting.containers()


@pytest.mark.parametrize(
    "moment",
    [
        lambda waiting, process: says(process, "foundations: image "),
        lambda waiting, process: until(waiting.containers, what="the container"),
        lambda waiting, process: until(
            lambda: [one for one in waiting.containers() if one.status == "running"], what="a running container"
        ),
    ],
    ids=["image", "created", "started"],
)
def test_while_a_job_starts(waiting: Project, moment: Callable[[Project, Driver], None]) -> None:
    process = waiting.start()
    moment(waiting, process)
    process.send_signal(signal.SIGINT)
    assert_cancelled(waiting, process, time.monotonic())


def test_while_an_image_is_built(waiting: Project) -> None:
    # a line that nobody has installed yet: the engine has no layer for it
    waiting.write("requirements.txt", f"humanize==4.12.3; python_full_version != '9.9.{time.time_ns()}'\n")
    try:
        process = waiting.start()
        says(process, "building")
        process.send_signal(signal.SIGINT)
        assert_cancelled(waiting, process, time.monotonic())
        spec, _ = waiting.last()
        assert not waiting.archive.record(spec).image
    finally:
        (waiting.root / "requirements.txt").unlink()


def test_pressed_again_and_again(waiting: Project) -> None:
    process = waiting.start()
    assert process.stdout
    assert process.stdout.readline() == "began\n"
    pressed = time.monotonic()

    def ended() -> bool:
        process.send_signal(signal.SIGINT)
        return process.poll() is not None

    until(ended, what="the end of the driver")
    assert_cancelled(waiting, process, pressed)


CATCHING = """\
import foundations, model

try:
    foundations.create_stage(model.ignores)().run()
except KeyboardInterrupt:
    print("caught", foundations.create_stage(max)(1, 2).persist().run().result())
"""


def test_a_driver_that_catches_it_goes_on(waiting: Project) -> None:
    waiting.write("driver.py", CATCHING)
    try:
        process = waiting.start()
        assert process.stdout
        assert process.stdout.readline() == "began\n"
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=30)
        assert output == "caught 2\n", errors
        assert [record.state for _, record in waiting.archive.jobs()[-2:]] == ["Cancelled", "Completed"]
    finally:
        waiting.write("driver.py", DRIVER)
