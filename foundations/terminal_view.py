"""A terminal that shows a job: the user's lines scroll by as they are, a display stays below them.

One thread writes everything, so nothing interrupts it between taking the display away and putting it back.
"""

import os
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from itertools import groupby
from queue import Empty, Full, Queue
from typing import TextIO

from foundations.diversion import Diversion, original
from foundations.drawing import Drawing, cells
from foundations.view import BoardNow, is_terminal, stream_of, write

_Line = tuple[TextIO, str]

_TICK_SECONDS = 0.1
_PAUSE_SECONDS = 0.03
_MOST_WAITING = 4096


class TerminalView:
    """Writes lines above a display at the bottom of the terminal that `stream` is."""

    live, tables = True, False

    def __init__(self, stream: TextIO) -> None:
        self._bottom = _Bottom(stream)
        self._board_now: BoardNow | None = None
        self._lines: Queue[_Line | None] = Queue(_MOST_WAITING)
        self._writer: threading.Thread | None = None
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._diversion = Diversion(self._put)

    def line(self, stream: str, text: str, *, label: str = "") -> None:
        """Write a line of the user's; the label stands before it where a person reads it."""
        to = stream_of(stream)
        before = self._bottom.labelled(label) if label and is_terminal(to) else ""
        self._put(to, f"{before}{text}\n")

    def say(self, text: str) -> None:
        """Write a line of ours."""
        self._put(stream_of("stderr"), f"foundations: {text}\n")

    def show(self, board_now: BoardNow) -> None:
        """Draw the board from now on, several times a second where it changes."""
        with self._lock:
            if self._ending.is_set() or self._writer is not None:
                return
            self._board_now = board_now
            writer = threading.Thread(target=self._write_all, name="foundations progress", daemon=True)
            try:
                writer.start()
            except RuntimeError:  # no thread is to be had: lines are written as they come
                return
            self._writer = writer
        self._diversion.begin()

    def close(self) -> None:
        """Return when all is written and the display is gone."""
        self._ending.set()
        with suppress(Full):
            self._lines.put_nowait(None)
        try:
            if self._writer is not None:
                self._writer.join()
        finally:
            with self._lock:
                self._writer = None
                while not self._lines.empty():
                    self._bottom.write(self._waiting()[0], None)
            self._diversion.end()

    def _put(self, stream: TextIO, text: str) -> None:
        stream = original(stream)
        while True:
            with self._lock:
                if self._writer is None or not self._writer.is_alive():
                    write(stream, text)
                    return
                try:
                    self._lines.put_nowait((stream, text))
                except Full:
                    pass
                else:
                    return
            time.sleep(_PAUSE_SECONDS)  # the terminal is slower than the job: the job waits, as it would for a pipe

    def _write_all(self) -> None:
        ended = False
        while not ended:
            lines, ended = self._waiting()
            self._bottom.write(lines, None if ended else self._board_now)
            if lines:
                self._ending.wait(_PAUSE_SECONDS)  # what comes meanwhile is written at once: the display stays calm

    def _waiting(self) -> tuple[list[_Line], bool]:
        """Return the lines that wait, and whether they are the last ones; none after a moment without any."""
        lines: list[_Line] = []
        try:
            one = self._lines.get(timeout=0 if self._ending.is_set() else _TICK_SECONDS)
            while one is not None:
                lines.append(one)
                one = self._lines.get_nowait()
        except Empty:
            return lines, self._ending.is_set()
        return lines, True


class _Bottom:
    """The last rows of a terminal, below whatever was written last."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._drawing = Drawing(stream)
        self._drawn: list[str] = []
        self._labels: dict[str, str] = {}

    def labelled(self, label: str) -> str:
        """Return what stands before a line of `label`."""
        if label not in self._labels:
            self._labels[label] = self._drawing.dimmed(f"{label} | ")
        return self._labels[label]

    def write(self, lines: Iterable[_Line], board_now: BoardNow | None) -> None:
        """Write lines above the display and draw it anew; without a board, take it away."""
        try:
            wanted = self._drawing.lines(board_now()) if board_now else []
        except Exception:  # noqa: BLE001 - a display that can't be drawn must not cost the user's lines
            wanted = []
        for stream, group in groupby(lines, lambda one: one[0]):
            # what goes elsewhere may have to wait there, and the display need not give way to it
            self._draw([] if is_terminal(stream) else wanted)
            write(stream, "".join(text for _, text in group))
        self._draw(wanted)

    def _draw(self, wanted: list[str]) -> None:
        if wanted == self._drawn:
            return
        # the cursor waits at the left, where the ^C that a terminal echoes is drawn over and not wrapped
        drawn = "\n".join(wanted) + "\r" if wanted else ""
        write(self._stream, self._erasure() + drawn)
        self._drawn = wanted

    def _erasure(self) -> str:
        if not self._drawn:
            return ""
        above = len(self._drawn) - 1
        if above and _wraps_anew():
            columns = self._drawing.size.columns
            above = sum(max(1, -(-cells(line) // columns)) for line in self._drawn[:-1])
        return "\r" + (f"\x1b[{above}A" if above else "") + "\x1b[J"


def _wraps_anew() -> bool:
    """Tell whether the terminal wraps what it shows anew when it becomes narrower; most cut it off no longer."""
    return "TMUX" in os.environ or not ({"XTERM_VERSION", "STY"} & os.environ.keys())
