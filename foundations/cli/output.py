"""What a command says: the one place that prints, as text or as JSON."""

import io
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


class Unprintable(Exception):
    """Standard output takes no more, for another reason than that nobody reads."""


@dataclass(frozen=True)
class Answer:
    """What a command found or did: as data, as the lines that say it to a person, and the exit status."""

    data: Mapping[str, Any]
    lines: Sequence[str]
    status: int = 0


def show(answer: Answer, *, as_json: bool) -> None:
    """Print an answer to standard output.

    Raise `Unprintable` where it can't be written, `BrokenPipeError` where nobody reads any more.
    """
    _write(json.dumps(answer.data, indent=2) if as_json else "\n".join(answer.lines))


def complain(error: Exception, *, as_json: bool) -> None:
    """Print what went wrong: to standard error, or as JSON to standard output."""
    if as_json:
        _write(json.dumps({"error": str(error), "kind": type(error).__name__}, indent=2))
    else:
        print(f"foundations: {error}", file=sys.stderr)


def aligned(rows: Iterable[Sequence[str]]) -> list[str]:
    """Return rows as lines whose columns begin below each other; the last column is as long as it likes."""
    rows = list(rows)
    widths = [max(len(cell) for cell in column) for column in zip(*(row[:-1] for row in rows), strict=True)]
    return ["  ".join([*map(str.ljust, row, widths), row[-1]]).rstrip() for row in rows]


def escape_what_cannot_be_encoded() -> None:
    """Let a name that the terminal's encoding lacks be printed in escapes rather than raise."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def discard_the_rest() -> None:
    """Let what is still to be printed, at exit too, go nowhere: whoever read it has gone."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(nowhere, descriptor)


def _write(text: str) -> None:
    try:
        print(text, flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Unprintable(f"the answer can't be written: {error.strerror}") from error
