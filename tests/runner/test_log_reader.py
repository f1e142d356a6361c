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
