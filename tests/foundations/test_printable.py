"""Texts that others wrote, fit to be shown."""

import pytest

from foundations.printable import masked, one_line, printable, redacted_line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("load", "load"),
        ("größe 模型 🚀", "größe 模型 🚀"),
        ("two\n\n  lines\tand ", "two lines and"),
        ("\x00\x1b[31m", "\\x00\\x1b[31m"),
        ("a\u202eb\u200bc", "a\\u202eb\\u200bc"),
        ("\ud800", "\\ud800"),
        ("\U000e0001", "\\U000e0001"),
        ("", ""),
    ],
)
def test_what_can_not_be_printed_is_shown_as_its_escape(text: str, shown: str) -> None:
    assert one_line(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [("grüße 日本", "grüße 日本"), ("a\x1b[2J\r\n", "a\ufffd[2J\ufffd\ufffd"), ("\ud800", "\ufffd"), ("", "")],
)
def test_what_would_move_a_cursor_is_made_visible(text: str, shown: str) -> None:
    assert masked(text) == shown


def test_a_line_break_is_shown_as_its_escape() -> None:
    assert printable("two \n lines") == "two \\n lines"


def test_what_stands_before_the_at_of_an_address_is_left_out() -> None:
    assert redacted_line("at s3://me:secret@host/\n path\x1b") == "at s3://***@host/ path\\x1b"
