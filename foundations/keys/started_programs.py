"""Programs that read more of the project than their command line names: scripts import others, shells know patterns."""

import os
import re
from collections.abc import Sequence

from foundations.keys.places import Places, absolute

_INTERPRETER = re.compile(
    r"(python|pypy|ipython|perl|ruby|node|deno|bun|rscript|julia|lua|php|java|(ba|da|z|k|c|tc|fi)?sh)[\d.]*(\.exe)?$",
    re.IGNORECASE,
)
_SHELL = re.compile(r"(ba|da|z|k|c|tc|fi)?sh$")
_BUILDS = frozenset(
    {"make", "just", "snakemake", "dvc", "tox", "nox", "uv", "poetry", "pipenv", "conda", "env", "xargs"}
)
# those that read what is where they are started, unless a word says what
_LOOK_AROUND = frozenset({"ls", "find", "du", "tree", "rg", "fd", "ag", "ack"})
_VARIABLE = re.compile(r"\$\{?([A-Za-z_]\w*)")
# of a line for a shell: patterns, variables, other commands' output, scripts that are sourced
_SHELL_KNOWS = re.compile(r"[*?\[$`]|(^|[;&|(]\s*)(\.|source|eval|cd|find|grep -r\S*|ls)\s")
_IS_RECURSIVE = re.compile(r"-[A-Za-qs-z]*[rR]|--(dereference-)?recursive|--directories=recurse")
# worker processes of libraries are given functions, whose code counts, and not files
_WORKERS = ("multiprocessing", "joblib", "loky")


def reads_more(words: Sequence[str], folder: str, places: Places) -> bool:
    """Tell whether a program that is started in `folder` may read files of the project that no word names."""
    if not words or any(name in word for word in words for name in _WORKERS):
        return False
    program, *rest = words
    if _is_own(program, folder, places):
        return True
    if _is_line(program, folder):
        return _of_line(program, folder, places)
    name = os.path.basename(program)
    if _SHELL.match(name) and rest[:1] == ["-c"]:
        return _of_line(" ".join(rest[1:]), folder, places)
    if _INTERPRETER.match(name):
        return _runs_own(rest, folder, places)
    if name in _LOOK_AROUND or (name.endswith("grep") and any(_IS_RECURSIVE.match(word) for word in rest)):
        return not any(_is_elsewhere(word, folder, places) for word in rest)
    return name in _BUILDS


def variables_named(words: Sequence[str]) -> frozenset[str] | None:
    """Return the variables that a command line names, in a shell's way or for who prints them; None: all there are."""
    found: set[str] = set()
    for word in words:
        found.update(_VARIABLE.findall(word))
    lines = [word for before, word in zip(("", *words), words, strict=False) if before == "-c" or " " in word]
    commands = [list(words), *(line.split() for word in lines for line in re.split(r"[;&|()<>\n]+", word))]
    for program, *rest in filter(None, commands):
        name, others = os.path.basename(program), [word for word in rest if word[:1] != "-" and "=" not in word]
        if name in ("env", "printenv") and not others:
            return None
        if name == "printenv":
            found.update(others)
    return frozenset(found)


def _is_elsewhere(word: str, folder: str, places: Places) -> bool:
    path = absolute(word, folder) if not word.startswith("-") else None
    return path is not None and os.path.exists(path) and not places.is_above(path)


def _of_line(line: str, folder: str, places: Places) -> bool:
    if _SHELL_KNOWS.search(line):
        return True
    commands = [command.split() for command in re.split(r"[;&|()<>]+", line)]
    return any(reads_more(words, folder, places) for words in commands if words)


def _runs_own(rest: Sequence[str], folder: str, places: Places) -> bool:
    """Tell whether an interpreter is given a script or a module of the project, or code as a text."""
    for place, word in enumerate(rest):
        if word in ("-c", "-e", "-"):
            return True
        if word == "-m" and place + 1 < len(rest):
            top = rest[place + 1].partition(".")[0]
            return any(
                os.path.exists(os.path.join(one, top + end)) for one in (folder, places.root) for end in ("", ".py")
            )
        if not word.startswith("-"):
            return _is_own(word, folder, places)
    return not rest  # it reads what it is told from its input


def _is_own(program: str, folder: str, places: Places) -> bool:
    path = absolute(program, folder)
    if path is None or not os.path.isfile(path):
        return False
    return path.startswith(places.root.rstrip("/") + "/") or places.owns(path)


def _is_line(program: str, folder: str) -> bool:
    """Tell whether the name of a program is a line for a shell, as `os.system` takes it."""
    path = absolute(program, folder)
    return any(mark in program for mark in " ;|&<>\n") and not (path is not None and os.path.exists(path))
