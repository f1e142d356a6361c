"""A courier with a signing key runs what a signed spec names, and nothing else; its worker never has the key."""

from dataclasses import replace
from pathlib import Path

import pytest

from foundations_archive import layout
from foundations_archive.archive import open_archive
from foundations_archive.envelope import seal
from foundations_archive.errors import ArchiveUntrusted
from foundations_archive.manifest import BundleFile, Manifest
from foundations_archive.records import JobSpec, plain
from foundations_archive.signing import SigningKey
from foundations_runner.errors import CourierFailed
from foundations_runner.host import Host
from tests.runner.conftest import Jobs
from tests.runner.test_courier import STARTED, ended

KEY = SigningKey((b"a secret that only the driver has",))
LOOK = """
import os
seen = {name: value for name, value in os.environ.items()}
for process in os.listdir("/proc"):
    for file in ("environ", "cmdline"):
        try:
            seen[process, file] = open(f"/proc/{process}/{file}", "rb").read()
        except OSError:
            pass
seen["job"] = job
print("secret" if "a secret that only" in str(seen) or SECRET in str(seen) else "nothing")
"""


@pytest.fixture
def signed(jobs: Jobs) -> Jobs:
    jobs.archive.signing = KEY
    return jobs


def test_a_signed_job_runs_and_what_it_leaves_is_signed(signed: Jobs, host: Host) -> None:
    record = signed.run(host, STARTED + ended() + LOOK.replace("SECRET", repr(KEY.exported()[0][:20])))
    assert (record.state, record.error) == ("Completed", None)
    assert signed.log(record.job_id) == ["nothing"]
    trusting = signed.archive.trusting()
    assert trusting.record(trusting.spec(record.job_id)).state == "Completed"
    assert len(list(trusting.events(record.job_id))) == 5


def in_graph(jobs: Jobs, spec: JobSpec, script: str) -> JobSpec:
    return replace(spec, graph=jobs.spec(script).graph)


def in_files(jobs: Jobs, spec: JobSpec, script: str) -> JobSpec:
    blobs = jobs.archive.blobs
    digest, size = blobs.put(script.encode()), len(script)
    manifest = Manifest((BundleFile("sitecustomize.py", digest, size, 0o644),), (".",))
    return replace(spec, bundle=blobs.put(manifest.to_bytes()))


@pytest.mark.parametrize("plant", [in_graph, in_files])
def test_a_planted_graph_or_file_is_not_run(signed: Jobs, process_host: Host, tmp_path: Path, plant: object) -> None:
    assert callable(plant)
    harmed = tmp_path / "harmed"
    spec = signed.submit("print('ours')")
    planted = plant(signed, spec, f"import os; os.mkdir({str(harmed)!r})")
    key = layout.spec(spec.job_id)
    signed.archive.store.put(key, seal("spec", plain(planted)))
    with pytest.raises(CourierFailed, match=f"the record {key} is not signed, so nothing that it names is run"):
        signed.run(process_host, spec)
    assert not harmed.exists()
    sealed = signed.archive.trusting().sealed(spec.job_id)
    assert sealed
    assert sealed.state == "Failed"


def test_a_planted_graph_is_run_where_there_is_no_key(jobs: Jobs, process_host: Host, tmp_path: Path) -> None:
    """What the test before this one plants does harm where nobody looks at signatures."""
    spec = jobs.submit("print('ours')")
    planted = in_graph(jobs, spec, f"import os; os.mkdir({str(tmp_path / 'harmed')!r})")
    jobs.archive.store.put(layout.spec(spec.job_id), seal("spec", plain(planted)))
    assert jobs.run(process_host, spec).state == "Completed"
    assert (tmp_path / "harmed").exists()


def test_a_spec_of_another_job_is_not_run_in_its_place(signed: Jobs, process_host: Host) -> None:
    spec, other = signed.submit("print('ours')"), signed.submit("print('the other one')")
    store = signed.archive.store
    store.put(layout.spec(spec.job_id), store.get(layout.spec(other.job_id)))
    with pytest.raises(CourierFailed, match="is signed, but not for this place"):
        signed.run(process_host, spec)


def test_who_seals_for_a_dead_courier_signs_no_events_that_it_can_not_believe(signed: Jobs, process_host: Host) -> None:
    spec = signed.submit("import os, signal; os.kill(os.getppid(), signal.SIGKILL)")
    end = {"stage": "s", "status": "succeeded", "value": {"encoding": "pickle5", "buffers": []}}
    planted = [{"n": 1000, "time": 1.0, "event": "stage ended", **end}]
    open_archive(signed.location).append(spec.job_id, "0", 0, planted)
    with pytest.raises(ArchiveUntrusted, match=f"the record jobs/{spec.job_id}/a/0/ev/00000000 is not signed"):
        signed.run(process_host, spec)
    assert signed.archive.sealed(spec.job_id) is None
