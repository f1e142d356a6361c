"""Courier and worker as processes of this machine."""

import os
import signal
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from foundations_archive import layout
from foundations_archive.packing import is_turn
from foundations_runner import process_host as process_host_module
from foundations_runner.process_host import ProcessHost
from foundations_runner.runtime import Runtime
from tests.runner.conftest import Jobs, until

pytestmark = pytest.mark.usefixtures("temporary")


def test_a_job_leaves_no_directory(jobs: Jobs, process_host: ProcessHost, temporary: Path) -> None:
    record = jobs.run(process_host, "import os; print(os.getcwd())")
    assert jobs.log(record.job_id)[0].startswith(str(temporary))
    assert not list(temporary.iterdir())


def test_a_cancelled_job_leaves_no_process_and_no_directory(
    jobs: Jobs, process_host: ProcessHost, temporary: Path
) -> None:
    spec = jobs.submit("import os, time; print(os.getpid(), os.getppid(), flush=True); time.sleep(60)")
    job = process_host.start(jobs.request(spec))
    until(lambda: jobs.log(spec.job_id), what="the log")
    pids = [int(pid) for pid in jobs.log(spec.job_id)[0].split()]
    job.stop()
    job.remove()
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), what="the end of courier and worker")
    assert not list(temporary.iterdir())


def test_a_courier_that_hangs_is_killed(jobs: Jobs, process_host: ProcessHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_host_module, "_GRACE_SECONDS", 0.2)
    spec = jobs.submit("import os, time; print(os.getppid(), flush=True); time.sleep(60)")
    job = process_host.start(jobs.request(spec))
    until(lambda: jobs.log(spec.job_id), what="the log")
    courier = int(jobs.log(spec.job_id)[0])
    os.kill(courier, signal.SIGSTOP)
    job.stop()
    assert job.wait().status == -signal.SIGKILL
    job.remove()


def test_ctrl_c_in_the_terminal_is_not_meant_for_the_courier(jobs: Jobs, process_host: ProcessHost) -> None:
    record = jobs.run(process_host, "import os; print(os.getsid(os.getppid()), os.getsid(0), os.getppid())")
    courier_session, worker_session, courier = map(int, jobs.log(record.job_id)[0].split())
    assert courier_session == courier
    assert worker_session not in (courier, os.getsid(0))


def test_an_interrupt_while_the_courier_starts_leaves_nothing(
    jobs: Jobs, process_host: ProcessHost, temporary: Path
) -> None:
    class Interrupting(ProcessHost):
        def start(self, request):  # type: ignore[no-untyped-def]
            job = super().start(request)
            os.kill(os.getpid(), signal.SIGINT)
            return job

    spec = jobs.submit("import time; time.sleep(60)")
    with pytest.raises(KeyboardInterrupt):
        jobs.run(Interrupting(process_host._runtime), spec)
    sealed = jobs.archive.sealed(spec.job_id)
    assert sealed
    assert sealed.state == "Cancelled"
    assert not list(temporary.iterdir())


def test_a_courier_that_dies_at_once_says_why(jobs: Jobs, tmp_path: Path, temporary: Path) -> None:
    runtime = tmp_path / "runtime"
    runtime.mkdir()
    (runtime / "start_courier.py").write_text("raise SystemExit('nothing works today')")
    job = ProcessHost(Runtime(runtime, "digest")).start(jobs.request(jobs.submit("x" * 1_000_000)))
    assert list(job.output()) == [("stderr", b"nothing works today\n")]
    assert job.wait().status == 1
    job.remove()


def test_a_host_that_can_not_start_the_courier_leaves_no_directory(
    jobs: Jobs, process_host: ProcessHost, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_host_module.sys, "executable", "/there/is/no/python")
    with pytest.raises(FileNotFoundError):
        process_host.start(jobs.request(jobs.submit("")))
    assert not list(temporary.iterdir())


def test_the_order_is_in_no_argument_and_no_variable(jobs: Jobs, process_host: ProcessHost) -> None:
    script = """
import os
for name in ("cmdline", "environ"):
    print(repr(open(f"/proc/{os.getppid()}/{name}", "rb").read()))
"""
    record = jobs.run(process_host, script)
    assert jobs.location not in "".join(jobs.log(record.job_id))


def test_removing_twice_does_no_harm(jobs: Jobs, process_host: ProcessHost) -> None:
    job = process_host.start(jobs.request(jobs.submit("")))
    job.wait()
    job.remove()
    job.remove()


def test_a_courier_whose_turn_it_is_packs_and_ends_as_ever(jobs: Jobs, process_host: ProcessHost) -> None:
    record = jobs.run(process_host, "")
    spec = jobs.archive.spec(record.job_id)
    for number in range(3):
        earlier = replace(spec, job_id=f"earlier-{number}")
        jobs.archive.submit(earlier)
        jobs.archive.finish(earlier, replace(record, job_id=earlier.job_id), attempt="1")
    turn = replace(spec, job_id=next(name for number in count() if is_turn(name := f"turn-{number}")))
    other = replace(spec, job_id=next(name for number in count() if not is_turn(name := f"other-{number}")))
    for one, packs in ((other, 0), (turn, 1)):
        jobs.archive.submit(one)
        assert jobs.run(process_host, one).state == record.state
        there = [entry.key for entry in jobs.archive.store.list("idx/") if layout.is_pack(entry.key)]
        assert len(there) == packs
    assert layout.rows_in(there[0]) == len(jobs.archive.rows()) == 6
