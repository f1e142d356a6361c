"""Find the line of a requirements file that the installer's output blames."""

import re
from dataclasses import dataclass

from packaging.utils import canonicalize_name

from foundations_images.requirements import Requirements

_NAME = r"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)"
# What uv says, the most telling first; the last one catches any requirement that the error mentions.
_BLAMES = (
    re.compile(rf"and {_NAME}(?:\[.*?\])? was not found"),
    re.compile(rf"you require {_NAME}"),
    re.compile(rf"Failed to [a-z ]+ `{_NAME}"),
    re.compile(rf"none were provided for: {_NAME}"),
    re.compile(_NAME),
)


@dataclass(frozen=True)
class Blamed:
    """A line of a requirements file, and where it is written."""

    file: str
    line: int
    text: str


def find_blamed(output: list[str], requirements: Requirements) -> Blamed | None:
    """Return the requirement that the error in the installer's `output` is about, None when it names none."""
    error = _error(output)
    for pattern in _BLAMES:
        for name in pattern.findall(error):
            wanted = canonicalize_name(name)
            for file, line in requirements.lines():
                if line.option is None and wanted == line.package:
                    return Blamed(file, line.number, line.text)
    return None


def _error(output: list[str]) -> str:
    """Join the output from the first line of the error on: uv wraps what it says."""
    starts = [number for number, line in enumerate(output) if line.lstrip().startswith("error:")]
    return " ".join(" ".join(output[starts[0] if starts else 0 :]).split())
