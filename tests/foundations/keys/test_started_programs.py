"""Which programs are taken to read more than their command line names."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from foundations.keys.places import Places
from foundations.keys.started_programs import reads_more, variables_named

from .conftest import See


@pytest.fixture
def reads(root: Path) -> Callable[..., bool]:
    (root / "tools").mkdir()
    (root / "a place").mkdir()
    for name in ("run.py", "run.sh", "tools/inner.py", "own", "a place/run"):
        (root / name).write_text("")
    return lambda *words: reads_more(words, str(root), Places(root))


@pytest.mark.parametrize(
    "words",
    [
        ("python", "run.py"),
        (sys.executable, "-u", "tools/inner.py"),
        ("python3.12", "-m", "run"),
        ("python", "-m", "tools.inner"),
        ("python", "-c", "import run"),
        ("python",),
        ("bash", "run.sh"),
        ("sh", "-c", "cat data/*.txt"),
        ("sh", "-c", "cat $FILE | sort"),
        ("sh", "-c", "cd data && cat a.txt"),
        ("sh", "-c", ". ./run.sh"),
        ("sh", "-c", "true; python run.py"),
        ("cat data/*.txt",),
        ("make", "all"),
        ("./own",),
        ("own", "x"),
        ("a place/run", "x"),
    ],
)
def test_programs_that_may_read_what_nobody_names(reads: Callable[..., bool], words: tuple[str, ...]) -> None:
    assert reads(*words)


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("cat", "run.py"),
        ("git", "rev-parse", "HEAD"),
        ("lscpu",),
        ("uname -p",),
        ("sh", "-c", "cat a.txt | tr a-z A-Z"),
        ("python", "-m", "http.server"),
        ("python", "/elsewhere/script.py"),
        ("python", "-c", "from multiprocessing.spawn import spawn_main; spawn_main()"),
        ("python", "-m", "joblib.externals.loky.backend.popen_loky_posix"),
    ],
)
def test_programs_that_read_what_they_are_given(reads: Callable[..., bool], words: tuple[str, ...]) -> None:
    assert not reads(*words)


def test_a_script_that_runs_makes_all_of_the_project_count(root: Path, see: See) -> None:
    import os
    import subprocess

    (root / "run.py").write_text("print(1)")
    assert see(lambda: subprocess.run([sys.executable, "run.py"], check=True)).escaped == (
        f"the program {sys.executable}",
    )
    assert see(lambda: os.system("true; cat *.py > /dev/null")).escaped
    assert see(lambda: subprocess.run(["cat", "run.py"], check=True, capture_output=True)).escaped == ()


NAMED: dict[str, tuple[tuple[str, ...], set[str] | None]] = {
    "nothing": (("cat", "a.txt"), set()),
    "a program that prints one": (("printenv", "RATE"), {"RATE"}),
    "a program that prints all": (("env",), None),
    "a program that prints all, for a shell": (("sh", "-c", "printenv"), None),
    "a line for a shell": (("sh", "-c", "echo $RATE ${DEPTH}/x"), {"RATE", "DEPTH"}),
    "behind another command": (("sh", "-c", "true && printenv RATE | cat"), {"RATE"}),
    "what is set for a program": (("env", "RATE=1", "cat", "a.txt"), set()),
}


@pytest.mark.parametrize("name", NAMED)
def test_variables_that_a_command_line_names(name: str) -> None:
    words, named = NAMED[name]
    found = variables_named(words)
    assert (found if found is None else set(found)) == named


@pytest.mark.parametrize(
    ("words", "more"),
    [
        (("ls",), True),
        (("ls", "-l"), True),
        (("ls", "data"), False),
        (("find", ".", "-name", "*.txt"), True),
        (("find", "data", "-name", "*.txt"), False),
        (("grep", "-rh", "x"), True),
        (("grep", "-rh", "x", "data"), False),
        (("grep", "x", "a.txt"), False),
    ],
)
def test_programs_that_look_around_where_they_are(
    reads: Callable[..., bool], root: Path, words: tuple[str, ...], more: bool
) -> None:
    (root / "data").mkdir()
    assert reads(*words) is more
