"""Read and check what a model directory asks to be installed."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from foundations_images.errors import BadRequirement
from foundations_images.lines import Line, read_lines
from foundations_images.redaction import without_credentials
from foundations_images.rules import problem

FILE = "requirements.txt"


@dataclass(frozen=True)
class Requirements:
    """The requirements files of a model directory: (name relative to it, text), requirements.txt first."""

    files: tuple[tuple[str, str], ...] = ()

    @cached_property
    def normalised(self) -> str:
        """The files without comments and blank lines: equal when the same is installed in the same order."""
        lines = []
        for name, text in self.files:
            lines += [f"# {name}", *(line.text for line in read_lines(text))]
        return "\n".join(lines)

    @cached_property
    def digest(self) -> str:
        """The sha256 of the normalised text."""
        return hashlib.sha256(self.normalised.encode()).hexdigest()

    @cached_property
    def empty(self) -> bool:
        """Whether there is nothing to install."""
        return all(line.option is not None for _, line in self.lines())

    @property
    def variables(self) -> tuple[str, ...]:
        """The environment variables that the files refer to as ${NAME}, as pip and uv expand them."""
        return tuple(sorted(set(re.findall(r"\$\{([A-Z0-9_]+)\}", self.normalised))))

    def lines(self) -> Iterator[tuple[str, Line]]:
        """Yield each logical line with the name of its file."""
        for name, text in self.files:
            for line in read_lines(text):
                yield name, line

    def values_of(self, option: str) -> tuple[str, ...]:
        """Return the values that a global option such as --trusted-host is given, in order."""
        options = (line.option for _, line in self.lines())
        return tuple(given[1] for given in options if given is not None and given[0] == option)


def read_requirements(root: Path) -> Requirements:
    """Return requirements.txt of `root` and the files it names; raise BadRequirement for an unusable line.

    Empty when there is no requirements.txt: then the image is the base image.
    """
    files: dict[str, str] = {}
    if (root / FILE).is_file():
        _read(root.resolve(), FILE, files, above=())
    return Requirements(tuple(files.items()))


def _read(root: Path, name: str, files: dict[str, str], *, above: tuple[str, ...]) -> None:
    files[name] = text = _text(root, name)
    for line in read_lines(text):
        if reason := problem(line):
            raise _bad(reason, root, name, line)
        if line.option is not None and line.option[0] in ("--requirement", "--constraint"):
            other = _named_file(root, name, line, line.option[1])
            if other in (*above, name):
                raise _bad(f"leads back to {other}, which named it; remove one of the two lines", root, name, line)
            if other not in files:
                _read(root, other, files, above=(*above, name))


def _text(root: Path, name: str) -> str:
    data = (root / name).read_bytes()
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        number = data[: error.start].count(b"\n") + 1
        text = data.split(b"\n")[number - 1].decode("utf-8", "backslashreplace").strip()
        raise _bad("is not UTF-8; save the file in that encoding", root, name, Line(number, text)) from error


def _named_file(root: Path, name: str, line: Line, value: str) -> str:
    if "://" in value:
        raise _bad("names a file by its URL; put a copy into the model directory and name that", root, name, line)
    path = (root / name).parent.joinpath(value).resolve()
    if not path.is_relative_to(root):
        raise _bad("names a file outside of the model directory; move it there", root, name, line)
    if not path.is_file():
        raise _bad(f"names a file that does not exist ({path}); add it or remove the line", root, name, line)
    return path.relative_to(root).as_posix()


def _bad(reason: str, root: Path, name: str, line: Line) -> BadRequirement:
    text = without_credentials(line.text)
    return BadRequirement(reason, path=root / name, name=name, line=line.number, text=text)
