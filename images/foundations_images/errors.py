"""What can go wrong while an image is made.

ImageError
├── BadRequirement  (also ValueError)    a line of a requirements file cannot be used
├── BaseMissing     (also LookupError)   there is no base image, and none can be pulled
└── BuildFailed     (also RuntimeError)  the engine or the installer could not build the image
"""

from pathlib import Path


class ImageError(Exception):
    """Root of everything that this room raises."""


class BadRequirement(ImageError, ValueError):
    """A line of a requirements file cannot be used; `path`, `line` and `text` say which."""

    def __init__(self, reason: str, *, path: Path, name: str, line: int, text: str) -> None:
        super().__init__(f"{name}, line {line}: {text!r} {reason}")
        self.path = path
        self.line = line
        self.text = text


class BaseMissing(ImageError, LookupError):
    """No base image is on the engine, and none can be pulled."""


class BuildFailed(ImageError, RuntimeError):
    """An image could not be built; `requirement` is the line blamed, `tail` the end of the output."""

    def __init__(self, message: str, *, requirement: str | None = None, tail: str = "") -> None:
        super().__init__(message)
        self.requirement = requirement
        self.tail = tail
