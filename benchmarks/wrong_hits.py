"""Which edits of a project a cache answers wrongly, and which it computes again for nothing: ours and the peers'.

    python benchmarks/wrong_hits.py [--quick] [--only NAME ...] [--output FILE | --write]

The edits are the table of tests/foundations/cache_cases: each project is run as it is, once more unchanged in another
directory and with another hash seed, and then edited, with one cache for the three. Every run is compared with one
without a cache. An edit counts once for each peer:

- *wrong*: an answer was another than without the cache
- *error*: the peer could not run the project at all
- *needless*: something was computed again that was the same, after an edit that changes nothing or without any
- *right*: everything else; a peer that computes anew what it never caches is right where nothing else would be

Peers cache the functions of a project as their documentation has it (benchmarks/cases/edits has all of it), and the
drivers are the same, with a stand-in for Foundations. `whole model directory` counts every byte of every file, and the
pickled arguments. Options of ours are not among the edits. Peers are installed under .work/peers, once; `--quick` runs
every fortieth edit; `--write` is `--output benchmarks/results/wrong_hits.txt`. What was found of each is kept under
.work until an edit is changed, so that `--only` can measure one after the other: the tables have all of them.
"""

import argparse
import hashlib
import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
sys.path.append(str(REPOSITORY))

# E402: what is imported from there can only be behind that line
from cases.peers import HAMILTON, JOBLIB, PREFECT, REDUN, NotInstalled, Peer, python_of, with_data  # noqa: E402

from tests.foundations.case_running import DATA, TARGET, DriverFailed, Foundations, Lanes, Ran, System  # noqa: E402
from tests.foundations.case_table import Case, all_cases, python_is_new_enough  # noqa: E402
from tests.foundations.warm_processes import WarmProcesses  # noqa: E402

EDITS = Path(__file__).parent / "cases" / "edits"
WORK = Path(__file__).parent / ".work"
RESULT = Path(__file__).parent / "results" / "wrong_hits.txt"
VERDICTS = ("right", "wrong", "needless", "error")
EVERY = 40
_START_SECONDS = 120.0


@dataclass(frozen=True)
class PeerSystem:
    """A peer behind the stand-in for Foundations, with processes that have imported it."""

    python: str
    module: str
    more: Mapping[str, str]

    def start(self, seed: int, *, data: bool, environment: Mapping[str, str]) -> WarmProcesses:
        """Return processes of the peer's Python."""
        own = {"PYTHONPATH": str(EDITS), "CACHED_BY": self.module, **self.more}
        modules = ("foundations", *(DATA if data else ()))
        return WarmProcesses(seed=seed, modules=modules, environment={**environment, **own}, python=self.python)

    def variables(self, place: Path) -> dict[str, str]:
        """Return what names the cache, and a home that no other project's runs share."""
        return {"CACHE": str(place / "cache"), "HOME": str(place)}

    def statuses(self, place: Path, output: str) -> dict[str, str]:
        """Return what the stand-in says."""
        del place
        found: dict[str, str] = json.loads(output.rpartition("stages: ")[2].splitlines()[0])
        return found


@dataclass(frozen=True)
class Contestant:
    """A row of the tables."""

    name: str
    module: str = ""
    peer: Peer | None = None

    @property
    def label(self) -> str:
        """The name, with the peer's version."""
        return f"{self.name} {self.peer.version}" if self.peer else self.name

    def system(self, home: Path) -> AbstractContextManager[System]:
        """Return what runs its stages, up as long as the context; raise `NotInstalled`."""
        if not self.module:
            return nullcontext(Foundations(home))
        python = python_of(with_data(self.peer)) if self.peer else sys.executable
        if self.peer is PREFECT:
            return prefect_system(python, self.module, home)
        return nullcontext(PeerSystem(python, self.module, {}))


CONTESTANTS = (
    Contestant("Foundations"),
    Contestant("whole model directory", "with_directory"),
    Contestant("joblib", "with_joblib", JOBLIB),
    Contestant("redun", "with_redun", REDUN),
    Contestant("Prefect", "with_prefect", PREFECT),
    Contestant("Hamilton", "with_hamilton", HAMILTON),
)


@contextmanager
def prefect_system(python: str, module: str, home: Path) -> Iterator[System]:
    """Run a Prefect server for as long as its tasks run, as they would each start one for themselves."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}/api"
    own = {"PREFECT_HOME": str(home / "prefect"), "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1"}
    command = [python, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    with subprocess.Popen(
        command, env={**os.environ, **own}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            wait_for(f"{url}/health", server)
            yield PeerSystem(python, module, {**own, "PREFECT_API_URL": url, "PREFECT_LOGGING_LEVEL": "ERROR"})
        finally:
            server.terminate()


def wait_for(url: str, server: "subprocess.Popen[bytes]") -> None:
    """Return when a server answers; raise `NotInstalled` when it does not."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except OSError:
            time.sleep(0.5)
        else:
            return
    raise NotInstalled("its server does not start")


class Memory:
    """What was found in earlier runs of the same edits."""

    def __init__(self, cases: Sequence[Case]) -> None:
        files = [file for case in cases for file in sorted(case.folder.rglob("*")) if file.is_file()]
        whole = hashlib.sha256(
            b"".join(str(file.relative_to(REPOSITORY)).encode() + file.read_bytes() for file in files)
        )
        self._file = WORK / f"wrong_hits-{whole.hexdigest()[:16]}.json"
        self.known: dict[str, dict[str, str]] = json.loads(self._file.read_text()) if self._file.exists() else {}

    def keep(self, label: str, verdicts: dict[str, str]) -> None:
        """Remember the verdicts on a contestant."""
        self.known[label] = verdicts
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(json.dumps(self.known))


def verdict(case: Case, runs: Sequence[Ran]) -> str:
    """Return what the runs of a case come to."""
    if any(run.answer != run.uncached for run in runs):
        return "wrong"
    _, again, edited = (run.statuses[TARGET] for run in runs)
    unchanged = case.expect in ("hit", "miss") and again == "succeeded"
    return "needless" if unchanged or (case.expect == "hit" and edited == "succeeded") else "right"


def measure(contestant: Contestant, cases: Sequence[Case], place: Path) -> dict[str, str]:
    """Return the verdict on a contestant for each case."""
    with contestant.system(place) as system:
        lanes = Lanes(system, place)
        try:
            lanes.begin(cases)
            return {case.name: judged(lanes, case) for case in cases}
        finally:
            lanes.close()


def judged(lanes: Lanes, case: Case) -> str:
    """Return the verdict on a case, or that it could not be run."""
    try:
        return verdict(case, lanes.runs(case))
    except DriverFailed:
        return "error"


def main() -> None:
    options = arguments()
    cases = [case for case in all_cases() if not case.needs and python_is_new_enough(case)]
    cases = [case for case in cases if set(case.requires) <= set(DATA)][:: EVERY if options.quick else 1]
    memory = Memory(cases)
    results: dict[str, dict[str, str] | str] = {}
    for contestant in CONTESTANTS:
        if options.only and contestant.name not in options.only:
            results[contestant.label] = memory.known.get(contestant.label, "not measured")
            continue
        with tempfile.TemporaryDirectory(prefix="wrong-hits-", ignore_cleanup_errors=True) as place:
            try:
                results[contestant.label] = found = measure(contestant, cases, Path(place))
                memory.keep(contestant.label, found)
            except NotInstalled as error:
                results[contestant.label] = f"not installed: {error}"
    text = "\n".join([facts(cases), *whole_table(results), *category_tables(results, cases), *our_failures(results)])
    print(text)
    if options.output:
        options.output.write_text(text + "\n")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="every fortieth edit: shows that it works, no more")
    parser.add_argument("--only", nargs="+", choices=[contestant.name for contestant in CONTESTANTS])
    parser.add_argument("--output", type=Path)
    parser.add_argument("--write", action="store_const", dest="output", const=RESULT)
    return parser.parse_args()


def facts(cases: Sequence[Case]) -> str:
    must = sum(case.must_recompute for case in cases)
    return (
        f"{len(cases)} edits, {must} of which must be computed again; {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}"
    )


def whole_table(results: Mapping[str, Mapping[str, str] | str]) -> Iterator[str]:
    yield f"\n{'all edits':28}" + "".join(f"{name:>10}" for name in VERDICTS)
    for label, verdicts in results.items():
        if isinstance(verdicts, str):
            yield f"{label:28}   {verdicts}"
            continue
        counts = Counter(verdicts.values())
        yield f"{label:28}" + "".join(f"{counts[name]:10}" for name in VERDICTS)


def category_tables(results: Mapping[str, Mapping[str, str] | str], cases: Sequence[Case]) -> Iterator[str]:
    run = {label: verdicts for label, verdicts in results.items() if not isinstance(verdicts, str)}
    sizes = Counter(case.category for case in cases)
    for name in VERDICTS[1:]:
        yield f"\n{name:20}{'edits':>6}" + "".join(f"{label[:21]:>23}" for label in run)
        for category, size in sorted(sizes.items()):
            counts = (
                sum(one == name for case, one in verdicts.items() if case.startswith(f"{category}/"))
                for verdicts in run.values()
            )
            yield f"{category:20}{size:6}" + "".join(f"{count or '':>23}" for count in counts)


def our_failures(results: Mapping[str, Mapping[str, str] | str]) -> Iterator[str]:
    ours = results.get("Foundations", {})
    if not isinstance(ours, str):
        for name in ("wrong", "error"):
            found = [case for case, one in ours.items() if one == name]
            if found:
                yield f"\nFoundations, {name}: {', '.join(found)}"


if __name__ == "__main__":
    main()
