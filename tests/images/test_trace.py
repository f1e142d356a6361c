"""BuildKit's report."""

import pytest

from foundations_images.progress import Progress
from foundations_images.trace import Log, Status, Vertex, read_status


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def field(number: int, value: int | str | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def vertex(digest: str, name: str, *, cached: bool = False, error: str = "") -> bytes:
    inputs = field(2, "sha256:input one") + field(2, "sha256:input two")
    times = field(5, field(1, 1700000000)) + field(6, field(1, 1700000001))
    return field(1, digest) + inputs + field(3, name) + field(4, int(cached)) + times + field(7, error)


def log(digest: str, message: bytes) -> bytes:
    return field(1, digest) + field(2, field(1, 1)) + field(3, 2) + field(4, message)


def test_vertexes_and_logs_are_read() -> None:
    data = field(1, vertex("d1", "RUN one", cached=True)) + field(2, b"status") + field(3, log("d1", b"x" * 300))
    data += field(1, vertex("d2", "RUN two", error="exit code 1"))
    assert read_status(data) == Status(
        vertexes=(Vertex("d1", "RUN one", True, ""), Vertex("d2", "RUN two", False, "exit code 1")),
        logs=(Log("d1", b"x" * 300),),
    )


def test_fields_of_later_versions_are_skipped() -> None:
    fixed = varint(9 << 3 | 1) + bytes(8) + varint(10 << 3 | 5) + bytes(4)
    assert read_status(fixed + field(11, 7) + field(12, b"new")) == Status((), ())


@pytest.mark.parametrize("data", [b"\x0a\x05ab", b"\x0a", b"\x80", b"\x0b"])
def test_what_is_cut_off_or_unknown_is_an_error(data: bytes) -> None:
    with pytest.raises(ValueError, match="BuildKit's trace"):
        read_status(data)


def told(*pieces: tuple[str, bytes]) -> tuple[Progress, list[str]]:
    lines: list[str] = []
    progress = Progress(lines.append)
    progress.add(Status((), tuple(Log(step, message) for step, message in pieces)))
    return progress, lines


def test_lines_are_told_when_they_are_complete() -> None:
    progress, lines = told(("a", b"one\ntw"), ("b", b"other\n"), ("a", b"o\r\n\nthr"))
    assert lines == ["one", "other", "two"]
    progress.close()
    assert lines == ["one", "other", "two", "thr"]


def test_colours_are_taken_out() -> None:
    assert told(("a", b"\x1b[1;31merror\x1b[0m: x\n"))[1] == ["error: x"]


def test_the_tail_is_that_of_the_step_that_failed() -> None:
    progress, _ = told(("a", b"installed\n"), ("b", b"".join(b"line %d\n" % n for n in range(30))), ("c", b"noise\n"))
    progress.add(Status((Vertex("b", "RUN", False, "exit code 1"),), ()))
    assert progress.tail.splitlines() == [f"line {number}" for number in range(15, 30)]
