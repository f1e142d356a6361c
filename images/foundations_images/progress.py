"""Follow the output of a build: whole lines as they come, and the end of it for an error."""

import re
from collections.abc import Callable
from itertools import chain

from foundations_images.trace import Status

TAIL = 15
_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class Progress:
    """The output of one build, told line by line and kept for the case of an error."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._unfinished: dict[str, bytes] = {}
        self._lines: dict[str, list[str]] = {}
        self._failed: str | None = None

    def add(self, status: Status) -> None:
        """Take in one report of BuildKit."""
        for log in status.logs:
            self.write(log.vertex, log.message)
        for vertex in status.vertexes:
            if vertex.error:
                self._failed = vertex.digest

    def write(self, step: str, data: bytes) -> None:
        """Take in a piece of output of `step`, and tell the lines that it completes."""
        *lines, rest = (self._unfinished.pop(step, b"") + data).replace(b"\r", b"\n").split(b"\n")
        self._unfinished[step] = rest
        for line in lines:
            self._tell(step, line)

    def close(self) -> None:
        """Tell what was left without a line's end."""
        for step, rest in self._unfinished.items():
            self._tell(step, rest)
        self._unfinished.clear()

    @property
    def lines(self) -> list[str]:
        """The output of the step that failed, or of all steps when none is known to have failed."""
        if self._failed in self._lines:
            return self._lines[self._failed]
        return list(chain.from_iterable(self._lines.values()))

    @property
    def tail(self) -> str:
        """The last lines of that output."""
        return "\n".join(self.lines[-TAIL:])

    def _tell(self, step: str, raw: bytes) -> None:
        line = _COLOURS.sub("", raw.decode("utf-8", "replace")).rstrip()
        if line:
            self._lines.setdefault(step, []).append(line)
            self._say(line)
