"""A terminal for tests: a real pty, and an emulator that tells what a person would see on it."""

import codecs
import errno
import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

import pyte

# takes the terminal on its standard error as its own, so that Ctrl-C reaches it
_LAUNCH = "import fcntl, os, sys, termios; fcntl.ioctl(2, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
_SECONDS = 60.0


class Terminal:
    """A pty with a screen of `columns` and `rows`; `seen` is all that was written to it."""

    def __init__(self, columns: int = 80, rows: int = 24) -> None:
        self._master, self._slave = pty.openpty()
        self._screen = pyte.HistoryScreen(columns, rows, history=100_000, ratio=0.5)
        self._stream = pyte.Stream(self._screen)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.seen = ""
        self._set_size(columns, rows)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        del kind, error, traceback
        for descriptor in (self._master, self._slave):
            if descriptor >= 0:
                os.close(descriptor)

    def opened(self) -> TextIO:
        """Return the terminal as a program's standard output or error is."""
        return open(os.dup(self._slave), "w", encoding="utf-8", buffering=1)  # noqa: PTH123

    def start(
        self, *arguments: str, cwd: Path, stdout: int | None = None, stderr: int | None = None, **environment: str
    ) -> "subprocess.Popen[bytes]":
        """Run Python on this terminal; where `stderr` goes elsewhere, Ctrl-C does not reach it."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("FOUNDATIONS_", "TMUX", "NO_COLOR", "COLUMNS", "LINES", "STY"))
        }
        # the emulator does not wrap anew what it has shown, as xterm does not
        known: Mapping[str, str] = {"TERM": "xterm-256color", "XTERM_VERSION": "XTerm(1)", "PYTHONIOENCODING": "utf-8"}
        launch = [] if stderr is not None else [sys.executable, "-c", _LAUNCH]
        return subprocess.Popen(
            [*launch, sys.executable, *arguments],
            cwd=cwd,
            env={**inherited, **known, **environment},
            stdin=self._slave,
            stdout=self._slave if stdout is None else stdout,
            stderr=self._slave if stderr is None else stderr,
            start_new_session=True,
        )

    def resize(self, columns: int, rows: int) -> None:
        """Make the window another size, with what it shows."""
        self._screen.resize(rows, columns)
        self._set_size(columns, rows)

    def press(self, keys: str) -> None:
        """Type `keys`."""
        os.write(self._master, keys.encode())

    def until(self, shown: Callable[[list[str]], object]) -> None:
        """Return once the screen shows what is asked for."""
        end = time.monotonic() + _SECONDS
        while not shown(self.rows):
            assert time.monotonic() < end, "\n".join(["the screen shows", *self.rows])
            self._read()

    def rest(self) -> None:
        """Take in all that is still to come; those who write must be gone or about to go."""
        os.close(self._slave)
        self._slave = -1
        while self._read():
            pass

    @property
    def rows(self) -> list[str]:
        """What the window shows, without empty rows below."""
        return _trimmed([row.rstrip() for row in self._screen.display])

    @property
    def everything(self) -> list[str]:
        """What can be seen when one scrolls up, too."""
        above = [
            "".join(row[column].data for column in range(self._screen.columns)).rstrip()
            for row in self._screen.history.top
        ]
        return _trimmed([*above, *self.rows])

    def _read(self) -> bool:
        try:
            data = os.read(self._master, 65536)
        except OSError as error:
            if error.errno != errno.EIO:  # that is how a terminal says that nobody has it open any more
                raise
            data = b""
        text = self._decoder.decode(data)
        self.seen += text
        self._stream.feed(text)
        return bool(data)

    def _set_size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def _trimmed(rows: list[str]) -> list[str]:
    while rows and not rows[-1]:
        rows = rows[:-1]
    return rows
