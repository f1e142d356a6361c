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
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO
from unittest.mock import patch

import pyte

# takes the terminal on its standard error as its own, so that Ctrl-C reaches it
_LAUNCH = "import fcntl, os, sys, termios; fcntl.ioctl(2, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
_SECONDS = 60.0
# what says what a terminal is like; the emulator does not wrap anew what it has shown, as xterm does not
_TELLING = frozenset({"TMUX", "STY", "NO_COLOR", "COLUMNS", "LINES"})
_XTERM = {"TERM": "xterm-256color", "XTERM_VERSION": "XTerm(1)"}


class Terminal:
    """A pty with a screen of `columns` and `rows`, which takes in what is written to it; `seen` is all of that."""

    def __init__(self, columns: int = 80, rows: int = 24) -> None:
        self._master, self._slave = pty.openpty()
        self._screen = pyte.HistoryScreen(columns, rows, history=100_000, ratio=0.5)
        self._stream = pyte.Stream(self._screen)
        self._opened: list[TextIO] = []
        self._started: list[subprocess.Popen[bytes]] = []
        self._changed = threading.Condition()
        self.seen = ""
        self._set_size(columns, rows)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        del kind, error, traceback
        for process in self._started:
            process.kill()
            process.wait()
        self.rest()
        os.close(self._master)

    @contextmanager
    def as_ours(self, **environment: str) -> Iterator[None]:
        """Make it this process's own standard output and error; not from a fixture, as pytest puts its own back."""
        environment = {name: value for name, value in os.environ.items() if name not in _TELLING} | {
            **_XTERM,
            **environment,
        }
        streams = [open(os.dup(self._slave), "w", encoding="utf-8", buffering=1) for _ in range(2)]  # noqa: PTH123, SIM115
        self._opened += streams
        with patch.dict(os.environ, environment, clear=True), patch.multiple(sys, stdout=streams[0], stderr=streams[1]):
            yield

    def start(
        self, *arguments: str, cwd: Path, stdout: int | None = None, stderr: int | None = None, **environment: str
    ) -> "subprocess.Popen[bytes]":
        """Run Python on this terminal; where `stderr` goes elsewhere, Ctrl-C does not reach it."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if name not in _TELLING and not name.startswith("FOUNDATIONS_")
        }
        launch = [] if stderr is not None else [sys.executable, "-c", _LAUNCH]
        process = subprocess.Popen(
            [*launch, sys.executable, *arguments],
            cwd=cwd,
            env={**inherited, **_XTERM, "PYTHONIOENCODING": "utf-8", **environment},
            stdin=self._slave,
            stdout=self._slave if stdout is None else stdout,
            stderr=self._slave if stderr is None else stderr,
            start_new_session=True,
        )
        self._started.append(process)
        return process

    def resize(self, columns: int, rows: int) -> None:
        """Make the window another size, with what it shows."""
        with self._changed:
            self._lower(rows)
            self._screen.resize(rows, columns)
            self._set_size(columns, rows)

    def press(self, keys: str) -> None:
        """Type `keys`."""
        os.write(self._master, keys.encode())

    def until(self, shown: Callable[[list[str]], object]) -> None:
        """Return once the screen shows what is asked for."""
        with self._changed:
            found = self._changed.wait_for(lambda: shown(self.rows), _SECONDS)
            assert found, "\n".join(["the screen shows", *self.rows])

    def rest(self) -> None:
        """Take in all that is still to come; those who write must be gone or about to go."""
        for stream in self._opened:
            stream.close()
        if self._slave >= 0:
            os.close(self._slave)
            self._slave = -1
        self._reader.join(_SECONDS)
        assert not self._reader.is_alive(), "somebody still has the terminal open"

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

    def _read(self) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        while data := self._some():
            with self._changed:
                text = decoder.decode(data)
                self.seen += text
                self._stream.feed(text)
                self._changed.notify_all()

    def _some(self) -> bytes:
        try:
            return os.read(self._master, 65536)
        except OSError as error:
            if error.errno != errno.EIO:  # that is how a terminal says that nobody has it open any more
                raise
            return b""

    def _lower(self, rows: int) -> None:
        """Take rows away as real terminals do: empty ones below, then those at the top, which can be scrolled to."""
        screen = self._screen
        while screen.cursor.y >= rows:
            row, screen.cursor.y = screen.cursor.y, screen.lines - 1
            screen.index()
            screen.cursor.y = row - 1
        for row in range(rows, screen.lines):
            screen.buffer.pop(row, None)
        screen.lines = min(rows, screen.lines)

    def _set_size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def _trimmed(rows: list[str]) -> list[str]:
    while rows and not rows[-1]:
        rows = rows[:-1]
    return rows
