"""What the closure of a stage costs, against reading the same functions' sources in the same run.

    python benchmarks/closures.py [--samples 7] [--write]

A project of 20 modules is made and imported in a process of its own: each module has functions that call the next
module's, a class, constants and a table. *First* is the first stage's closure, which looks at everything that it
reaches; *later* is another stage's of the same project, *again* one that was asked for before. `inspect.getsource`
reads the text of each function and class that the closure reaches once, which is what peers hash of a single function.
Ratios are to that.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

RESULT = Path(__file__).parent / "results" / "closures.txt"
REPOSITORY = Path(__file__).parents[1]
MODULES = 20
MODULE = """
import functools
import math
from dataclasses import dataclass
{imports}

SCALE_{n} = {n}.5
NAMES_{n} = ("a", "b", "c")


@dataclass
class Settings_{n}:
    '''What module {n} goes by.'''

    rate: float = 0.1
    depth: int = {n}

    def scaled(self) -> float:
        return self.rate * SCALE_{n}


def clean_{n}(rows: list) -> list:
    '''Return the rows that are there.'''
    kept = []
    for row in rows:
        if row is None or row == "":
            continue
        kept.append(row)
    return kept


def mean_{n}(rows):
    values = [float(row) for row in rows]
    return sum(values) / len(values) if values else math.nan


def spread_{n}(rows):
    middle = mean_{n}(rows)
    return math.sqrt(sum((row - middle) ** 2 for row in rows))


@functools.lru_cache(maxsize=None)
def steps_{n}(count):
    return [step * SCALE_{n} for step in range(count)]


TABLE_{n} = {{"mean": mean_{n}, "spread": spread_{n}}}


def run_{n}(rows, kind="mean", *, settings=None):
    settings = settings or Settings_{n}()
    try:
        found = TABLE_{n}[kind](clean_{n}(rows))
    except KeyError as error:
        raise ValueError(f"no kind {{kind!r}} among {{sorted(TABLE_{n})}}") from error
    return found * settings.scaled() + len(steps_{n}(settings.depth)){below}
"""
MEASURE = """
import inspect, json, sys, time, types
from pathlib import Path
root = sys.argv[1]
sys.path.insert(0, root)
import m0, m1, m2
from foundations.keys.closure import Closures
from foundations.keys.user_code import UserCode

def timed(work):
    began = time.process_time()  # what else runs on the machine is no part of it
    result = work()
    return (time.process_time() - began) * 1000, result

code = UserCode.of(Path(root), [])
closures = Closures(code)
first, closure = timed(lambda: closures.of(m0.run_0))
later, _ = timed(lambda: closures.of(m2.run_2))
again, _ = timed(lambda: closures.of(m0.run_0))
modules = [module for name, module in sys.modules.items() if name[0] == "m" and name[1:].isdigit()]
subjects = [value for module in modules for value in vars(module).values()
            if isinstance(value, (type, types.FunctionType)) and value.__module__ == module.__name__]
source, _ = timed(lambda: [inspect.getsource(subject) for subject in subjects])
print(json.dumps({"first": first, "later": later, "again": again, "getsource": source,
                  "codes": len(closure.codes), "parts": len(closure.parts), "subjects": len(subjects)}))
"""


def main() -> None:
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        _write(Path(folder))
        samples = [_measured(folder) for _ in range(arguments.samples)]
    table = _table(samples)
    print(table, end="")
    if arguments.write:
        RESULT.write_text(table)


def _write(root: Path) -> None:
    for n in range(MODULES):
        last = n == MODULES - 1
        text = MODULE.format(
            n=n, imports="" if last else f"import m{n + 1}", below="" if last else f" + m{n + 1}.run_{n + 1}(rows)"
        )
        (root / f"m{n}.py").write_text(text)


def _measured(root: str) -> dict[str, float]:
    command = [sys.executable, "-c", MEASURE, root]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=REPOSITORY)
    measured: dict[str, float] = json.loads(done.stdout)
    return measured


def _table(samples: list[dict[str, float]]) -> str:
    one = samples[0]
    title = f"Closures in a project of {MODULES} modules: {one['codes']} pieces of code, {one['parts']} parts"
    lines = [
        f"{title}; Python {sys.version.split()[0]}, {len(samples)} processes; ms of processor time",
        f"{'':<34}{'min':>9}{'median':>9}{'ratio':>9}{'goal':>9}",
    ]
    source = statistics.median(sample["getsource"] for sample in samples)
    rows = (
        ("first", "first closure", "50"),
        ("later", "another stage's, after it", "1"),
        ("again", "the same again", ""),
        ("getsource", f"getsource of {one['subjects']} functions, classes", ""),
    )
    for key, label, goal in rows:
        values = [sample[key] for sample in samples]
        middle = statistics.median(values)
        lines.append(f"{label:<34}{min(values):>9.3f}{middle:>9.3f}{middle / source:>9.4f}{goal:>9}")
    return "\n".join(lines) + "\n"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=7)
    parser.add_argument("--write", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
