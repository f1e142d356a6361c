"""Random programs of several modules with one constant changed: what changes the result changes the digest."""

import random
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.foundations.keys.projects import Digester, digester, write

PROGRAMS, MUTANTS = 12, 8
_TEXTS = """\
def {name}(x):
    return {call} + {number}
---
def {name}(x, more={number}):
    return {call} + more
---
K_{name} = {number}
def {name}(x):
    return {call} * K_{name}
---
class C_{name}:
    size = {number}
    def run(self, x):
        return {call} + self.size
def {name}(x):
    return C_{name}().run(x)
---
def make_{name}(n):
    def inner(x):
        return {call} - n
    return inner
{name} = make_{name}({number})
---
T_{name} = {{'k': [lambda x: {call} + {number}]}}
def {name}(x):
    return T_{name}['k'][0](x)
---
import functools
def raw_{name}(n, x):
    return {call} + n
{name} = functools.partial(raw_{name}, {number})
---
def deco_{name}(f):
    def w(x):
        return f(x) + {number}
    return w
@deco_{name}
def {name}(x):
    return {call}
---
def {name}(x):
    import late
    return {call} + late.one(x) + {number}
---
def {name}(x):
    return sum(y + {number} for y in range(3) if y != {number}) + {call}
---
from dataclasses import dataclass
@dataclass
class D_{name}:
    n: int = {number}
def {name}(x):
    return {call} + D_{name}().n
"""
SHAPES = _TEXTS.split("---\n")


def _program(random_: random.Random) -> dict[str, str]:
    files: dict[str, str] = {"late.py": "BASE = 17\ndef one(x):\n    return BASE + x\ndef two(x):\n    return 18\n"}
    names: list[tuple[str, str]] = []
    for module in ("deep", "middle", "near", "stage"):
        text = "".join(f"import {one}\n" for one in sorted({one for one, _ in names}))
        for number in range(4):
            name = f"{module}_{number}"
            below = random_.choice(names) if names and random_.random() < 0.9 else None
            call = f"{below[0]}.{below[1]}(x)" if below and below[0] != module else "x"
            shape = random_.choice(SHAPES)
            text += shape.format(name=name, call=call, number=random_.randrange(2, 99))
            names.append((module, name))
        files[f"{module}.py"] = text
    used = " + ".join(f"stage_{number}(x)" for number in range(3))
    files["stage.py"] += f"def train(x):\n    return {used}\n"
    return files


def _mutants(files: dict[str, str], random_: random.Random) -> Iterator[dict[str, str]]:
    places = [(file, match) for file, text in files.items() for match in re.finditer(r"(?<![\w'])\d+\b", text)]
    for file, match in random_.sample(places, min(MUTANTS, len(places))):
        text = files[file]
        yield {**files, file: f"{text[: match.start()]}{int(match[0]) + 1}{text[match.end() :]}"}


def _results(roots: list[Path]) -> list[str]:
    code = (
        "import sys, os\n"
        "for root in sys.argv[1:]:\n"
        "    if os.fork() == 0:\n"
        "        sys.path.insert(0, root)\n"
        "        try:\n"
        "            import stage\n"
        "            print(stage.train(5), flush=True)\n"
        "        except Exception as error:\n"
        "            print(type(error).__name__, flush=True)\n"
        "        os._exit(0)\n"
        "    os.wait()\n"
    )
    command = [sys.executable, "-B", "-c", code, *map(str, roots)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


@pytest.fixture(scope="module")
def processes() -> Iterator[tuple[Digester, Digester]]:
    with digester(11) as one, digester(12) as other:
        yield one, other


@pytest.mark.parametrize("seed", range(PROGRAMS))
def test_constants_that_change_the_result_change_the_digest(
    seed: int, processes: tuple[Digester, Digester], tmp_path: Path
) -> None:
    random_ = random.Random(seed)
    files = _program(random_)
    projects = [files, files, *_mutants(files, random_)]
    roots = [write(tmp_path / f"in{number}", each) for number, each in enumerate(projects)]
    digests = [processes[number % 2].digest(root)["digest"] for number, root in enumerate(roots)]
    results = _results(roots)
    assert digests[0] == digests[1]
    for number in range(2, len(roots)):
        assert digests[number] != digests[0] or results[number] == results[0], projects[number]
