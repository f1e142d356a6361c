"""Work in a few threads at once: in order, bounded, and no longer than somebody waits for it."""

import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from foundations_archive.parallel import ahead, aside, at_once

DRIVER = """
import sys
from foundations_archive.archive import open_archive
settings = {"endpoint_url": sys.argv[1], "access_key_id": "a", "secret_access_key": "b", "region": "us-east-1"}
print("asks", flush=True)
try:
    open_archive("s3://bucket/archive", s3=settings).check()
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.fixture
def silent_server() -> Iterator[str]:
    """A server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_results_come_in_order_though_the_first_is_the_last_to_be_done() -> None:
    go = threading.Event()

    def work(number: int) -> int:
        if number:
            if number == 5:
                go.set()
        else:
            assert go.wait(30)
        return number

    assert at_once(work, range(8), threads=3) == list(range(8))


def test_an_item_is_taken_when_any_other_is_done() -> None:
    held, taken = threading.Event(), []

    def items() -> Iterator[int]:
        for number in range(6):
            taken.append(number)
            yield number

    def work(number: int) -> int:
        if number == 0:
            assert held.wait(30)  # the oldest takes longest, and holds up nobody
        elif number == 5:
            held.set()
        return number

    assert at_once(work, items(), size=lambda _: 10, most_bytes=20) == list(range(6))
    assert taken == list(range(6))


def test_no_more_bytes_are_under_way_than_there_is_room_for() -> None:
    lock, held, most = threading.Lock(), 0, 0

    def work(size: int) -> None:
        nonlocal held, most
        with lock:
            held += size
            most = max(most, held)
        threading.Event().wait(0.001)
        with lock:
            held -= size

    at_once(work, [5, 3, 8, 1, 9, 2] * 20, size=lambda size: size, most_bytes=12)
    assert most <= 12


@pytest.mark.parametrize("run", [at_once, lambda work, items: list(ahead(work, items))])
def test_what_fails_is_raised_and_nothing_more_is_begun(run: object) -> None:
    begun = []

    def work(number: int) -> None:
        begun.append(number)
        if number == 3:
            raise OSError("no")

    assert callable(run)
    with pytest.raises(OSError, match="no"):
        run(work, range(10_000))
    assert len(begun) < 10_000


def test_what_is_done_aside_gives_its_result_or_its_error() -> None:
    assert aside(lambda: 7).result(30) == 7
    with pytest.raises(ZeroDivisionError):
        aside(lambda: 1 // 0).result(30)


def test_an_interrupt_does_not_wait_for_a_server_that_never_answers(silent_server: str) -> None:
    process = subprocess.Popen([sys.executable, "-c", DRIVER, silent_server], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        assert process.stdout.readline() == "asks\n"
        threading.Event().wait(2.0)  # any time: it asks for ever, and answers an interrupt whenever that comes
        process.send_signal(signal.SIGINT)
        # what holds it up otherwise are timeouts of a minute and more
        assert process.communicate(timeout=40)[0] == "interrupted\n"
    finally:
        process.kill()
        process.wait()
