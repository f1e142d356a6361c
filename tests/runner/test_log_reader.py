"""A log is handed on line by line, and whoever asks can wait for what is there already."""

import os
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from foundations_runner.log_reader import LogReader
from tests.runner.conftest import until

Make = Callable[..., tuple[LogReader, int]]


@pytest.fixture
def make() -> Iterator[Make]:
    """Make a reader and the pipe's end that it reads from."""
    descriptors: list[int] = []
    readers: list[LogReader] = []

    def made(on_line: Callable[[str], None]) -> tuple[LogReader, int]:
        read, write = os.pipe()
        descriptors.extend((read, write))
        readers.append(LogReader(read, lambda line, stage: on_line(line), mark="m"))
        return readers[-1], write

    yield made
    for reader in readers:
        reader.finish()
    for descriptor in descriptors:
        os.close(descriptor)


def test_who_catches_up_finds_every_line_that_was_written_before(make: Make) -> None:
    lines: list[str] = []
    reader, write = make(lines.append)
    for n in range(200):
        os.write(write, f"{n}\n".encode())
        reader.catch_up()
        assert lines[-1] == str(n)


def test_catching_up_waits_for_a_slow_reader(make: Make) -> None:
    lines: list[str] = []
    go_on = threading.Event()

    def slow(line: str) -> None:
        assert go_on.wait(20)
        lines.append(line)

    reader, write = make(slow)
    os.write(write, b"one\ntwo\n")
    waiting = threading.Thread(target=reader.catch_up)
    waiting.start()
    waiting.join(0.3)
    assert waiting.is_alive()
    go_on.set()
    waiting.join(20)
    assert lines == ["one", "two"]


def test_catching_up_does_not_wait_for_what_is_written_meanwhile(make: Make) -> None:
    reader, write = make(lambda line: None)
    over = threading.Event()

    def write_on() -> None:
        while not over.is_set():
            os.write(write, b"x" * 100 + b"\n")

    writer = threading.Thread(target=write_on)
    writer.start()
    try:
        began = time.monotonic()
        for _ in range(50):
            reader.catch_up()
        assert time.monotonic() - began < 5
    finally:
        over.set()
        writer.join()


def test_catching_up_with_an_end_of_a_line_missing_does_not_wait_for_it(make: Make) -> None:
    lines: list[str] = []
    reader, write = make(lines.append)
    os.write(write, b"one\nhalf of")
    reader.catch_up()
    assert lines == ["one"]


def test_what_is_there_is_read_to_its_end_though_others_hold_the_pipe_open(make: Make) -> None:
    lines: list[str] = []
    reader, write = make(lines.append)
    os.write(write, b"one\ntwo")
    reader.finish()
    assert lines == ["one", "two"]
    reader.finish()
    reader.catch_up()


def test_waiting_ends_with_the_log(make: Make) -> None:
    lines: list[str] = []
    reader, write = make(lines.append)
    duplicate = os.dup(write)
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, write)
    os.close(nothing)
    os.write(duplicate, b"last\n")
    os.close(duplicate)
    reader.wait(20)
    assert lines == ["last"]
    until(lambda: not reader._thread.is_alive())


LinesOf = Callable[..., list[tuple[str, int | None]]]


@pytest.fixture
def lines_of() -> LinesOf:
    """Read what is written in pieces, and return the lines with their stages."""

    def read(*pieces: bytes) -> list[tuple[str, int | None]]:
        descriptor, write = os.pipe()
        lines: list[tuple[str, int | None]] = []
        reader = LogReader(descriptor, lambda line, stage: lines.append((line, stage)), mark="abc")
        for piece in pieces:
            os.write(write, piece)
            reader.catch_up()
        os.close(write)
        reader.wait(20)
        os.close(descriptor)
        return lines

    return read


def test_lines_belong_to_the_stage_of_the_mark_before_them(lines_of: LinesOf) -> None:
    assert lines_of(b"before\n", b"\x1eabc:0\x1fone\ntwo\n", b"\x1eabc:12\x1fthree\n", b"four\n") == [
        ("before", None),
        ("one", 0),
        ("two", 0),
        ("three", 12),
        ("four", 12),
    ]


def test_stages_that_write_at_once_do_not_cut_each_others_lines(lines_of: LinesOf) -> None:
    text = b"\x1eabc:0\x1fon\x1eabc:1\x1ftw\x1eabc:0\x1fe\n\x1eabc:1\x1fo\n"
    assert lines_of(text) == [("one", 0), ("two", 1)]


def test_the_end_of_a_stage_ends_its_last_line(lines_of: LinesOf) -> None:
    text = b"\x1eabc:0\x1fno newline\x1eabc:0.\x1fnobody's\n\x1eabc:1\x1fnext\n"
    assert lines_of(text) == [("no newline", 0), ("nobody's", None), ("next", 1)]


def test_text_of_no_stage_has_a_mark_too(lines_of: LinesOf) -> None:
    assert lines_of(b"\x1eabc:3\x1fhis\n\x1eabc:\x1fnobody's\n") == [("his", 3), ("nobody's", None)]


def test_marks_may_come_in_any_pieces(lines_of: LinesOf) -> None:
    text = "\x1eabc:0\x1fgrüße\n\x1eabc:1\x1f日本\n\x1eabc:0.\x1f".encode()
    for size in (1, 2, 3, 5, 7):
        pieces = [text[start : start + size] for start in range(0, len(text), size)]
        assert lines_of(*pieces) == [("grüße", 0), ("日本", 1)]


@pytest.mark.parametrize(
    "text",
    ["\x1e", "\x1eabc", "\x1eabc:", "\x1eabc:12", "\x1exyz:1\x1f", "\x1eabc:x\x1f", "a\x1eb\x1fc", "\x1e\x1e\x1f\x1f"],
)
def test_what_only_looks_like_a_mark_is_text(lines_of: LinesOf, text: str) -> None:
    assert lines_of(text.encode()) == [(text, None)]
    assert lines_of(f"{text}\n".encode(), b"end\n") == [(text, None), ("end", None)]


def test_half_a_character_before_a_mark_does_not_eat_it(lines_of: LinesOf) -> None:
    assert lines_of(b"\x1eabc:0\x1f\xf0\x9f\x1eabc:1\x1fnext\n\x1eabc:0\x1f\x8e\x89\n") == [("next", 1), ("🎉", 0)]
