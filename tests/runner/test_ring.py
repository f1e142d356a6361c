"""Notes in shared memory: none lost, none made up, whoever dies."""

import math
import mmap
import os
import random
import signal
import struct
import threading
import time
from collections.abc import Iterator

import pytest

from foundations_runner import ring
from foundations_runner.ring import Numbers, RingReader, RingWriter, new_ring

SMALL = 4096


@pytest.fixture
def descriptor() -> Iterator[int]:
    made = new_ring(SMALL)
    yield made
    os.close(made)


@pytest.fixture
def ends(descriptor: int) -> tuple[RingWriter, RingReader]:
    return RingWriter(descriptor), RingReader(descriptor)


def test_texts_arrive_whole_and_in_order(ends: tuple[RingWriter, RingReader]) -> None:
    writer, reader = ends
    texts = [b"", b"a", b"12345678", "ü".encode() * 100, b"\0" * 33]
    for text in texts:
        writer.text(text)
    assert list(reader.notes()) == texts
    assert list(reader.notes()) == []


def test_numbers_between_texts_come_by_series(ends: tuple[RingWriter, RingReader]) -> None:
    writer, reader = ends
    for step in range(3):
        writer.number(1, step / 2, float(step))
        writer.number(2, step, step + 0.5)
    writer.text(b"end")
    writer.number(1, 9.0, 9.0)
    first, second, end, last = reader.notes()
    assert isinstance(first, Numbers)
    assert isinstance(second, Numbers)
    assert (first.series, first.values, list(first.times)) == (1, [0.0, 0.5, 1.0], [0.0, 1.0, 2.0])
    assert (second.series, second.values, list(second.times)) == (2, [0, 1, 2], [0.5, 1.5, 2.5])
    assert end == b"end"
    assert isinstance(last, Numbers)
    assert last.values == [9.0]


@pytest.mark.parametrize("value", [0.1, -0.0, 1e308, math.inf, -math.inf, 5e-324, 0, -1, 2**63 - 1, -(2**63)])
def test_a_number_comes_back_exactly(ends: tuple[RingWriter, RingReader], value: float) -> None:
    writer, reader = ends
    writer.number(7, value, 1.5)
    (numbers,) = reader.notes()
    assert isinstance(numbers, Numbers)
    assert [type(one) for one in numbers.values] == [type(value)]
    assert repr(numbers.values[0]) == repr(value)


def test_nan_comes_back(ends: tuple[RingWriter, RingReader]) -> None:
    writer, reader = ends
    writer.number(7, math.nan, 1.5)
    (numbers,) = reader.notes()
    assert isinstance(numbers, Numbers)
    assert math.isnan(numbers.values[0])


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, 10**30])
def test_a_larger_integer_is_refused_and_leaves_nothing(ends: tuple[RingWriter, RingReader], value: int) -> None:
    writer, reader = ends
    with pytest.raises(OverflowError, match="more than 64 bits"):
        writer.number(7, value, 1.5)
    assert list(reader.notes()) == []


def test_a_note_of_more_than_a_quarter_of_the_ring_is_refused(ends: tuple[RingWriter, RingReader]) -> None:
    writer, reader = ends
    with pytest.raises(ValueError, match="more than a note may have"):
        writer.text(b"x" * (SMALL // 4))
    writer.text(b"y" * (SMALL // 4 - 8))
    assert list(reader.notes()) == [b"y" * (SMALL // 4 - 8)]


def test_many_times_the_rings_size_goes_round_it(ends: tuple[RingWriter, RingReader]) -> None:
    writer, reader = ends
    pick = random.Random(1)
    sent: list[object] = []
    got: list[object] = []
    for step in range(5000):
        if pick.random() < 0.5:
            writer.number(step, step / 7, 0.0)
            sent.append((step, step / 7))
        else:
            text = bytes(pick.randrange(256) for _ in range(pick.randrange(200)))
            writer.text(text)
            sent.append(text)
        if step % 7 == 0:
            got += [(note.series, *note.values) if isinstance(note, Numbers) else note for note in reader.notes()]
    got += [(note.series, *note.values) if isinstance(note, Numbers) else note for note in reader.notes()]
    assert got == sent


def test_a_full_ring_holds_its_writer_up_until_there_is_room(descriptor: int) -> None:
    writer, reader = RingWriter(descriptor), RingReader(descriptor)
    total = SMALL // 24 * 3

    def write() -> None:
        for step in range(total):
            writer.number(1, float(step), 0.0)

    thread = threading.Thread(target=write)
    thread.start()
    thread.join(0.2)
    assert thread.is_alive()
    values: list[float] = []
    while len(values) < total:
        values += [value for note in reader.notes() if isinstance(note, Numbers) for value in note.values]
    thread.join(10)
    assert values == [float(step) for step in range(total)]


def test_a_writer_whose_reader_is_gone_does_not_wait_for_ever(descriptor: int) -> None:
    writer = RingWriter(descriptor, is_read=lambda: False)

    def fill() -> None:
        for _ in range(SMALL):
            writer.number(1, 0.0, 0.0)

    with pytest.raises(ConnectionError, match="the courier is gone"):
        fill()


def test_threads_write_at_once_and_none_of_it_is_lost() -> None:
    descriptor = new_ring(1 << 20)
    writer, reader = RingWriter(descriptor), RingReader(descriptor)
    os.close(descriptor)

    def write(series: int) -> None:
        for step in range(2000):
            writer.number(series, step, 0.0)

    threads = [threading.Thread(target=write, args=(series,)) for series in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = {note.series: note.values for note in reader.notes() if isinstance(note, Numbers)}
    assert found == {series: list(range(2000)) for series in range(8)}


def test_what_a_killed_process_noted_is_there(descriptor: int) -> None:
    reader = RingReader(descriptor)
    child = os.fork()
    if not child:
        writer = RingWriter(descriptor)
        for step in range(100):
            writer.number(1, step, 0.0)
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    (numbers,) = reader.notes()
    assert isinstance(numbers, Numbers)
    assert numbers.values == list(range(100))


@pytest.mark.parametrize(
    ("place", "data"),
    [
        (0, struct.pack("Q", 1 << 40)),  # a head beyond the ring
        (4096, struct.pack("II", 99, 0)),  # a kind that there is not
        (4096, struct.pack("II", 3, 1 << 30)),  # a text longer than the ring
        (4096, struct.pack("II", 4, 8)),  # padding that does not end with the ring
    ],
)
def test_memory_that_a_stage_has_written_over_is_refused(descriptor: int, place: int, data: bytes) -> None:
    writer, reader = RingWriter(descriptor), RingReader(descriptor)
    writer.text(b"a note")
    with mmap.mmap(descriptor, 0) as memory:
        memory[place : place + len(data)] = data
    with pytest.raises(ValueError, match="its memory is damaged"):
        list(reader.notes())


def test_notes_are_in_order_on_machines_that_do_not_keep_it(
    ends: tuple[RingWriter, RingReader], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ring, "_KEEPS_ORDER", False)
    writer, reader = ends
    writer.text(b"one")
    writer.number(1, 2, 0.0)
    first, second = reader.notes()
    assert first == b"one"
    assert isinstance(second, Numbers)


def test_an_empty_ring_takes_no_memory() -> None:
    descriptor = new_ring()
    try:
        assert os.fstat(descriptor).st_blocks == 0
        assert os.fstat(descriptor).st_size > ring.CAPACITY
    finally:
        os.close(descriptor)


def test_a_reader_sees_what_another_thread_writes_meanwhile() -> None:
    descriptor = new_ring(1 << 16)
    writer, reader = RingWriter(descriptor), RingReader(descriptor)
    os.close(descriptor)
    thread = threading.Thread(target=lambda: [writer.text(str(n).encode()) for n in range(20_000)])
    thread.start()
    got: list[object] = []
    ends_at = time.monotonic() + 60
    while len(got) < 20_000 and time.monotonic() < ends_at:
        got += reader.notes()
    thread.join()
    assert got == [str(n).encode() for n in range(20_000)]
