"""Where a job is shown: plain lines, which every place can take, and the choice of something better."""

import os
import sys
from collections.abc import Callable
from typing import Protocol, TextIO

from foundations.board import Board
from foundations.ipython import ipython_shell

BoardNow = Callable[[], Board]


class View(Protocol):
    """A place that shows jobs; no verb ever raises, and each may be called from any thread.

    `live` tells whether it has a display that is kept up to date, `tables` whether that shows a board's table too.
    """

    live: bool
    tables: bool

    def line(self, stream: str, text: str, *, label: str = "") -> None:
        """Show a line on `stdout` or `stderr` as it is; the label is for who reads it now, and no part of it."""

    def say(self, text: str) -> None:
        """Show a line of ours."""

    def show(self, board_now: BoardNow) -> None:
        """Keep a display of what `board_now` returns up to date, from here until `close`."""

    def close(self) -> None:
        """Show all that is still to be shown and take the display down; lines may follow, `close` be repeated."""


class PlainView:
    """Lines to standard output and error, as they come: for pipes, files and simple terminals."""

    live = tables = False

    def line(self, stream: str, text: str, *, label: str = "") -> None:
        """Write a line of the user's where the user wrote it."""
        del label
        write(stream_of(stream), f"{text}\n")

    def say(self, text: str) -> None:
        """Write a line of ours to standard error."""
        write(sys.stderr, f"foundations: {text}\n")

    def show(self, board_now: BoardNow) -> None:
        """Show no display."""

    def close(self) -> None:
        """Return at once: nothing is held back."""


def choose_view(*, quiet: bool) -> View:
    """Return the best view for where the driver runs; plain lines where its display is not wanted."""
    if quiet:
        return PlainView()
    if getattr(ipython_shell(), "kernel", None) is not None:
        from foundations.notebook_view import NotebookView

        return NotebookView()
    if is_terminal(sys.stderr) and os.environ.get("TERM", "") not in ("", "dumb", "unknown"):
        from foundations.terminal_view import TerminalView

        return TerminalView(sys.stderr)
    return PlainView()


def is_terminal(stream: TextIO | None) -> bool:
    """Tell whether somebody may be looking at `stream`."""
    try:
        return stream is not None and stream.isatty()
    except (OSError, ValueError):  # it is closed
        return False


def stream_of(name: str) -> TextIO:
    """Return the stream that the user's lines on `name` go to."""
    return sys.stderr if name == "stderr" else sys.stdout


def write(stream: TextIO | None, text: str) -> None:
    """Write and flush `text`, in letters that the stream knows; nothing where nobody reads any more."""
    if stream is None:  # a program without a console
        return
    try:
        try:
            stream.write(text)
        except UnicodeEncodeError:
            encoding = stream.encoding or "ascii"
            stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()
    except (OSError, ValueError):
        pass  # nobody reads any more, or the driver has closed it: the job goes on, the archive has its log
