"""The projects of the table of edits, run: before the edit, unchanged somewhere else, and after it."""

import os
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from foundations_archive.archive import Archive, open_archive
from tests.foundations.case_table import Case, When
from tests.foundations.warm_processes import WarmProcesses

RUNS: tuple[When, ...] = ("before", "before", "after")
SEEDS = (1, 2)
LANES = 2
TARGET = "the stage that is run"
# folders may be called anything; and what is at hand in one run is not where the next one looks
FOLDERS = ("first", "second place", "dritter Ort é")
_NOT_INHERITED = ("FOUNDATIONS_", "AWS_", "PYTHON", "PREFECT_", "REDUN_", "JOBLIB_")
DATA = ("numpy", "pandas")
LOADED = (
    "foundations.board", "foundations.deployment", "foundations.driver", "foundations.hosts", "foundations.pickling",
    "foundations.reader", "foundations.same_process", "foundations.view", "foundations.worker",
    "foundations_archive.archive", "foundations_archive.local", "foundations_runner.courier",
    "foundations_runner.process_host", "foundations_runner.runtime",
)  # fmt: skip


class DriverFailed(Exception):
    """A driver did not succeed; the text is what it wrote."""


@dataclass(frozen=True)
class Ran:
    """One run of a case's project: what it answered, what the answer is without a cache, what became of the stages."""

    answer: str
    uncached: str
    statuses: dict[str, str]
    said: str


class System(Protocol):
    """What runs stages and caches their results."""

    def start(self, seed: int, *, data: bool, environment: Mapping[str, str]) -> WarmProcesses:
        """Return processes with a hash seed that have imported what the system needs, NumPy and pandas where asked."""

    def variables(self, place: Path) -> dict[str, str]:
        """Return the environment variables by which its drivers share a cache in a directory."""

    def statuses(self, place: Path, output: str) -> dict[str, str]:
        """Return what became of each stage of the last run, whose driver has written `output`."""


class Foundations:
    """Jobs in the environment `local`, with an archive of their own."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def start(self, seed: int, *, data: bool, environment: Mapping[str, str]) -> WarmProcesses:
        """Return processes that have imported what drivers, couriers and workers do."""
        own = {"FOUNDATIONS_HOME": str(self._home), "FOUNDATIONS_ENVIRONMENT": "local"}
        return WarmProcesses(seed=seed, modules=(*LOADED, *(DATA if data else ())), environment={**environment, **own})

    def variables(self, place: Path) -> dict[str, str]:
        """Return what names the archive."""
        return {"FOUNDATIONS_ARCHIVE": str(place / "archive")}

    def statuses(self, place: Path, output: str) -> dict[str, str]:
        """Return what the newest job's record says."""
        del output
        return statuses_of(open_archive(str(place / "archive")))


class Lanes:
    """Runs cases, a few at once, each with processes that are warm already, and with one seed after the other."""

    def __init__(self, system: System, place: Path) -> None:
        self._system, self._place = system, place
        # now: tests change the variables of this process while the cases run
        self._environment = {name: one for name, one in os.environ.items() if not name.startswith(_NOT_INHERITED)}
        self._started: dict[tuple[int, int, bool], WarmProcesses] = {}
        self._pool = ThreadPoolExecutor(LANES)
        self._running: dict[str, Future[list[Ran]]] = {}

    def begin(self, cases: Iterable[Case]) -> None:
        """Begin to run cases; whoever wants to know waits for them."""
        self._running = {case.name: self._pool.submit(self._runs, case) for case in cases}

    def runs(self, case: Case) -> list[Ran]:
        """Return the runs of a case; raise `DriverFailed` where one did not succeed."""
        return self._running[case.name].result()

    def close(self) -> None:
        """Let go of what was begun, and end all processes."""
        self._pool.shutdown(cancel_futures=True)
        for processes in self._started.values():
            processes.close()

    def _runs(self, case: Case) -> list[Ran]:
        place, found = self._place / case.name, []
        for number, when in enumerate(RUNS):
            root, outside = place / FOLDERS[number], place / "outside"
            case.lay_out(when, root, outside)
            variables = case.variables_of(when, outside) | self._system.variables(place)
            paths = [str(outside)] if case.python_path else []
            run = partial(self._warm(case, number).run, root, variables=variables, paths=paths)
            cached, uncached = run(), run("uncached")  # which may write to the project
            if uncached.returncode or cached.returncode:
                raise DriverFailed(f"{case.name}, {when}: {uncached.stderr}{cached.stderr}")
            statuses = self._system.statuses(place, cached.stdout)
            found.append(Ran(answer_of(cached.stdout), answer_of(uncached.stdout), statuses, cached.stderr))
        return found

    def _warm(self, case: Case, number: int) -> WarmProcesses:
        # nobody has what he does not need himself
        key = threading.get_ident(), SEEDS[number % len(SEEDS)], bool(case.requires)
        if key not in self._started:
            self._started[key] = self._system.start(key[1], data=key[2], environment=self._environment)
        return self._started[key]


def statuses_of(archive: Archive) -> dict[str, str]:
    """Return what became of the stages of the newest job; the one that was run is `TARGET`, whatever its name."""
    spec, record = archive.jobs()[-1]
    names = {stage.id: stage.name for stage in spec.stages}
    return {TARGET if stage.id == spec.target else names[stage.id]: stage.status for stage in record.stages}


def answer_of(output: str) -> str:
    """Return the answer that a driver has written."""
    return output.rpartition("answer: ")[2].strip()
