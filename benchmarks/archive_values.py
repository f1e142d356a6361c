"""What large values, a job's requests and many writers cost on a real S3 server.

    python benchmarks/archive_values.py [--mib 1000] [--rounds 3] [--output benchmarks/results/archive_values.txt]

*Values*: an array is persisted and read back, against boto3's managed transfer (`upload_fileobj`, `download_fileobj`,
default settings) of the same bytes; every measurement is a new process, both ways take turns, and the order changes.
Memory is the peak of the process above what it had before, less the array itself. *Job*: ten persisted stages through a
proxy that delays every byte by 10 ms each way, against the same without the delay. *Ingest*: eight processes that each
submit, start, append to and finish small jobs in one archive. The S3 server shares the machine's processors with all.
"""

import argparse
import asyncio
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

REPOSITORY = Path(__file__).parents[1]
sys.path.insert(0, str(REPOSITORY))

from benchmarks.submit import s3_server  # noqa: E402 - a script's own folder is on the path, not the one above it

MIB = 1024 * 1024
ONE_WAY_SECONDS = 0.010
WRITERS = 8
MODEL = """
import numpy

def begin():
    return numpy.arange(20_000)

def step(before):
    return before + 1
"""
DRIVER = """
import sys, time
import foundations
from model import begin, step

def job():
    stage = foundations.create_stage(begin)().persist()
    for _ in range(9):
        stage = foundations.create_stage(step)(stage).persist()
    began = time.time()
    stage.run()
    return time.time() - began

job()
print("SECONDS", job())
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mib", type=int, default=1000, help="size of the array")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=100, help="jobs of each writer")
    parser.add_argument("--output", type=Path)
    parser.add_argument("--part", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        print(json.dumps(PARTS[options.part[0]](*options.part[1:])))
        return
    with s3_server() as variables:
        os.environ.update(variables)
        lines = [facts(), "", *values(options.mib, options.rounds), "", *job(variables, options.rounds), ""]
        lines += ingest(options.jobs)
    text = "\n".join(lines)
    print(text)
    if options.output:
        options.output.write_text(text + "\n")


def facts() -> str:
    system = f"{platform.system()} {platform.machine()}"
    return f"{os.cpu_count()} cores, {system}, Python {platform.python_version()}, SeaweedFS on the same machine"


def part(name: str, *arguments: str) -> Any:
    command = [sys.executable, __file__, "--part", name, *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def values(mib: int, rounds: int) -> Iterator[str]:
    """Yield the lines of the first table."""
    samples: dict[str, list[dict[str, float]]] = {}
    for number in range(rounds):
        order = ("ours", "boto3") if number % 2 else ("boto3", "ours")
        for direction in ("put", "get"):
            for who in order:
                name = f"{direction} {who}"
                samples.setdefault(name, []).append(part(name, str(mib), str(number)))
    yield f"an array of {mib} MiB, {rounds} rounds{'':16} {'min s':>8} {'median s':>9} {'ratio':>7} {'peak + MiB':>11}"
    labels = {"put": "persisted", "get": "read"}
    for name, found in samples.items():
        direction, who = name.split()
        seconds, floor = ([one["seconds"] for one in samples[f"{direction} {whose}"]] for whose in (who, "boto3"))
        ratio = statistics.median(seconds) / statistics.median(floor)
        peak = max(one["peak"] for one in found)
        label = f"{labels[direction]}, {'Foundations' if who == 'ours' else 'boto3 managed transfer'}"
        yield f"{label:44} {min(seconds):8.2f} {statistics.median(seconds):9.2f} {ratio:7.2f} {peak:11.0f}"


def put_ours(mib: str, number: str) -> dict[str, float]:
    from foundations.values import encode
    from foundations_archive.archive import open_archive
    from foundations_archive.blobs import CHUNK

    array = made(int(mib), int(number))
    blobs = open_archive("s3://bench/values").blobs
    blobs.put(b"the connection is there")
    written = []
    with measured() as sample:
        encoding, buffers = encode(array)
        for buffer in buffers:
            found = blobs.put_buffer(buffer[start : start + CHUNK] for start in range(0, len(buffer), CHUNK))
            written.append([found.size, found.chunks])
    Path(tempfile.gettempdir(), f"benchmark-values-{number}.json").write_text(json.dumps([encoding, written]))
    return {name: sample[name] for name in ("seconds", "peak")}


def get_ours(mib: str, number: str) -> dict[str, float]:
    from foundations.results import load_value
    from foundations_archive.archive import open_archive
    from foundations_archive.records import Buffer, Value

    path = Path(tempfile.gettempdir(), f"benchmark-values-{number}.json")
    encoding, written = json.loads(path.read_text())
    path.unlink()
    archive = open_archive("s3://bench/values")
    archive.blobs.get(written[-1][1][-1])  # the connection is there
    import numpy

    value = Value(encoding, tuple(Buffer(size, tuple(chunks)) for size, chunks in written))
    size = sum(buffer.size for buffer in value.buffers)
    with measured() as sample:
        array = load_value(archive, value)
    assert isinstance(array, numpy.ndarray)
    assert (array[:: 1 << 16] == made(int(mib), int(number))[:: 1 << 16]).all()
    return {"seconds": sample["seconds"], "peak": sample["peak"] - size / MIB}


def put_boto3(mib: str, number: str) -> dict[str, float]:
    import io

    array, client = made(int(mib), int(number)), boto3_client()
    content = io.BytesIO(memoryview(array))
    with measured() as sample:
        client.upload_fileobj(content, "bench", f"managed-{number}")
    return sample


def get_boto3(mib: str, number: str) -> dict[str, float]:
    import io

    client, content = boto3_client(), io.BytesIO()
    with measured() as sample:
        client.download_fileobj("bench", f"managed-{number}", content)
    assert content.getbuffer().nbytes == int(mib) * MIB
    return {"seconds": sample["seconds"], "peak": sample["peak"] - int(mib)}


def boto3_client() -> Any:
    import boto3
    from botocore.config import Config

    client = boto3.client("s3", config=Config(s3={"addressing_style": "path"}))
    client.head_bucket(Bucket="bench")
    return client


def made(mib: int, number: int) -> Any:
    """Return an array that no other round has: the same bytes again would be there already."""
    import numpy

    return numpy.arange(mib * MIB // 8, dtype=numpy.int64) * 1_000_003 + number


@contextmanager
def measured() -> Iterator[dict[str, Any]]:
    sample: dict[str, Any] = {}
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before, began = memory("VmRSS"), time.perf_counter()
    yield sample
    sample["seconds"] = time.perf_counter() - began
    sample["peak"] = memory("VmHWM") - before


def memory(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1]) / 1024


def job(variables: dict[str, str], rounds: int) -> Iterator[str]:
    """Yield the lines of the second table."""
    with tempfile.TemporaryDirectory() as directory:
        project = Path(directory, "benchmark-values")
        project.mkdir()
        (project / "model.py").write_text(MODEL)
        (project / "driver.py").write_text(DRIVER)
        home = {"FOUNDATIONS_HOME": f"{directory}/home", "FOUNDATIONS_ENVIRONMENT": "local"}
        yield f"a job of ten persisted stages, {rounds} rounds{'':8} {'min s':>8} {'median s':>9} {'requests':>9}"
        medians = []
        for label, delay in (("without delay", 0.0), ("20 ms a round trip", ONE_WAY_SECONDS)):
            samples = []
            for _ in range(rounds):
                proxy = Proxy(variables["AWS_ENDPOINT_URL"], delay)
                environment = {**os.environ, **home, "AWS_ENDPOINT_URL": proxy.address}
                environment["FOUNDATIONS_ARCHIVE"] = "s3://bench/jobs"
                done = subprocess.run(
                    [sys.executable, "driver.py"],
                    cwd=project,
                    env=environment,
                    check=True,
                    capture_output=True,
                    text=True,
                )
                seconds = float(done.stdout.split("SECONDS")[1])
                samples.append((seconds, proxy.requests / 2))  # of two jobs, the first of them unmeasured
                proxy.close()
            seconds_of = [seconds for seconds, _ in samples]
            medians.append(statistics.median(seconds_of))
            requests = statistics.median(count for _, count in samples)
            yield f"{label:44} {min(seconds_of):8.2f} {medians[-1]:9.2f} {requests:9.0f}"
        extra = (medians[1] - medians[0]) / (2 * ONE_WAY_SECONDS)
        yield f"the delay costs as much as {extra:.0f} round trips in a row, from run() to its return"


class Proxy:
    """A proxy that passes every byte on a while after it came, and counts requests."""

    def __init__(self, server: str, delay: float) -> None:
        found = urlsplit(server)
        self._server, self._delay = (found.hostname, found.port), delay
        self.requests = 0
        self._loop = asyncio.new_event_loop()
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        self._thread.start()
        ready.wait()

    def close(self) -> None:
        """Pass nothing on any more."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self, ready: threading.Event) -> None:
        async def begin() -> None:
            server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
            self.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            ready.set()

        self._loop.run_until_complete(begin())
        self._loop.run_forever()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        onwards = await asyncio.open_connection(*self._server)
        await asyncio.gather(self._pass(reader, onwards[1], count=True), self._pass(onwards[0], writer))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, count: bool = False) -> None:
        loop = asyncio.get_running_loop()
        with suppress(ConnectionError):
            while data := await reader.read(1 << 20):
                self.requests += count and data.startswith((b"GET ", b"PUT ", b"HEAD ", b"DELETE "))
                loop.call_later(self._delay, writer.write, data)
        loop.call_later(self._delay, writer.close)


def ingest(jobs: int) -> Iterator[str]:
    """Yield the lines of the third table."""
    command = [sys.executable, __file__, "--part", "writer", str(jobs)]
    began = time.perf_counter()
    busy = resource.getrusage(resource.RUSAGE_CHILDREN)
    idle = idle_seconds()
    writers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(WRITERS)]
    samples = [json.loads(writer.communicate()[0]) for writer in writers]
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    whole = time.perf_counter() - began
    window = max(one["ended"] for one in samples) - min(one["began"] for one in samples)
    rate = WRITERS * jobs / window
    own = (spent.ru_utime + spent.ru_stime - busy.ru_utime - busy.ru_stime) / WRITERS / jobs * 1000
    processors = os.cpu_count() or 1
    used = 1 - (idle_seconds() - idle) / (whole * processors)
    yield f"{WRITERS} writers, {jobs} ended jobs each{'':13} {'jobs/s':>8} {'requests/s':>11}"
    yield f"{'submit, start, append, finish':44} {rate:8.0f} {rate * REQUESTS:11.0f}"
    yield f"a job costs a writer {own:.0f} ms of processor time ({REQUESTS} requests, start of the process included);"
    yield f"the {processors} processors, which the server shares, were {used:.0%} busy"


REQUESTS = 8


def idle_seconds() -> float:
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()
    return int(fields[4]) / os.sysconf("SC_CLK_TCK")


def writer(jobs: str) -> dict[str, float]:
    import uuid

    from foundations_archive.archive import new_attempt, open_archive
    from foundations_archive.ledger import Ledger
    from foundations_archive.records import JobSpec, StageSpec, Value

    archive = open_archive("s3://bench/ingest")
    archive.store.look()
    began = time.time()
    for _ in range(int(jobs)):
        spec = JobSpec(
            job_id=str(uuid.uuid4()),
            project="ingest",
            user="me",
            created=time.time(),
            target="s",
            stages=(StageSpec("s", "train", "m:train"),),
            graph=Value("pickle5"),
            bundle="",
            paths=(".",),
            directory=".",
            python="3.11",
            environment="local",
        )
        archive.submit(spec)
        attempt, now = new_attempt(), time.time()
        archive.start(spec.job_id, attempt, {})
        events: list[dict[str, Any]] = [
            {"n": 0, "time": now, "event": "job started"},
            {"n": 1, "time": now, "event": "stage started", "stage": "s"},
            {"n": 2, "time": now, "event": "metrics", "stage": "s", "key": "loss", "values": [0.5], "times": [now]},
            {"n": 3, "time": now, "event": "stage ended", "stage": "s", "status": "succeeded", "seconds": 0.1},
        ]
        archive.append(spec.job_id, attempt, 0, events)
        ledger = Ledger(spec)
        ledger.extend(events)
        archive.finish(spec, ledger.record("Completed", ended=now), attempt=attempt)
    return {"began": began, "ended": time.time()}


PARTS = {
    "put ours": put_ours,
    "get ours": get_ours,
    "put boto3": put_boto3,
    "get boto3": get_boto3,
    "writer": writer,
}


if __name__ == "__main__":
    main()
