"""Rows, and jobs that have ended, as the tests of the index need them."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from foundations_archive import layout
from foundations_archive.archive import Archive
from foundations_archive.records import JobRecord, JobSpec, StageSpec, Value, plain, row_of
from foundations_archive.series import Series


def a_spec(job_id: str, *, project: str = "demo", created: float = 1.0, **fields: Any) -> JobSpec:
    return JobSpec(
        job_id=job_id,
        project=project,
        user="me",
        created=created,
        target="1",
        stages=(StageSpec("1", "train", "m:train"),),
        graph=Value("pickle5"),
        bundle="",
        paths=(),
        directory=".",
        python="3.11",
        environment="local",
        **fields,
    )


def a_record(job_id: str, metrics: Mapping[str, Iterable[Any]], state: Any = "Completed") -> JobRecord:
    logged = {key: tuple(values) for key, values in metrics.items()}
    series = tuple(Series("1", key, values, tuple(map(float, range(len(values))))) for key, values in logged.items())
    return JobRecord(job_id, state, 1.0, 2.0, metrics=series)


def a_row(job_id: str, *, sealed: str | None = None, created: float = 1.0, **metrics: Any) -> dict[str, Any]:
    """A row as it is read back: what JSON makes of it."""
    logged = {name: values if isinstance(values, list) else [values] for name, values in metrics.items()}
    row = row_of(a_spec(job_id, created=created), a_record(job_id, logged))
    made: dict[str, Any] = json.loads(json.dumps(plain({**row, "sealed": sealed or layout.done(job_id, "1")})))
    return made


def end_jobs(
    archive: Archive, count: int, *, project: str = "demo", start: int = 0, watcher: bool = False
) -> list[str]:
    """Seal jobs and index them, as couriers do, or those who took them for dead."""
    jobs = [f"job-{number:05d}" for number in range(start, start + count)]
    for number, job_id in enumerate(jobs, start):
        spec = a_spec(job_id, project=project, created=float(number))
        archive.submit(spec)
        record = a_record(job_id, {"loss": [number / 8]}, state="Lost" if watcher else "Completed")
        archive.finish(spec, record, attempt="1", watcher=watcher)
    return jobs
