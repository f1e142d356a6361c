"""Texts for pictures: their width, and cut to a width."""

import pytest

from foundations.pictures.text import columns, cut
from foundations.printable import one_line
from tests.foundations.pictures.conftest import ODD_TEXTS


@pytest.mark.parametrize(
    ("text", "width"), [("", 0), ("load", 4), ("größe", 5), ("模型", 4), ("e\u0301", 1), ("🚀", 2)]
)
def test_wide_characters_take_two_columns_and_accents_none(text: str, width: int) -> None:
    assert columns(text) == width


@pytest.mark.parametrize(
    ("text", "most", "shown"),
    [
        ("load", 4, "load"),
        ("loads", 4, "loa…"),
        ("模型模型", 6, "模型…"),
        ("模型模型", 7, "模型模…"),
        ("a b c", 3, "a…"),
    ],
)
def test_a_text_is_cut_with_an_ellipsis(text: str, most: int, shown: str) -> None:
    assert cut(text, most) == shown


@pytest.mark.parametrize("most", [1, 2, 10, 34])
@pytest.mark.parametrize("text", ODD_TEXTS)
def test_a_cut_text_is_never_wider_than_asked(text: str, most: int) -> None:
    assert columns(cut(one_line(text), most)) <= most
    assert one_line(text).isprintable()
