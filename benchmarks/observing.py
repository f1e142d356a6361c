"""What watching a cached stage costs it: the same stage with and without, one after the other, many times.

    python benchmarks/observing.py [--rounds 15] [--python PATH]... [--output FILE | --write]

Processes with and without the hooks run each case in turn; ratios are to the plain process, each of the least processor
time of all rounds, as others who use the machine only ever add to it. *Watched* is what the hooks cost while the stage
runs and what comes behind it, with the digests of the files known, as they are when one has been looked for in the
cache; *first* has them made anew: that is SHA-256 of each byte, of large files by another thread. *Idle* is a process
with hooks while no cached stage runs. Cases marked * do nothing but what is watched: no stage is like that, they show
the price of one event. `copy.deepcopy` is slower as Python tells every `id()` to an audit hook, of which there is no
other way to hear of what is opened.
`--python` adds other interpreters that have numpy and pandas; `--write` is `--output benchmarks/results/observing.txt`.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

CASES = Path(__file__).parent / "cases"
RESULT = Path(__file__).parent / "results" / "observing.txt"
REPOSITORY = Path(__file__).parents[1]


class Contestant:
    """A process that runs cases when it is told to."""

    def __init__(self, python: str, mode: str, folder: str) -> None:
        self._process = subprocess.Popen(
            [python, str(CASES / "observed_stages.py"), mode, folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        )
        self.cases = json.loads(self._answer())

    def seconds(self, case: str) -> float:
        """Return how long a case takes."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{case}\n")
        self._process.stdin.flush()
        return float(self._answer())

    def end(self) -> None:
        """Wait for the process."""
        self._process.communicate(timeout=60)

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


def main() -> None:
    options = arguments()
    lines = [f"{options.rounds} rounds, {os.cpu_count()} cores, {platform.system()} {platform.machine()}"]
    for python in [sys.executable, *options.python]:
        lines += ["", *table(python, options.rounds)]
    text = "\n".join(lines) + "\n"
    print(text, end="")
    if options.output:
        options.output.write_text(text)


def table(python: str, rounds: int) -> list[str]:
    """Measure all cases with one interpreter."""
    version = subprocess.run(
        [python, "-c", "import platform; print(platform.python_version())"], capture_output=True, text=True, check=True
    )
    with tempfile.TemporaryDirectory() as folder:
        contestants = {mode: Contestant(python, mode, folder) for mode in ("plain", "idle", "watched", "first")}
        samples = measured(contestants, rounds)
        for contestant in contestants.values():
            contestant.end()
    heads = "".join(f"{head:>9}" for head in ("plain", "watched", "first", "idle"))
    lines = [f"{f'Python {version.stdout.strip()}, ms a stage, and ratios':<58}{heads}"]
    for case, taken in samples.items():
        plain = min(taken["plain"])
        ratios = [min(taken[mode]) / plain for mode in ("watched", "first", "idle")]
        lines.append(f"{case:<58}{plain * 1e3:9.2f}{''.join(f'{ratio:9.3f}' for ratio in ratios)}")
    return lines


def measured(contestants: dict[str, Contestant], rounds: int) -> dict[str, dict[str, list[float]]]:
    """Run every case in every process, in turn, once more than is counted."""
    cases = contestants["plain"].cases
    samples: dict[str, dict[str, list[float]]] = {case: {mode: [] for mode in contestants} for case in cases}
    for number in range(rounds + 1):
        for case in cases:
            for mode in sorted(contestants, reverse=bool(number % 2)):
                seconds = contestants[mode].seconds(case)
                if number:
                    samples[case][mode].append(seconds)
    return samples


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--python", action="append", default=[], help="another interpreter")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--output", type=Path)
    where.add_argument("--write", dest="output", action="store_const", const=RESULT)
    return parser.parse_args()


if __name__ == "__main__":
    main()
