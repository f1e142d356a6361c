"""Whatever ends a job in a container: the driver says why, the archive has all up to then, nothing is left."""

import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from docker.types import Mount

from foundations_archive.records import JobSpec
from foundations_runner.engine import refusals
from foundations_runner.errors import EngineRefused
from tests.jobs.conftest import Done, Project, until

pytestmark = pytest.mark.docker

MODEL = """\
import ctypes, os, signal, sys, time
import foundations


def load(n):
    return n


def begin(n):
    foundations.log_metric("n", n)
    print("began with", n)
    print("a line on the error stream", file=sys.stderr)


def raises(n):
    begin(n)
    return inner(n)


def inner(n):
    raise ValueError(f"no model for {n}")


def exits(n):
    begin(n)
    os._exit(3)


def segfaults(n):
    begin(n)
    ctypes.string_at(0)


def eats(n):
    begin(n)
    return len(bytearray(500_000_000))


def waits(n):
    begin(n)
    time.sleep(120)


def ignores(n):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    waits(n)


def short(n):
    begin(n)
    time.sleep(2)
    print("and ended")
    return n


def after(n):
    return n
"""

DRIVER = """\
import sys
import foundations, model

foundations.set_project_name("faults")
if len(sys.argv) > 2:
    foundations.set_environment(sys.argv[2])
load, stage, after = (foundations.create_stage(getattr(model, name)) for name in ("load", sys.argv[1], "after"))
after(stage(load(7))).run()
"""

LOG = ["began with 7", "a line on the error stream"]


@pytest.fixture(scope="module")
def faults(project: Project) -> Project:
    project.write("model.py", MODEL)
    project.write("driver.py", DRIVER)
    project.write("config/small.config.yaml", "job_deployment_env: docker\ndocker_config: {memory: 150m}\n")
    return project


def began(faults: Project, spec: JobSpec) -> list[str]:
    """The lines of the job's log that its stage wrote, sorted, as two streams have no order."""
    lines = [event["text"] for event in faults.archive.events(spec.job_id) if event["event"] == "log"]
    return sorted(line for line in lines if line in LOG)


def assert_failed(faults: Project, done: Done, reason: str, *, state: str = "Failed") -> None:
    spec, record = faults.last()
    assert record.state == state
    assert [(series.key, series.values) for series in record.metrics] == [("n", (7,))]
    assert began(faults, spec) == sorted(LOG)
    assert not faults.containers()
    if state == "Failed":
        assert done.returncode == 1
        assert [stage.status for stage in record.stages] == ["succeeded", "failed", "skipped"]
        assert re.search(reason, done.stderr)
        error = faults.reader.get_error_information(spec.job_id)
        assert error is not None
        assert re.search(reason, error)
        assert faults.reader.get_error_information(spec.job_id, spec.stages[0].id) is None


def test_a_stage_that_raises_gives_the_users_traceback_and_nothing_of_ours(faults: Project) -> None:
    done = faults.run("raises")
    assert_failed(faults, done, "ValueError: no model for 7")
    assert 'File "model.py", line 21, in inner' in done.stderr
    files = [line.split('"')[1] for line in done.stderr.splitlines() if line.startswith('  File "')]
    assert {Path(file).name for file in files} == {"driver.py", "model.py"}
    assert done.stderr.count("Traceback (most recent call last)") == 2


@pytest.mark.parametrize(
    ("stage", "environment", "reason"),
    [
        ("exits", "docker", "exited with status 3"),
        ("segfaults", "docker", "SIGSEGV, a segmentation fault"),
        ("eats", "small", "killed for memory: it went over the limit of 150m"),
    ],
)
def test_a_worker_that_dies_is_a_failed_job_with_the_cause_named(
    faults: Project, stage: str, environment: str, reason: str
) -> None:
    assert_failed(faults, faults.run(stage, environment), reason)


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        (lambda container: container.kill(), "SIGKILL"),
        (lambda container: container.remove(force=True), "SIGKILL|removed from outside"),
    ],
    ids=["docker kill", "docker rm"],
)
def test_a_container_that_is_killed_is_a_failed_job_with_its_log(
    faults: Project, how: Callable[[object], None], reason: str
) -> None:
    process = faults.start("waits")
    assert process.stdout
    assert process.stderr
    assert process.stdout.readline() == "began with 7\n"
    until(lambda: began(faults, faults.last()[0]) == sorted(LOG), what="the first segment")
    how(faults.containers()[0])
    _, stderr = process.communicate(timeout=30)
    assert_failed(faults, Done([], process.returncode, "", stderr), reason)


def test_what_a_killed_courier_had_said_but_not_archived_is_kept_by_the_driver(faults: Project) -> None:
    process = faults.start("waits")
    assert process.stdout
    assert process.stdout.readline() == "began with 7\n"
    # at once: the courier archives every two seconds
    faults.containers()[0].kill()
    process.communicate(timeout=30)
    spec, record = faults.last()
    assert record.state == "Failed"
    assert "began with 7" in began(faults, spec)
    assert len(began(faults, spec)) == len(set(began(faults, spec)))


@pytest.mark.parametrize("stage", ["waits", "ignores"])
def test_ctrl_c_ends_the_job_within_five_seconds(faults: Project, stage: str) -> None:
    process = faults.start(stage)
    assert process.stdout
    assert process.stdout.readline() == "began with 7\n"
    pressed = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=30)
    assert time.monotonic() - pressed < 5
    assert process.returncode == -signal.SIGINT
    assert "cancelled" in stderr
    assert_failed(faults, Done([], process.returncode, "", stderr), "", state="Cancelled")


def test_a_driver_that_is_killed_does_not_take_its_job_along(faults: Project) -> None:
    process = faults.start("short")
    assert process.stdout
    assert process.stdout.readline() == "began with 7\n"
    process.kill()
    process.communicate()
    spec, _ = faults.last()
    until(lambda: faults.archive.record(spec).state == "Completed", what="the end of the job")
    assert "and ended" in [event.get("text") for event in faults.archive.events(spec.job_id)]
    for container in faults.containers():
        container.remove(force=True)


def test_mistakes_that_are_seen_at_once_leave_nothing_in_the_archive(faults: Project) -> None:
    before = sorted(faults.home.rglob("archive/**/*"))
    faults.write("requirements.txt", "humanize==4.12.3\nnot a requirement !\n")
    try:
        done = faults.run("load")
        assert done.returncode == 1
        assert "requirements.txt, line 2" in done.stderr.replace(":2", ", line 2")
        assert "not a requirement !" in done.stderr
    finally:
        (faults.root / "requirements.txt").unlink()
    nowhere = faults.run("load", DOCKER_HOST="unix:///no/such/socket")
    assert "no Docker engine answers at unix:///no/such/socket" in nowhere.stderr
    unknown = faults.run("load", "dokcer")
    assert "did you mean 'docker'" in unknown.stderr
    for done in (nowhere, unknown):
        assert done.returncode == 1
        assert done.stderr.count('  File "') == 1, done.stderr
    assert sorted(faults.home.rglob("archive/**/*")) == before


def test_a_requirement_that_does_not_exist_is_a_failed_job_without_an_image(faults: Project) -> None:
    faults.write("requirements.txt", "no-such-package-of-ours==1.0\n")
    try:
        done = faults.run("load")
    finally:
        (faults.root / "requirements.txt").unlink()
    assert done.returncode == 1
    assert "no-such-package-of-ours" in done.stderr
    spec, record = faults.last()
    assert record.state == "Failed"
    assert "no-such-package-of-ours" in (faults.reader.get_error_information(spec.job_id) or "")
    tag = next(line.split()[2] for line in done.stderr.splitlines() if line.startswith("foundations: building "))
    assert not faults.engine.images.list(name=tag)
    assert not faults.containers()


def test_a_model_may_have_modules_named_as_ours(faults: Project) -> None:
    for name in ("runner", "archive", "queue", "docker", "foundations_runner"):
        faults.write(f"named/{name}.py", f"def who():\n    return {name!r}\n")
    faults.write("named/__init__.py", "")
    faults.write("images/__init__.py", "def who():\n    return 'images'\n")
    faults.write(
        "named/stages.py",
        "import images\nfrom named import archive, docker, queue, runner\n\n"
        "def names():\n    import concurrent.futures\n"
        "    return [module.who() for module in (archive, docker, images, queue, runner)]\n",
    )
    faults.write(
        "driver.py",
        "import foundations\nfrom named.stages import names\n"
        "print(foundations.create_stage(names)().persist().run().result())\n",
    )
    done = faults.run()
    assert done.stdout == "['archive', 'docker', 'images', 'queue', 'runner']\n", done.stderr


def test_an_archive_that_the_engine_does_not_see_is_one_clear_error(faults: Project, base_image: str) -> None:
    unseen = [Mount("/archive", "/no/such/folder", type="bind")]
    with pytest.raises(EngineRefused, match="keep the archive where both see it, or on S3"), refusals("starting"):
        faults.engine.containers.create(base_image, mounts=unseen)


def test_a_stage_may_use_a_process_pool_of_any_kind(faults: Project) -> None:
    faults.write(
        "pooled.py",
        "import multiprocessing\nfrom concurrent.futures import ProcessPoolExecutor\n\n"
        "def square(n):\n    return n * n\n\n"
        "def squares(kind):\n"
        "    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context(kind)) as pool:\n"
        "        return list(pool.map(square, range(4)))\n",
    )
    faults.write(
        "driver.py",
        "import sys, foundations, pooled\n"
        "print(foundations.create_stage(pooled.squares)(sys.argv[1]).persist().run().result())\n",
    )
    for kind in ("spawn", "fork", "forkserver"):
        for environment in ("local", "docker"):
            done = faults.run(kind, FOUNDATIONS_ENVIRONMENT=environment)
            assert done.stdout == "[0, 1, 4, 9]\n", (kind, environment, done.stderr)


def test_what_a_stage_prints_stands_before_its_end(faults: Project) -> None:
    faults.write(
        "talk.py",
        "import sys\n\ndef first():\n    print('one')\n    sys.stderr.write('two\\n')\n\n"
        "def second(_):\n    for n in range(500):\n        print('line', n)\n    raise ValueError('last')\n",
    )
    faults.write(
        "driver.py",
        "import foundations, talk\n"
        "foundations.create_stage(talk.second)(foundations.create_stage(talk.first)()).run()\n",
    )
    faults.run()
    spec, _ = faults.last()
    told = [
        event["text"] if event["event"] == "log" else f"{event['event']} {event.get('status', '')}".strip()
        for event in faults.archive.events(spec.job_id)
        if event["event"] != "job started"
    ]
    assert max(told.index("one"), told.index("two")) < told.index("stage ended succeeded")
    lines = [text for text in told[: told.index("stage ended failed")] if text.startswith("line ")]
    assert lines == [f"line {n}" for n in range(500)]
    assert told[-2] == "ValueError: last"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_driver_that_is_told_to_end_takes_its_job_along(faults: Project, number: signal.Signals) -> None:
    faults.write("driver.py", DRIVER)
    process = faults.start("waits")
    assert process.stdout
    assert process.stdout.readline() == "began with 7\n"
    process.send_signal(number)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert_failed(faults, Done([], process.returncode, "", stderr), "", state="Cancelled")


def test_ctrl_c_ends_a_job_whose_output_nobody_reads(faults: Project) -> None:
    faults.write("chatter.py", "def chatter():\n    while True:\n        print('x' * 1000)\n")
    faults.write("driver.py", "import foundations, chatter\nfoundations.create_stage(chatter.chatter)().run()\n")
    process = faults.start()
    assert process.stdout
    process.stdout.readline()
    time.sleep(2)  # until every pipe on the way is full
    pressed = time.monotonic()
    process.send_signal(signal.SIGINT)
    until(lambda: not faults.containers(), what="the end of the container", seconds=10)
    assert time.monotonic() - pressed < 8
    process.communicate(timeout=30)
    assert faults.last()[1].state == "Cancelled"


def test_a_wrong_base_image_is_one_clear_error(faults: Project) -> None:
    faults.write("config/wrong.config.yaml", "job_deployment_env: docker\ndocker_config: {base_image: Not Valid}\n")
    faults.write("driver.py", DRIVER)
    done = faults.run("load", "wrong")
    assert done.returncode == 1
    assert "Not Valid" in done.stderr
    assert done.stderr.count('  File "') == 1, done.stderr
