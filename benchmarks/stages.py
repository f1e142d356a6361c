"""What a stage costs beside the work in it, and what a metric costs, against peers in the same run.

    python benchmarks/stages.py [--samples 5] [--limit 600] [--without-peers] [--quick] [--output FILE | --write]

Stages that add one to a number, in the environment `local` with everything that we record: in a chain, and side by side
with one more that needs them all. Each case runs in a process and a directory of its own, and its clock covers building
the graph, running it, and reading the result back, after a run of one stage that starts what has to be started once.
*Without start* is (time of n - time of 1) / n, *with start* is time of n / n; ratios are of medians without start, to
Foundations. Every round runs every case once, one after the other, so that a noisy moment hits all alike. A case that
took longer than a tenth of the limit runs no second time, and one that takes longer than the limit is ended. Peers are
installed under .work/peers, once; `--write` is `--output benchmarks/results/stages.txt`.
"""

import argparse
import json
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cases.peers import JOBLIB, MLFLOW, PREFECT, REDUN, NotInstalled, Peer, python_of

CASES = Path(__file__).parent / "cases"
RESULT = Path(__file__).parent / "results" / "stages.txt"
SHAPES = {"chain": "chain of {:,}", "fan_out": "fan-out of {:,}, and a join"}

VARIABLES = {
    "FOUNDATIONS_ENVIRONMENT": "local",
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ALLOW_FILE_STORE": "true",
}


@dataclass(frozen=True)
class Contestant:
    """A row of the tables: a script of `cases`, what it is told, and the peer that it needs."""

    name: str
    script: str
    words: tuple[str, ...] = ()
    peer: Peer | None = None
    largest: int = sys.maxsize
    why: str = ""

    @property
    def label(self) -> str:
        """The name, with the peer's version."""
        return self.name.replace(self.peer.name, f"{self.peer.name} {self.peer.version}", 1) if self.peer else self.name


STAGES = (
    Contestant("plain Python loop", "with_plain_python.py"),
    Contestant("Foundations", "with_foundations.py"),
    Contestant("Foundations, every stage cached", "with_foundations.py", ("cached",)),
    Contestant("joblib, Parallel(threading)", "with_joblib.py", peer=JOBLIB),
    Contestant("joblib, Memory", "with_joblib.py", ("cached",), JOBLIB),
    Contestant("redun", "with_redun.py", peer=REDUN),
    Contestant("Prefect", "with_prefect.py", (), PREFECT, 1000, "it takes minutes"),
)
METRICS = (
    Contestant("list.append", "metrics_with_list.py"),
    Contestant("Foundations", "metrics_with_foundations.py"),
    Contestant("MLflow, file store", "metrics_with_mlflow.py", (), MLFLOW, 10_000, "it takes minutes"),
)

Sample = dict[str, float]


class Failed(Exception):
    """A case has no time; the text says why."""


class Measurements:
    """The samples of every case, and why there are no more of one."""

    def __init__(self, *, limit: float, peers: bool) -> None:
        self._limit, self._peers = limit, peers
        self.samples: dict[tuple[str, ...], list[Sample]] = defaultdict(list)
        self.failures: dict[tuple[str, ...], str] = {}

    def measure(self, contestant: Contestant, *words: str) -> None:
        """Run a case once, unless it failed before or takes too long to run again."""
        key = (contestant.name, *words)
        taken = [sample["seconds"] for sample in self.samples[key]]
        if key in self.failures or max(taken, default=0.0) > self._limit / 10:
            return
        try:
            python = self._python(contestant.peer)
            self.samples[key].append(run_case(contestant, words, python=python, limit=self._limit))
        except NotInstalled as error:
            self.failures[key] = f"not installed: {error}"
        except Failed as error:
            self.failures[key] = str(error)

    def _python(self, peer: Peer | None) -> str:
        if peer is None:
            return sys.executable
        if not self._peers:
            raise Failed("left out with --without-peers")
        return python_of(peer)


def main() -> None:
    options = arguments()
    sizes, calls = ((20, 50), 500) if options.quick else ((1_000, 10_000), 1_000_000)
    measurements = Measurements(limit=options.limit, peers=not options.without_peers)
    samples = 1 if options.quick else options.samples
    for _ in range(samples):
        for contestant in STAGES:
            for shape in SHAPES:
                for size in (1, *(size for size in sizes if size <= contestant.largest)):
                    measurements.measure(contestant, shape, str(size))
        for contestant in METRICS:
            measurements.measure(contestant, str(min(calls, contestant.largest)))
    text = "\n".join([facts(samples), *stage_tables(measurements, sizes), *metric_table(measurements, calls)])
    print(text)
    if options.output:
        options.output.write_text(text + "\n")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=5)
    parser.add_argument("--limit", type=float, default=600, help="seconds for one run of a case")
    parser.add_argument("--without-peers", action="store_true")
    parser.add_argument("--quick", action="store_true", help="one round of small runs: shows that it works, no more")
    parser.add_argument("--output", type=Path)
    parser.add_argument("--write", action="store_const", dest="output", const=RESULT)
    return parser.parse_args()


def run_case(contestant: Contestant, words: tuple[str, ...], *, python: str, limit: float) -> Sample:
    """Run a case in a process and a directory of its own, and return what it measured; raise `Failed`."""
    with tempfile.TemporaryDirectory(prefix="benchmark-stages-", ignore_cleanup_errors=True) as directory:
        project, home = Path(directory, "project"), Path(directory, "home")
        shutil.copytree(CASES, project, ignore=shutil.ignore_patterns("__pycache__"))
        home.mkdir()
        places = {"HOME": str(home), "FOUNDATIONS_HOME": str(home), "PREFECT_HOME": str(home / ".prefect")}
        variables = {**inherited(), **VARIABLES, **places}
        output = run([python, contestant.script, *words, *contestant.words], project, variables=variables, limit=limit)
    sample: Sample = json.loads(output.strip().splitlines()[-1])
    return sample


def run(command: list[str], directory: Path, *, variables: dict[str, str], limit: float) -> str:
    """Return what a command prints; raise `Failed` when it does not succeed in time, with all that it started ended."""
    with subprocess.Popen(
        command,
        cwd=directory,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            output, errors = process.communicate(timeout=limit)
        except BaseException as error:
            end(process)
            if isinstance(error, subprocess.TimeoutExpired):
                raise Failed(f"not done after {limit:g} s") from None
            raise
    if process.returncode:
        raise Failed(f"failed: {(errors.strip().splitlines() or ['it said nothing'])[-1][:100]}")
    return output


def end(process: "subprocess.Popen[str]") -> None:
    """End a process with all that it started, after a moment to tidy up."""
    os.killpg(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.communicate(timeout=10)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def inherited() -> dict[str, str]:
    """Return this process's variables without any that would change what is measured."""
    ours = ("FOUNDATIONS_", "PREFECT_", "REDUN_", "MLFLOW_", "JOBLIB_", "PYTHON")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def facts(samples: int) -> str:
    parts = [
        f"{samples} rounds" if samples > 1 else "1 round",
        f"{os.cpu_count()} cores",
        f"{platform.system()} {platform.machine()}",
        f"Python {platform.python_version()}",
    ]
    return ", ".join(parts)


def stage_tables(measurements: Measurements, sizes: tuple[int, ...]) -> Iterator[str]:
    for shape, title in SHAPES.items():
        for size in sizes:
            yield f"\n{'us per stage':36}{'without start':^34}{'with start':^22}"
            heads = f"{'min':>11}{'median':>11}{'ratio':>12}{'min':>11}{'median':>11}{'runs':>6}"
            yield f"{title.format(size):36}{heads}"
            ours = per_stage(measurements, "Foundations", shape=shape, size=size)
            for contestant in STAGES:
                yield stage_row(measurements, contestant, shape=shape, size=size, ours=ours)


def stage_row(
    measurements: Measurements, contestant: Contestant, *, shape: str, size: int, ours: "PerStage | None"
) -> str:
    if size > contestant.largest:
        return f"{contestant.label:36}   not run with more than {contestant.largest:,}: {contestant.why}"
    found = per_stage(measurements, contestant.name, shape=shape, size=size)
    if found is None:
        failures = (measurements.failures.get((contestant.name, shape, str(count))) for count in (1, size))
        return f"{contestant.label:36}   {next(filter(None, failures))}"
    # a small run's difference drowns in the noise, and may be none
    ratio = f"{found.median / ours.median:.3g}" if ours and ours.median > 0 else ""
    without, included = f"{found.least:11,.1f}{found.median:11,.1f}", f"{found.least_whole:11,.1f}{found.whole:11,.1f}"
    return f"{contestant.label:36}{without}{ratio:>12}{included}{found.runs:6}"


@dataclass(frozen=True)
class PerStage:
    """Microseconds per stage, without the start and, `whole`, with it."""

    least: float
    median: float
    least_whole: float
    whole: float
    runs: int


def per_stage(measurements: Measurements, name: str, *, shape: str, size: int) -> PerStage | None:
    one, many = (
        [sample["seconds"] * 1e6 for sample in measurements.samples[name, shape, str(count)]] for count in (1, size)
    )
    if not one or not many:
        return None
    least, median = min(many), statistics.median(many)
    return PerStage(
        least=(least - min(one)) / size,
        median=(median - statistics.median(one)) / size,
        least_whole=least / size,
        whole=median / size,
        runs=len(many),
    )


def metric_table(measurements: Measurements, calls: int) -> Iterator[str]:
    yield f"\n{'':36}{'us per call in the loop':^22}{'whole job':>11}{'peak memory MB':^22}"
    heads = f"{'min':>11}{'median':>11}{'median':>11}{'before':>11}{'behind':>11}{'calls':>11}{'runs':>6}"
    yield f"{'log_metric':36}{heads}"
    for contestant in METRICS:
        count = min(calls, contestant.largest)
        samples = measurements.samples[contestant.name, str(count)]
        if not samples:
            yield f"{contestant.label:36}   {measurements.failures[contestant.name, str(count)]}"
            continue
        loop, whole = ([sample[name] / count * 1e6 for sample in samples] for name in ("seconds", "whole"))
        before, behind = (max(sample[name] for sample in samples) / 1024 for name in ("before", "behind"))
        figures = f"{min(loop):11,.2f}{statistics.median(loop):11,.2f}{statistics.median(whole):11,.2f}"
        yield f"{contestant.label:36}{figures}{before:11,.0f}{behind:11,.0f}{count:11,}{len(samples):6}"


if __name__ == "__main__":
    main()
