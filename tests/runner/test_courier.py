"""Whatever becomes of a worker, its courier writes it down: on this machine and in a container."""

import time
from pathlib import Path

import pytest

from foundations_archive.manifest import BundleFile, Manifest
from foundations_archive.records import JobSpec
from foundations_runner.host import Host
from tests.runner.conftest import Jobs, until

STARTED = 'channel.send({"say": "started", "stage": "s"})\n'


def ended(stage: str = "s", status: str = "succeeded") -> str:
    message = {"say": "ended", "stage": stage, "status": status, "seconds": 0.0, "keep": False, "persisted": False}
    return f"channel.send({message})\n"


def test_a_job_that_ends_well_is_completed(jobs: Jobs, host: Host) -> None:
    record = jobs.run(host, "print('hello')\n" + STARTED + ended())
    assert (record.state, record.error) == ("Completed", None)
    assert jobs.log(record.job_id) == ["hello"]
    assert sorted(event["event"] for event in jobs.archive.events(record.job_id)) == [
        "job ended",
        "job started",
        "log",
        "stage ended",
        "stage started",
    ]


def test_what_the_driver_sees_is_what_is_archived(jobs: Jobs, host: Host) -> None:
    record = jobs.run(host, STARTED + "for n in range(3): print(n)\n" + ended())
    assert jobs.seen == list(jobs.archive.events(record.job_id))


def test_metrics_are_archived_and_not_shown(jobs: Jobs, host: Host) -> None:
    metric = {"say": "metric", "stage": "s", "key": "loss", "value": 0.5, "time": 1.0}
    record = jobs.run(host, STARTED + f"channel.send({metric})\n" + ended())
    assert [(series.key, series.values) for series in record.metrics] == [("loss", (0.5,))]
    assert "metrics" not in [event["event"] for event in jobs.seen]


@pytest.mark.parametrize(
    ("script", "cause"),
    [
        ("import os; os._exit(3)", "the worker exited with status 3"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "died of SIGKILL, someone killed it"),
        ("import ctypes; ctypes.string_at(0)", "died of SIGSEGV, a segmentation fault"),
        ("import os; os.abort()", "died of SIGABRT"),
        ("import os; os.kill(os.getpid(), 15)", "died of SIGTERM"),
        ("import os; os.kill(os.getpid(), 40)", "died of signal 40"),
    ],
)
def test_a_worker_that_dies_leaves_its_log_and_the_cause(jobs: Jobs, host: Host, script: str, cause: str) -> None:
    metric = {"say": "metric", "stage": "s", "key": "loss", "value": 0.5, "time": 1.0}
    record = jobs.run(host, f"{STARTED}channel.send({metric})\nprint('last words')\n{script}")
    assert record.state == "Failed"
    assert cause in (record.error or "")
    assert "last words" in jobs.log(record.job_id)
    assert [series.key for series in record.metrics] == ["loss"]


def test_a_worker_that_can_not_start_says_so_in_the_log(jobs: Jobs, host: Host) -> None:
    record = jobs.run(host, "this is no script")
    assert record.state == "Failed"
    assert any("SyntaxError" in line for line in jobs.log(record.job_id, "stderr"))


def test_what_the_worker_says_of_its_failure_is_in_the_record_and_the_log(jobs: Jobs, host: Host) -> None:
    last = {"say": "finished", "failed": True, "error": "Traceback\n  ValueError: no"}
    record = jobs.run(host, f"channel.send({last}); import os; os._exit(0)")
    assert (record.state, record.error) == ("Failed", last["error"])
    assert jobs.log(record.job_id, "error") == ["Traceback", "  ValueError: no"]


@pytest.mark.parametrize(
    "start",
    [
        "subprocess.Popen(['sleep', '60'])",
        "subprocess.Popen(['sleep', '60'], start_new_session=True)",
        "os.system('sleep 60 &')",
        "os.fork() or (os.setsid(), time.sleep(60), os._exit(0))",
    ],
    ids=["child", "daemon", "shell", "fork"],
)
@pytest.mark.timeout(30)
def test_a_child_that_outlives_the_worker_does_not_hold_up_the_job(jobs: Jobs, host: Host, start: str) -> None:
    record = jobs.run(host, f"import os, subprocess, time\nprint('before', flush=True)\n{start}")
    assert record.state == "Completed"
    assert jobs.log(record.job_id) == ["before"]


def test_the_last_lines_are_there_however_many_they_are(jobs: Jobs, host: Host) -> None:
    record = jobs.run(host, "import os; os.write(1, b'x\\n' * 30_000)")
    assert len(jobs.log(record.job_id)) == 30_000


def test_a_damaged_graph_fails_the_job_and_says_why(jobs: Jobs, host: Host) -> None:
    spec = jobs.submit("print('never')")
    damage(jobs, spec)
    record = jobs.run(host, spec)
    assert record.state == "Failed"
    assert "is damaged" in (record.error or "")


def test_a_missing_graph_fails_the_job_and_says_why(jobs: Jobs, host: Host) -> None:
    spec = jobs.submit("print('never')")
    blob_of(jobs, spec).unlink()
    record = jobs.run(host, spec)
    assert record.state == "Failed"
    assert "is not in" in (record.error or "")


def test_a_job_runs_in_a_directory_that_the_bundle_does_not_hold(jobs: Jobs, host: Host) -> None:
    spec = jobs.submit("import os; print(os.path.basename(os.getcwd()))", directory="results/today")
    record = jobs.run(host, spec)
    assert record.state == "Completed", record.error
    assert jobs.log(spec.job_id) == ["today"]


def test_the_model_directory_is_there_for_the_worker(jobs: Jobs, host: Host) -> None:
    digest = jobs.archive.blobs.put(b"print('from the bundle')")
    tree = Manifest((BundleFile("model/code.py", digest, 24, 0o644),), (".",))
    script = "import runpy; runpy.run_path('model/code.py')\nopen('model/made', 'w').close()"
    record = jobs.run(host, jobs.submit(script, bundle=jobs.archive.blobs.put(tree.to_bytes())))
    assert record.state == "Completed", record.error
    assert jobs.log(record.job_id) == ["from the bundle"]


def test_a_cancelled_job_is_sealed_as_cancelled(jobs: Jobs, host: Host) -> None:
    record = cancelled(jobs, host, "print('up', flush=True); time.sleep(60)")
    assert (record.state, record.error) == ("Cancelled", None)
    assert jobs.log(record.job_id) == ["up"]


def test_a_worker_that_ignores_being_cancelled_is_killed(jobs: Jobs, host: Host) -> None:
    ignoring = "signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True)\nwhile True: time.sleep(60)"
    began = time.monotonic()
    record = cancelled(jobs, host, ignoring)
    assert record.state == "Cancelled"
    assert time.monotonic() - began < 15


def cancelled(jobs: Jobs, host: Host, script: str):  # type: ignore[no-untyped-def]
    spec = jobs.submit(f"import signal, time\n{script}")
    host.prepare()
    job = host.start(jobs.request(spec))
    try:
        for _, chunk in job.output():
            if b'"up"' in chunk:
                break
        began = time.monotonic()
        job.stop()
        assert time.monotonic() - began < 5
        assert job.wait().status == 2
    finally:
        job.remove()
    return until(lambda: jobs.archive.sealed(spec.job_id))


def damage(jobs: Jobs, spec: JobSpec) -> None:
    blob_of(jobs, spec).write_bytes(b"FB1 this is not what was written")


def blob_of(jobs: Jobs, spec: JobSpec) -> Path:
    digest = spec.graph.buffers[0].chunks[0]
    return Path(jobs.location, "blobs", digest[:2], digest)
