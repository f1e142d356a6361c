"""`foundations init`: a project that runs as it is."""

import argparse
import json
import re
import secrets
import shlex
import shutil
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from foundations.cli.output import Answer
from foundations.cli.parser import CommandError, UsageError, add_json

DESCRIPTION = """\
Make a project that runs as it is: a driver, a small model, an environment for this machine and one for Docker.

  foundations init churn && cd churn && python driver.py"""

_TEMPLATE = Path(__file__).with_name("template")
_SUFFIX = ".template"
_HIDDEN = ("gitignore", "foundationsignore")
_STAGING = ".foundations-init-"
_UNPRINTABLE = {"Cc", "Cs", "Zl", "Zp"}  # controls, surrogates, separators of lines and of paragraphs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take where the project is to be."""
    parser.add_argument(
        "name",
        metavar="NAME",
        help="the folder to make: a name or a path, which ends in the project's name; `.` for this folder, if empty",
    )
    add_json(parser)


def run(options: argparse.Namespace) -> Answer:
    """Make the project, or leave nothing behind and raise `UsageError` or `CommandError`."""
    target = _target(options.name)
    files = _contents(target.name)
    try:
        if target.is_dir():
            _fill(target, files)
        else:
            _make(target, files)
    except OSError as error:
        raise CommandError(f"the project {target} can't be made: {error.strerror or error}") from error
    here = target == Path.cwd()
    lines = [
        f"project {target.name} made in {target}",
        *([] if here else [f"  cd {shlex.quote(options.name)}"]),
        "  python driver.py",
        "  foundations deploy --env docker driver.py    # the same in a container",
    ]
    return Answer({"project": target.name, "path": str(target), "files": sorted(files)}, lines)


def _target(text: str) -> Path:
    if not text or "\0" in text:
        raise UsageError("a project needs a name, or `.` for this folder")
    try:
        target = Path(text).resolve()
        taken = target.exists() and not (target.is_dir() and not any(target.iterdir()))
        parent_is_there = target.parent.is_dir()
    except (OSError, RuntimeError) as error:
        raise CommandError(f"{text!r} can't be looked at: {error}") from error
    _require_printable(target.name)
    if taken:
        what = "a folder with something in it" if target.is_dir() else "a file"
        raise CommandError(f"{target} is {what}, and init changes nothing that is there; give another name")
    if not parent_is_there:
        raise CommandError(f"there is no folder {target.parent} to make {target.name!r} in; make it first")
    return target


def _require_printable(name: str) -> None:
    bad = next((letter for letter in name if unicodedata.category(letter) in _UNPRINTABLE), None)
    if bad is not None:
        raise UsageError(f"{name!r} can't be a project's name: it has the character {bad!r}; use printable ones")
    if not name or name != name.strip():
        raise UsageError(f"{name!r} can't be a project's name: it is empty, or has a space at an end")
    if name.startswith("-"):
        raise UsageError(f"{name!r} can't be a project's name: commands would take it for an option")


def _contents(project: str) -> dict[str, bytes]:
    """Return the files of a project by their paths; its name is put where the templates say PROJECT."""
    files = {}
    for source in sorted(_TEMPLATE.rglob(f"*{_SUFFIX}")):
        path = source.relative_to(_TEMPLATE).as_posix().removesuffix(_SUFFIX)
        text = source.read_text(encoding="utf-8")
        # a string of JSON is one of Python too, in the quotes that our code has
        names = {'"PROJECT"': json.dumps(project, ensure_ascii=False), "PROJECT": project}
        text = re.sub('"PROJECT"|PROJECT', lambda found: names[found[0]], text)  # noqa: B023 - used up at once
        files[f".{path}" if path in _HIDDEN else path] = text.encode()
    return files


def _make(target: Path, files: dict[str, bytes]) -> None:
    """Make the folder with all that is in it by one rename; of two that want the same name one gets it."""
    with _staged(target.parent, files) as staging:
        staging.rename(target)


def _fill(target: Path, files: dict[str, bytes]) -> None:
    """Fill an empty folder, which stays the folder that it is: a shell may be in it."""
    with _staged(target, files) as staging:
        # whoever else fills it at this moment has a staging folder here too, and then both give up
        if list(target.iterdir()) != [staging]:
            raise CommandError(f"{target} is not empty any more; somebody else is writing there")
        moved: list[Path] = []
        try:
            for part in sorted(staging.iterdir()):
                part.rename(target / part.name)
                moved.append(target / part.name)
        except BaseException:
            for part in moved:
                shutil.rmtree(part) if part.is_dir() else part.unlink()
            raise


@contextmanager
def _staged(folder: Path, files: dict[str, bytes]) -> Iterator[Path]:
    """Give a new folder in `folder` that holds the files; it is gone afterwards, whatever happens."""
    staging = folder / f"{_STAGING}{secrets.token_hex(4)}"
    try:
        staging.mkdir()
        for path, data in files.items():
            file = staging / path
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(data)
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)
