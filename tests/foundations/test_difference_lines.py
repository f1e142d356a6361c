"""A difference is told in a line that a terminal shows as it is."""

import pytest

from foundations.difference_lines import diff_lines, difference_line
from foundations.differences import Difference


@pytest.mark.parametrize(
    ("difference", "line"),
    [
        (Difference("argument", "lr", "0.1", "0.2"), "argument lr: 0.1 -> 0.2"),
        (Difference("argument", "lr", None, "0.2", says="is taken now"), "argument lr is taken now: 0.2"),
        (
            Difference("argument", "net", "<Net>", "<Net>"),
            "argument net: <Net>, shown as before, with other content or code",
        ),
        (Difference("argument", "rows", "a" * 200, "b"), f"argument rows: {'a' * 97}... -> b"),
        (Difference("function", "prep.clean", "a", "b", "prep.py"), "function prep.clean changed"),
        (
            Difference("function", "prep.clean", None, "b", "prep.py", "is reached now"),
            "function prep.clean is reached now (prep.py)",
        ),
        (Difference("file", "data.csv", "1", "2"), "file data.csv changed"),
        (Difference("version", "version=", "1", "2"), "version=: 1 -> 2"),
        (Difference("module", "module prep", "1", "2"), "module prep changed"),
        (
            Difference("argument", "url", "s3://me:secret@host", "x\n\x1b[2J"),
            "argument url: s3://***@host -> x \\x1b[2J",
        ),
    ],
)
def test_what_differs_fits_in_a_line(difference: Difference, line: str) -> None:
    assert difference_line(difference) == line


def test_the_lines_of_a_diff_are_indented_and_move_no_cursor() -> None:
    assert diff_lines("-a\tb\n+\x1b[2J\n ") == ["    -a  b", "    +\ufffd[2J", ""]
    assert diff_lines(None) == []
