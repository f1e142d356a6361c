"""Real jobs of the environment `local` that are killed at one of their steps, and what that has left."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from foundations_runner.runtime import ensure_runtime

_HERE = Path(__file__).parent
_GONE_WITHIN = 60.0

MODEL = """\
import os, time
import foundations

def say(text):
    # after the line: what a test finds here was printed for sure
    print(text, flush=True)
    with open(os.environ["WITNESS"], "a") as file:
        file.write(f"{time.time()} {text}\\n")

def load(size):
    say("load reads")
    return "x" * size

def train(data, lines):
    foundations.set_tag("kind", "crash")
    for n in range(lines):
        say(f"line {n} of train")
        foundations.log_metric("n", n)
        if lines > 5:
            time.sleep(0.02)
    with open("model.bin", "w") as file:
        file.write("weights")
    foundations.save_artifact("model.bin")
    return len(data)

def last(n):
    say("last sums up")
    return [n] * 3000
"""

DRIVER = """\
import os
import crashing
crashing.arm("driver")
import foundations, model

foundations.set_project_name("crashes")
load, train, last = (foundations.create_stage(getattr(model, name)) for name in ("load", "train", "last"))
data = load(9000).enable_caching()
wait = os.environ.get("WAIT", "yes") == "yes"
job = last(train(data, int(os.environ.get("LINES", "3"))).persist()).persist().run(wait=wait)
print("job", job.job_name(), flush=True)
if wait:
    print("result", sum(job.result()), flush=True)
"""


@dataclass(frozen=True)
class Point:
    """Where a process is killed: at which of its steps of one name, and before it, in the middle or after it."""

    who: str = "nobody"
    step: str = ""
    number: int = 0
    phase: str = "before"

    def __str__(self) -> str:
        return f"{self.who} killed, {self.phase} its step {self.step}, number {self.number}"


@dataclass(frozen=True)
class Aftermath:
    """What is known of a run after all of its processes have gone."""

    point: Point
    driver: "subprocess.CompletedProcess[str]"
    folder: Path
    location: str

    @cached_property
    def notes(self) -> list[dict[str, Any]]:
        file = self.folder / "steps"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    @property
    def killed(self) -> float | None:
        """When the process was killed, if it came so far."""
        return next((note["time"] for note in self.notes if "killed" in note), None)

    def steps(self, who: str) -> list[dict[str, Any]]:
        return [note for note in self.notes if note["who"] == who and "step" in note]

    def process(self, who: str) -> int:
        """The process id of the job's `who`."""
        return next(int(note["began"]) for note in self.notes if note["who"] == who and "began" in note)

    def done(self, who: str, step: str) -> int:
        """How many steps of a name, or of names that end so, were done to the end."""
        return sum(note["who"] == who and note.get("done", "").endswith(step) for note in self.notes)

    def witnessed(self) -> list[tuple[float, str]]:
        """The lines that the job has printed, with when that was over."""
        file = self.folder / "witness"
        lines = file.read_text().splitlines() if file.exists() else []
        return [(float(at), text) for at, text in (line.split(" ", 1) for line in lines)]


@dataclass(frozen=True)
class CrashableProject:
    """A model directory whose jobs can be killed anywhere, and a home whose runtime counts steps."""

    root: Path
    home: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def made(cls, folder: Path, **variables: str) -> "CrashableProject":
        root, home = folder / "project", folder / "home"
        (root / "config").mkdir(parents=True)
        (root / "model.py").write_text(MODEL)
        (root / "driver.py").write_text(DRIVER)
        runtime = ensure_runtime(home, worker=("foundations",), libraries=("cloudpickle",)).path
        for who, marker in (("courier", "from foundations_runner.courier"), ("worker", "descriptor, *ring = ")):
            script = runtime / f"start_{who}.py"
            (runtime / who / "crashing.py").write_bytes((_HERE / "crashing.py").read_bytes())
            script.write_text(_armed(script.read_text(), who, before=marker))
        return cls(root, home, variables)

    def start(self, folder: Path, location: str, point: Point = Point(), **variables: str) -> "subprocess.Popen[str]":
        """Start a driver that puts what it leaves beside the archive into `folder`."""
        (folder / "tmp").mkdir(parents=True, exist_ok=True)
        crash = {**vars(point), "log": str(folder / "steps")}
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("FOUNDATIONS_")}
        own = {
            "FOUNDATIONS_HOME": str(self.home),
            "FOUNDATIONS_ARCHIVE": location,
            "PYTHONPATH": str(_HERE),
            "TMPDIR": str(folder / "tmp"),
            "WITNESS": str(folder / "witness"),
            "CRASH": json.dumps(crash),
        }
        return subprocess.Popen(
            [sys.executable, "driver.py"],
            cwd=self.root,
            env={**inherited, **own, **self.variables, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, folder: Path, location: str, point: Point = Point(), **variables: str) -> Aftermath:
        """Run a driver, and return when neither it nor a process that it has started is there any more."""
        process = self.start(folder, location, point, **variables)
        stdout, stderr = process.communicate(timeout=120)
        wait_until_gone(folder)
        done = subprocess.CompletedProcess([], process.returncode, stdout, stderr)
        return Aftermath(point, done, folder, location)


def wait_until_gone(folder: Path) -> None:
    """Return when no process is left that was started for `folder`."""
    deadline = time.monotonic() + _GONE_WITHIN
    while left := list(processes_of(folder)):
        assert time.monotonic() < deadline, f"processes {left} are still there"
        time.sleep(0.02)


def processes_of(folder: Path) -> Iterator[int]:
    """Yield the processes that have inherited the variables of a driver of `folder`."""
    token = str(folder / "steps").encode()
    for process in Path("/proc").iterdir():
        if process.name.isdecimal() and int(process.name) != os.getpid():
            try:
                environment = (process / "environ").read_bytes()
            except OSError:  # gone meanwhile, or somebody else's
                continue
            if token in environment:
                yield int(process.name)


def _armed(script: str, who: str, *, before: str) -> str:
    """Return a script that starts a courier or a worker with its steps counted."""
    assert script.count(before) == 1
    at = script.index(before)
    indent = at - (script.rindex("\n", 0, at) + 1)
    call = f'import crashing\n{" " * indent}crashing.arm("{who}")\n{" " * indent}'
    return script[:at] + call + script[at:]
