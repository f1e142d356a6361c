"""Runs stages that it is told to, with or without somebody who watches, and answers the processor time of each."""

import copy
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ |= dict.fromkeys(["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"], "1")  # waiting threads burn time too

import numpy
import pandas

MODE, FOLDER = sys.argv[1:]
FILES = 1000


def prepare() -> None:
    """Write what the stages read, unless it is there; old enough to be told from what has just changed."""
    if Path("ready").exists():
        return
    for number in range(FILES):
        Path(f"record{number}.json").write_text(json.dumps({"id": number, "values": list(range(2000))}))
    frame = pandas.DataFrame(numpy.random.default_rng(0).random((100_000, 10)))
    frame.to_csv("frame.csv")
    numpy.save("array.npy", numpy.random.default_rng(0).random(2_000_000))
    for file in Path().iterdir():
        os.utime(file, (1e9, 1e9))
    time.sleep(2.5)
    Path("ready").touch()


def open_files() -> None:
    for number in range(FILES):
        open(f"record{number}.json").close()  # noqa: PTH123 - it is the cost of open() that is measured


def read_files() -> int:
    return sum(json.loads(Path(f"record{number}.json").read_text())["id"] for number in range(FILES))


def read_variables() -> None:
    for _ in range(100_000):
        os.environ["PATH"]


def look_at_files() -> None:
    for number in range(10_000):
        os.path.exists(f"record{number % FILES}.json")  # noqa: PTH110 - it is the cost of this function that is measured


def read_some_variables() -> int:
    total = 0
    for _ in range(10_000):
        total += sum(len(part) for part in os.environ["PATH"].split(":"))
    return total


def read_frame() -> Any:
    return pandas.read_csv("frame.csv").mean()


def load_array() -> Any:
    array = numpy.load("array.npy")
    return float((array @ array) + numpy.sort(array)[0])


def fibonacci(number: int) -> int:
    return number if number < 2 else fibonacci(number - 1) + fibonacci(number - 2)


def call_functions() -> int:
    return fibonacci(25)


def loop() -> int:
    total = 0
    for number in range(2_000_000):
        total += number * number % 7
    return total


def multiply() -> Any:
    matrix = numpy.random.default_rng(0).random((600, 600))
    return numpy.linalg.svd(matrix @ matrix)[1][0]


def copy_deeply() -> Any:
    return copy.deepcopy([{"a": [number, str(number)]} for number in range(20_000)])


def do_nothing() -> None:
    pass


STAGES: dict[str, Callable[[], Any]] = {
    "pandas.read_csv, 20 MB, and the mean": read_frame,
    "numpy.load, 16 MB, a product and a sort": load_array,
    "numpy, a product of matrices and its singular values": multiply,
    "1,000 JSON files of 10 kB, parsed": read_files,
    "10,000 variables, each split and counted": read_some_variables,
    "pure Python: a loop of 2,000,000": loop,
    "pure Python: 250,000 calls of a function": call_functions,
    "copy.deepcopy of 100,000 objects": copy_deeply,
    "* 1,000 files opened and closed": open_files,
    "* 100,000 reads of os.environ": read_variables,
    "* 10,000 calls of os.path.exists": look_at_files,
    "* a stage that does nothing": do_nothing,
}


class Closure:
    """All of this file."""

    codes = frozenset(stage.__code__ for stage in [*STAGES.values(), fibonacci])

    def covers(self, code: Any) -> bool:
        """Tell whether it counts some code."""
        return code in self.codes


def watched(observer: Any, stage: Callable[[], Any]) -> None:
    from foundations import current

    watch = observer.watching("stage", Closure())
    with current.running("stage"), watch:
        stage()
    assert not watch.observed.escaped, watch.observed
    assert not watch.observed.spoiled, watch.observed


def main() -> None:
    os.chdir(FOLDER)
    prepare()
    observer = None
    if MODE != "plain":
        from foundations.keys.observer import Observer

        observer = Observer(FOLDER, owns=lambda file, here=__file__: file == here)
        observer.install()
    print(json.dumps(list(STAGES)), flush=True)
    for line in sys.stdin:
        stage = STAGES[line.strip()]
        if MODE == "first":
            from foundations.keys.watched_files import DIGESTS

            DIGESTS.forget()
        began = time.process_time()
        if MODE in ("watched", "first"):
            watched(observer, stage)
        else:
            stage()
        print(time.process_time() - began, flush=True)


main()
