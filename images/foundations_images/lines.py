"""The logical lines of a requirements file: comments gone, continued lines joined."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

_COMMENT = re.compile(r"(^|\s)#.*$")
_OPTIONS_AFTER = re.compile(r"\s(?=--?[A-Za-z])")
_SHORT = {
    "-r": "--requirement",
    "-c": "--constraint",
    "-e": "--editable",
    "-i": "--index-url",
    "-f": "--find-links",
}


@dataclass(frozen=True)
class Line:
    """One logical line; `number` is that of the first line in the file that it was written on."""

    number: int
    text: str

    @property
    def option(self) -> tuple[str, str] | None:
        """The long name of the option that this line gives, and its value; None when it is a requirement."""
        if not self.text.startswith("-"):
            return None
        if self.text[:2] in _SHORT:
            return _SHORT[self.text[:2]], _unquoted(self.text[2:].lstrip(" ="))
        name = re.split(r"[= ]", self.text, maxsplit=1)[0]
        return name, _unquoted(self.text[len(name) + 1 :])

    @property
    def specifier(self) -> str:
        """The requirement without the options that follow it, such as --hash."""
        return _OPTIONS_AFTER.split(self.text, maxsplit=1)[0].strip()

    @property
    def trailing(self) -> list[str]:
        """The options that follow the requirement, each with its value."""
        return [option.strip() for option in _OPTIONS_AFTER.split(self.text)[1:]]

    @property
    def package(self) -> str | None:
        """The normalised name of the package that this line asks for, when it says one."""
        try:
            return canonicalize_name(Requirement(self.specifier).name)
        except InvalidRequirement:
            return None


def read_lines(text: str) -> Iterator[Line]:
    """Yield the logical lines of a requirements file as pip would see them, empty ones left out."""
    number, pending = 0, ""
    for current, raw in enumerate(text.splitlines(), start=1):
        number = number or current
        # A comment ends a continued line even when it ends in a backslash.
        continues = raw.endswith("\\") and not _COMMENT.search(raw)
        pending += _COMMENT.sub("", raw[:-1] if continues else raw) + " "
        if continues:
            continue
        if joined := " ".join(pending.split()):
            yield Line(number, joined)
        number, pending = 0, ""
    if joined := " ".join(pending.split()):
        yield Line(number, joined)


def _unquoted(value: str) -> str:
    return value.strip().strip("\"'")
