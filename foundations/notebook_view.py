"""A notebook's cell that shows a job: one output that changes in place, the user's lines below it."""

import threading
from collections import deque
from contextlib import suppress
from html import escape
from typing import Any

from foundations.board import Board
from foundations.printable import masked
from foundations.view import BoardNow, stream_of, write

_TICK_SECONDS = 0.5
_LINES_SHOWN = 6
_ROWS_SHOWN = 100
_STYLE = "font-family: monospace; white-space: pre-wrap"


class NotebookView:
    """Writes the user's lines to the cell, and ours into a display above them."""

    live = tables = True

    def __init__(self) -> None:
        self._said: deque[str] = deque(maxlen=_LINES_SHOWN)
        self._board_now: BoardNow | None = None
        self._handle: Any = None
        self._shown: dict[str, str] = {}
        self._ticker: threading.Thread | None = None
        self._ending = threading.Event()
        self._lock = threading.Lock()

    def line(self, stream: str, text: str, *, label: str = "") -> None:
        """Write a line of the user's to the cell's output."""
        del label
        write(stream_of(stream), f"{text}\n")

    def say(self, text: str) -> None:
        """Show a line of ours in the display, until newer ones take its place."""
        self._said.append(text)
        if self._ending.is_set():
            self._update()

    def show(self, board_now: BoardNow) -> None:
        """Put the display into the cell that runs now."""
        with self._lock:
            if self._ticker is not None or self._ending.is_set():
                return
            self._board_now = board_now
            self._ticker = threading.Thread(target=self._tick, name="foundations progress", daemon=True)
        self._update()
        self._ticker.start()

    def close(self) -> None:
        """Leave the display as it is at the end."""
        self._ending.set()
        if self._ticker is not None and self._ticker.is_alive():
            self._ticker.join()
        self._update()

    def _tick(self) -> None:
        while not self._ending.wait(_TICK_SECONDS):
            self._update()

    def _update(self) -> None:
        with self._lock:
            board = self._board_now() if self._board_now else Board("", total=0)
            bundle = bundle_of(board, tuple(self._said), ended=self._ending.is_set())
            if bundle == self._shown or not (self._board_now or self._said):
                return
            self._shown = bundle
            with suppress(Exception):  # a frontend that has gone must not end a job
                self._display(bundle)

    def _display(self, bundle: dict[str, str]) -> None:
        from IPython.display import display

        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(bundle, raw=True)


def bundle_of(board: Board, said: tuple[str, ...], *, ended: bool) -> dict[str, str]:
    """Return a board and our latest lines as a notebook takes them: as HTML, and as text for who can't show that."""
    counts = "" if ended else board.counts
    detail = "" if ended else masked(board.detail)
    rows = [*board.table[:1], *board.table[1:][-_ROWS_SHOWN:]]
    texts = [*map(masked, said), *(["  ".join(row) for row in rows]), *filter(None, (counts, detail))]
    bar = f'<progress max="{board.total}" value="{board.done}"></progress> ' if board.total and not ended else ""
    parts = [f"<div>{escape(text)}</div>" for text in map(masked, said)]
    parts += [_table(rows)] if rows else []
    parts += [f"<div>{bar}{escape(counts)}</div>"] if counts else []
    parts += [f'<div style="opacity: 0.6">{escape(detail)}</div>'] if detail else []
    return {"text/plain": "\n".join(texts), "text/html": f'<div style="{_STYLE}">{"".join(parts)}</div>'}


def _table(rows: list[tuple[str, ...]]) -> str:
    cells = ["".join(f"<td>{escape(masked(cell))}</td>" for cell in row) for row in rows]
    return f"<table>{''.join(f'<tr>{row}</tr>' for row in cells)}</table>"
