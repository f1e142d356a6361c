"""How long the frame of a project takes to read from S3, and in how many requests, against MLflow in the same run.

    python benchmarks/archive_frames.py [--samples 5] [--without-peers] [--quick] [--output FILE | --write]

The jobs have 50 metrics that are random numbers, two parameters, a tag and an argument. Their rows are written into
packs by the code that packs, as many in each as packing leaves there, and not by running so many jobs; eight rows, the
tail, are objects of their own, as couriers write them. *Cold* is without the reader's cache, *warm* with it, each by an
archive opened anew, in a process that has loaded pandas and boto3 before. Requests are counted where boto3 sends them.
*One GET a job* reads rows by 32 threads with no packs. MLflow's `search_runs` reads runs with the same metrics from a
local directory and from SQLite. Both read a sample, and their time for all is the sample's in proportion. MLflow is
installed under .work/peers, once; `--write` is `--output benchmarks/results/archive_frames.txt`.
"""

import argparse
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas
from cases.peers import MLFLOW_STORES, NotInstalled, python_of
from stages import Contestant, Failed, run_case
from submit import s3_server

from foundations.job_frames import table_frame
from foundations_archive import layout
from foundations_archive.archive import Archive, open_archive
from foundations_archive.envelope import seal
from foundations_archive.groups import grouped, merged
from foundations_archive.packing import PACK_ROWS
from foundations_archive.packs import Pack

RESULT = Path(__file__).parent / "results" / "archive_frames.txt"
METRICS, TAIL, PROJECT, THREADS = 50, 8, "benchmark", 32
GOALS = {10_000: (1.0, 0.2, None), 100_000: (4.0, 1.0, 40)}
PEERS = (
    ("MLflow, file store", Contestant("MLflow", "frame_with_mlflow.py", ("files",), MLFLOW_STORES)),
    ("MLflow, SQLite", Contestant("MLflow", "frame_with_mlflow.py", ("sqlite",), MLFLOW_STORES)),
)


@dataclass
class Line:
    """A row of the table: seconds for all jobs, the requests, and what is to be said of it."""

    name: str
    seconds: list[float] = field(default_factory=list)
    requests: int | None = None
    remark: str = ""


def main() -> None:
    options = arguments()
    sizes = (200, 2_000) if options.quick else (10_000, 100_000)
    samples, sampled = (1, 50) if options.quick else (options.samples, 500)
    text = [facts(samples)]
    try:
        with s3_server() as variables:
            os.environ.update(variables)
            for jobs in sizes:
                text += table(jobs, measured(jobs, samples=samples, sampled=sampled, peers=not options.without_peers))
    except subprocess.CalledProcessError as error:
        sys.exit(f"without S3 there is nothing to measure: {error.stderr.strip()}")
    print("\n".join(text))
    if options.output:
        options.output.write_text("\n".join(text) + "\n")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=5)
    parser.add_argument("--without-peers", action="store_true")
    parser.add_argument("--quick", action="store_true", help="one round of few jobs: shows that it works, no more")
    parser.add_argument("--output", type=Path)
    parser.add_argument("--write", action="store_const", dest="output", const=RESULT)
    return parser.parse_args()


def measured(jobs: int, *, samples: int, sampled: int, peers: bool) -> list[Line]:
    location = f"s3://bench/frames-{jobs}"
    packs = fill(open_archive(location), jobs)
    cold, warm = Line("Foundations, cold"), Line("Foundations, warm")
    with tempfile.TemporaryDirectory() as folder:
        for number in range(samples):
            reader = Path(folder, str(number))
            for line in (cold, warm):
                seconds, line.requests, frame = read(open_archive(location, reader=reader))
                line.seconds.append(seconds)
                check(frame, jobs)
    cold.remark = f"{packs} packs and {TAIL} rows"
    lines = [cold, warm, one_get_a_job(jobs, sampled)]
    return [*lines, *(peer(name, contestant, jobs, sampled) for name, contestant in PEERS if peers)]


def fill(archive: Archive, jobs: int) -> int:
    """Write the archive's rows, and return in how many packs."""
    archive.check()
    left, start, packs = jobs - TAIL, 0, 0
    while left:
        # as packing leaves them: full ones, and smaller ones that halve
        count = PACK_ROWS if left > PACK_ROWS else max(left // 2, min(left, TAIL))
        groups, _ = grouped([a_row(number) for number in range(start, start + count)])
        pack = Pack.of(merged(groups), frozenset())
        archive.store.put(layout.pack(layout.row(PROJECT, "job"), pack.name), pack.packed())
        left, start, packs = left - count, start + count, packs + 1
    for number in range(start, jobs):
        put_row(archive, a_row(number))
    return packs


def put_row(archive: Archive, row: dict[str, Any]) -> str:
    key = layout.row(PROJECT, row["job_id"])
    archive.store.put(key, seal("row", row))
    return key


def a_row(number: int) -> dict[str, Any]:
    values = random.Random(number)
    job_id = f"{number:08d}-job"
    return {
        "project": PROJECT,
        "job_id": job_id,
        "user": "somebody",
        "status": "Completed",
        "created": 1.7e9 + number,
        "started": 1.7e9 + number + values.random(),
        "ended": 1.7e9 + number + 60 * values.random(),
        "parameters": {"depth": values.randrange(10), "rate": values.random()},
        "arguments": [["data", 0, "train.csv"]],
        "tags": {"owner": "team"},
        "metrics": [[f"metric_{key:02d}", [values.random()]] for key in range(METRICS)],
        "sealed": layout.done(job_id, "1700000000000-00000000"),
    }


def read(archive: Archive) -> tuple[float, int, pandas.DataFrame]:
    """Return the seconds and the requests that a frame takes, and the frame."""
    requests = 0

    def count(**_: Any) -> None:
        nonlocal requests
        requests += 1

    events = archive.store._store._client.meta.events  # type: ignore[attr-defined]  # behind what tries again
    events.register("before-send.s3", count)
    began = time.perf_counter()
    frame = table_frame(archive.table(PROJECT))
    seconds = time.perf_counter() - began
    events.unregister("before-send.s3", count)
    return seconds, requests, frame


def check(frame: pandas.DataFrame, jobs: int) -> None:
    assert frame["job_id"].tolist() == [f"{number:08d}-job" for number in range(jobs)]
    assert len(frame.columns) == 10 + METRICS
    for place in (0, jobs // 2, jobs - 1):
        logged = {name: values[0] for name, values in a_row(place)["metrics"]}
        assert frame[list(logged)].iloc[place].to_dict() == logged


def one_get_a_job(jobs: int, sampled: int) -> Line:
    archive = open_archive(f"s3://bench/rows-{jobs}")
    keys = [put_row(archive, a_row(number)) for number in range(sampled)]
    began = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(archive.store.get, keys))
    seconds = (time.perf_counter() - began) * jobs / sampled
    return Line(f"one GET a job, {THREADS} threads", [seconds], jobs, f"from {sampled}; without the frame")


def peer(name: str, contestant: Contestant, jobs: int, sampled: int) -> Line:
    label = f"{name} {MLFLOW_STORES.version}"
    try:
        words = (str(sampled), str(METRICS))
        sample = run_case(contestant, words, python=python_of(MLFLOW_STORES), limit=600)
    except (NotInstalled, Failed) as error:
        return Line(label, remark=str(error))
    return Line(label, [sample["seconds"] * jobs / sample["runs"]], remark=f"from {sampled} runs; on a local disk")


def facts(samples: int) -> str:
    parts = [
        f"{samples} rounds" if samples > 1 else "1 round",
        f"{os.cpu_count()} cores",
        f"{platform.system()} {platform.machine()}",
        f"Python {platform.python_version()}",
        f"pandas {pandas.__version__}",
        "SeaweedFS on the loopback",
    ]
    return ", ".join(parts)


def table(jobs: int, lines: Sequence[Line]) -> Iterator[str]:
    title = f"{jobs:,} jobs x {METRICS} metrics"
    yield f"\n{title:36}{'min s':>10}{'median s':>10}{'ratio':>9}{'requests':>10}"
    base = statistics.median(lines[0].seconds)
    for line in lines:
        if not line.seconds:
            yield f"{line.name:36}   {line.remark}"
            continue
        median = statistics.median(line.seconds)
        requests = "" if line.requests is None else f"{line.requests:,}"
        figures = f"{min(line.seconds):10.3f}{median:10.3f}{median / base:9.3g}{requests:>10}"
        yield f"{line.name:36}{figures}   {line.remark}".rstrip()
    if jobs in GOALS:
        cold, warm, requests = GOALS[jobs]
        yield f"goals: cold under {cold:g} s, warm under {warm:g} s" + (
            f", at most {requests} requests" if requests else ""
        )


if __name__ == "__main__":
    main()
