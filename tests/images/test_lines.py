"""Logical lines of a requirements file."""

import pytest

from foundations_images.lines import Line, read_lines


def texts(text: str) -> list[tuple[int, str]]:
    return [(line.number, line.text) for line in read_lines(text)]


def test_comments_and_blank_lines_are_no_lines() -> None:
    assert texts("# one\n\nnumpy  # two\n   \n") == [(3, "numpy")]


def test_a_hash_inside_a_url_is_no_comment() -> None:
    assert texts("pkg @ https://example.org/pkg.zip#sha256=ab\n") == [
        (1, "pkg @ https://example.org/pkg.zip#sha256=ab")
    ]


def test_continued_lines_have_the_number_of_their_first() -> None:
    assert texts("a\nb \\\n  --hash=sha256:00 \\\n  --hash=sha256:11\nc") == [
        (1, "a"),
        (2, "b --hash=sha256:00 --hash=sha256:11"),
        (5, "c"),
    ]


def test_a_comment_ends_a_continued_line() -> None:
    assert texts("a # why \\\nb\n") == [(1, "a"), (2, "b")]


def test_a_backslash_at_the_end_of_the_file_ends_the_line() -> None:
    assert texts("a \\") == [(1, "a")]


@pytest.mark.parametrize(
    ("text", "option"),
    [
        ("-r other.txt", ("--requirement", "other.txt")),
        ("-rother.txt", ("--requirement", "other.txt")),
        ("--requirement=other.txt", ("--requirement", "other.txt")),
        ('-c "a b.txt"', ("--constraint", "a b.txt")),
        ("--pre", ("--pre", "")),
        ("--index-url https://example.org/?a=b", ("--index-url", "https://example.org/?a=b")),
        ("numpy", None),
    ],
)
def test_options_are_read_in_all_their_spellings(text: str, option: tuple[str, str] | None) -> None:
    assert Line(1, text).option == option


@pytest.mark.parametrize(
    ("text", "package"),
    [
        ("Foo_Bar==1 --hash=sha256:00", "foo-bar"),
        ("foo[x]>=1; python_version < '3'", "foo"),
        ("https://example.org/foo-1.zip", None),
    ],
)
def test_a_line_knows_its_package(text: str, package: str | None) -> None:
    assert Line(1, text).package == package
