"""Programs in interpreters that have run nothing else: forked from one that has imported only what makes keys.

Run as a script it is the template, whose hash seed is that of its start: for each request, a line of JSON, it forks a
process that imports the program, lets a fork of its own call the entry, and makes the key.
"""

import importlib
import json
import os
import resource
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

_SECONDS = 20
# what an edit turns into a function or an object counts by its type: names and addresses are no part of an answer
_PLAIN = int | float | str


@dataclass(frozen=True)
class Ran:
    """A program's key, what its entry answers ('' where it comes to no end), and whether it could be imported."""

    key: str | None
    answer: str
    imported: bool = True


class Fresh:
    """A template with a hash seed of its own."""

    def __init__(self, *, seed: int) -> None:
        repository = str(Path(__file__).parents[3])
        path = os.pathsep.join(filter(None, (os.environ.get("PYTHONPATH"), repository)))
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-B", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONPATH": path, "PYTHONWARNINGS": "ignore"},
            text=True,
        )

    def run(self, root: Path, key: str) -> Ran:
        """Return what comes of the program in `root`, its key made by the function of that name."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"root": str(root), "key": key}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if "error" in answer:
            raise RuntimeError(f"no key for {root}: {answer['error']}")
        return Ran(**answer)

    def close(self) -> None:
        """End the template."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()


def _forked(act: Callable[[], str]) -> str:
    """Return what a fork of this process says; '' where it did not come to an end."""
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(ours)
        resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
        with open(theirs, "w") as line:  # noqa: PTH123 - a descriptor
            line.write(act())
        os._exit(0)
    os.close(theirs)
    with open(ours) as line:  # noqa: PTH123 - a descriptor
        said = line.read()
    os.waitpid(pid, 0)
    return said


def _answer(entry: Callable[[], Any]) -> str:
    try:
        return repr([one if isinstance(one, _PLAIN) else type(one).__name__ for one in entry()])
    except BaseException as error:  # noqa: BLE001 - an edit may let a program raise anything
        return f"raised {type(error).__name__}"


def _key_and_answer(root: Path, key: Callable[..., str | None]) -> str:
    os.chdir(root)
    sys.path.insert(0, str(root))
    try:
        entry = importlib.import_module("main").entry
    except BaseException as error:  # noqa: BLE001 - as above; what can't be imported has no stage
        return json.dumps({"key": None, "answer": repr(error), "imported": False})
    answer = _forked(lambda: _answer(entry))
    try:
        return json.dumps({"key": key(root, entry), "answer": answer})
    except BaseException as error:  # noqa: BLE001 - keys are never to raise: the test fails with it
        return json.dumps({"error": "".join(traceback.format_exception(error))})


def _template() -> None:
    from tests.foundations.cache_fuzz.keys import KEYS

    # what is on this path is no code of the programs'
    ours = os.environ["PYTHONPATH"].split(os.pathsep)
    sys.path[:] = [path for path in sys.path if path not in ours]
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for line in sys.stdin:
        request = json.loads(line)
        said = _forked(partial(_key_and_answer, Path(request["root"]), KEYS[request["key"]]))
        print(said or json.dumps({"error": "the process died"}), flush=True)


if __name__ == "__main__":
    _template()
