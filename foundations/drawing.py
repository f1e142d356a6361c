"""Draw a board as the few lines at the bottom of a terminal."""

import os
import re
from typing import TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.progress_bar import ProgressBar
from rich.text import Text

from foundations.board import Board
from foundations.printable import masked

_SHORTEST_BAR, _LONGEST_BAR = 10, 40
_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
_NARROWEST = 4
_UNKNOWN_SIZE = os.terminal_size((80, 24))


class Drawing:
    """Draws for one terminal: in the colours, letters and width that it has."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._console = Console(
            file=stream, force_terminal=True, force_jupyter=False, legacy_windows=False, highlight=False, emoji=False
        )

    @property
    def size(self) -> os.terminal_size:
        """The terminal's size as it is now."""
        try:
            size = os.get_terminal_size(self._stream.fileno())
        except (OSError, ValueError):
            return _UNKNOWN_SIZE
        return size if size.columns and size.lines else _UNKNOWN_SIZE

    def lines(self, board: Board) -> list[str]:
        """Return the lines for a board, none of them as wide as the terminal; none at all where it has no room."""
        size = self.size
        width = size.columns - 1
        if width < _NARROWEST or size.lines < 2:
            return []
        lines = [self._first(board, width)]
        if board.detail and size.lines > 2:
            lines.append(self._text(f"  {board.detail}", width, style="dim"))
        return lines

    def dimmed(self, text: str) -> str:
        """Return `text` as what is said beside a line."""
        return self._text(text, cell_len(text) or 1, style="dim")

    def _first(self, board: Board, width: int) -> str:
        counts = board.counts
        room = min(width - cell_len(counts) - 1, _LONGEST_BAR)
        if not board.total or room < _SHORTEST_BAR:
            return self._text(counts, width)
        with self._console.capture() as drawn:
            self._console.print(ProgressBar(total=board.total, completed=board.done, width=room), end="")
        return f"{drawn.get()} {self._text(counts, width - room - 1)}"

    def _text(self, text: str, width: int, *, style: str = "") -> str:
        shown = Text(masked(text), style="" if self._console.no_color else style)
        shown.truncate(width, overflow="ellipsis")
        with self._console.capture() as drawn:
            self._console.print(shown, end="", soft_wrap=True)
        return drawn.get()


def cells(line: str) -> int:
    """Return how many columns a drawn line takes."""
    return cell_len(_ESCAPES.sub("", line))
