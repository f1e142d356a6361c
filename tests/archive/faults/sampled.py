"""An archive with a job of every kind, and all that a reader can say of each: the truth that damage is held against."""

import pickle
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas

from foundations.deployment import Deployment
from foundations.reader import ResultReader, get_metrics_for_all_jobs
from foundations_archive import cancellation, hiding
from foundations_archive.archive import Archive, new_attempt
from foundations_archive.errors import ArchiveError
from foundations_archive.ledger import Ledger
from foundations_archive.records import JobSpec, StageSpec, Value

PROJECTS = ("damage", "Another project")
_COMPLETED = ("parts", "hidden", "back")

MODEL = """\
from pathlib import Path
import foundations

class Big:
    def __init__(self, text):
        self.text = text
    def __eq__(self, other):
        return self.text == other.text

def load(n):
    print("loads", n)
    foundations.log_metric("loss", n / 2)
    return list(range(n))

def keep(data):
    foundations.set_tag("kind", "real")
    Path("out/deep").mkdir(parents=True)
    Path("out/deep/a.txt").write_text("a" * 300)
    Path("out/b.txt").write_text("b")
    foundations.save_artifact("out")
    foundations.save_artifact("out/b.txt", "file")
    return {"n": len(data), "text": "x" * 6000}

def small(data):
    return len(data)

def breaks(data):
    print("breaks")
    raise ValueError("broken on purpose")
"""

DRIVER = """\
import foundations, model

foundations.set_project_name("damage")
load, keep, small, breaks = (foundations.create_stage(getattr(model, n)) for n in ("load", "keep", "small", "breaks"))
data = load(2000).persist().enable_caching()
keep(data).persist().run(job_name="large")
small(data).persist().run(job_name="small")
try:
    breaks(data).run(job_name="failed")
except foundations.JobFailedError:
    pass
"""


def make_sample(folder: Path, archive: Archive, environment: Mapping[str, str]) -> None:
    """Fill an archive: three jobs of a real driver, and those that no driver leaves on purpose."""
    root = folder / "project"
    (root / "config").mkdir(parents=True)
    (root / "model.py").write_text(MODEL)
    (root / "driver.py").write_text(DRIVER)
    subprocess.run([sys.executable, "driver.py"], cwd=root, env=dict(environment), check=True, capture_output=True)
    for number, job_id in enumerate(("parts", "hidden", "taken", "back", "running", "queued", "cancelled")):
        _made(archive, job_id, PROJECTS[number % 2])
    cancellation.request_cancellation(archive, archive.spec("cancelled"))
    hiding.hide(archive, archive.spec("hidden"))


def _made(archive: Archive, job_id: str, project: str) -> None:
    content = pickle.dumps({"job": job_id, "numbers": list(range(1000))})
    parts = [content[start : start + 1000] for start in range(0, len(content), 1000)]
    value = Value("pickle5", (archive.blobs.put_buffer(parts),))
    bundle = archive.spec("large").bundle
    stage = StageSpec("s", "stage", "model:load", persisted=True, source="1")
    spec = JobSpec(
        job_id=job_id,
        project=project,
        user="me",
        created=time.time(),
        target="s",
        stages=(stage,),
        graph=value,
        bundle=bundle,
        paths=(".",),
        directory=".",
        python="3.11",
        environment="local",
        sources={"1": f"def stage(): ...  # {job_id}"},
        parameters={"of": job_id},
    )
    archive.submit(spec)
    if job_id in ("queued", "cancelled"):
        return
    attempt, ledger, chain = new_attempt(), Ledger(spec), None
    archive.start(job_id, attempt, {})
    for number, events in enumerate(_events(job_id, value)):
        ledger.extend(events)
        if number < 3 or job_id in _COMPLETED:
            chain = archive.append(job_id, attempt, number, events, previous=chain)
    if job_id in ("taken", "back"):  # a watcher took the courier for dead
        record = ledger.record("Failed", ended=20.0, error="the courier was killed", tail=_events(job_id, value)[3])
        archive.finish(spec, record, attempt=new_attempt(), watcher=True)
    if job_id in _COMPLETED:
        record = ledger.record("Completed", ended=20.0)
        archive.finish(spec, _with(record, segments=4, chain=chain), attempt=attempt)


def _with(record: Any, **fields: Any) -> Any:
    from dataclasses import replace

    return replace(record, **fields)


def _events(job_id: str, value: Value) -> list[list[dict[str, Any]]]:
    from foundations_archive.records import plain

    log = {"event": "log", "stream": "stdout", "stage": "s"}
    return [
        [
            {"n": 0, "time": 10.0, "event": "job started"},
            {"n": 1, "time": 11.0, "event": "stage started", "stage": "s"},
        ],
        [
            {"n": 2, "time": 12.0, **log, "text": f"{job_id} begins"},
            {"n": 3, "time": 12.0, "event": "metrics", "stage": "s", "key": "m", "values": [1, 2.5], "times": [1, 2]},
        ],
        [{"n": 4, "time": 13.0, **log, "text": "goes on"}],
        [{"n": 5, "time": 14.0, "event": "stage ended", "stage": "s", "status": "succeeded", "value": plain(value)}],
    ]


def frames(archive: Archive) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Return what every frame over all jobs says of each job, and raise what they raise."""
    reader = ResultReader(archive)
    made = {
        "results": reader.get_results(),
        "information": reader.get_job_information(),
        **{f"metrics of {project}": get_metrics_for_all_jobs(project) for project in PROJECTS},
    }
    return {name: _by_job(frame) for name, frame in made.items()}


def _by_job(frame: pandas.DataFrame) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in frame.to_dict("records"):
        # what other jobs have decides about columns, and with them about empty cells and kinds of numbers
        cells = {
            str(name): cell for name, cell in row.items() if isinstance(cell, list | dict) or not pandas.isna(cell)
        }
        found.setdefault(str(cells.get("job_id", cells.get("job_name"))), []).append(cells)
    return found


def accessors(archive: Archive, job_id: str, folder: Path) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield the ways to read one job, each by a name; what they give can be compared."""
    reader = ResultReader(archive)

    def deployment() -> Deployment:
        return Deployment(archive, archive.spec(job_id))

    def downloaded(key: str) -> dict[str, bytes]:
        target = folder / "download"
        try:
            return _tree(reader.download_artifact(job_id, key, target))
        finally:
            _remove(target)

    def copied() -> dict[str, bytes]:
        target = folder / "copy"
        try:
            reader.create_working_copy(job_id, target)
            return _tree(target)
        finally:
            _remove(target)

    yield "state", lambda: deployment().get_job_status()
    yield "logs", lambda: deployment().get_job_logs()
    yield "row", lambda: _by_job(deployment().fetch_job_results())
    yield "error", lambda: reader.get_error_information(job_id)
    yield "outputs", lambda: reader.get_unstructured_results(job_id, [one.id for one in archive.spec(job_id).stages])
    yield "artifacts", lambda: reader.get_artifacts(job_id).astype(str).to_dict("records")
    yield "copy", copied
    if job_id == "large":
        yield "folder", lambda: downloaded("out")
        yield "file", lambda: downloaded("file")


def said(ask: Callable[[], Any]) -> Any:
    """Return what a way to read a job gives, or the named error that it raises; anything else is raised here."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return ask()
        except (ArchiveError, KeyError) as error:
            if getattr(error, "key", "") or "there is no job" in str(error):
                return error
            raise


def _tree(root: Path) -> dict[str, bytes]:
    if root.is_file():
        return {"": root.read_bytes()}
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def _remove(path: Path) -> None:
    import shutil

    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
