"""What one process says, the other hears, whole and in order."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from foundations_runner.channel import CHUNK, Channel


@pytest.fixture
def pair() -> Iterator[tuple[Channel, Channel]]:
    ours, theirs = socket.socketpair()
    channels = Channel.of(ours.detach()), Channel.of(theirs.detach())
    yield channels
    for channel in channels:
        channel.close()


def test_a_message_arrives_with_its_buffers(pair: tuple[Channel, Channel]) -> None:
    here, there = pair
    here.send({"say": "value"}, [b"one", memoryview(b"three").cast("B"), b""])
    message = there.receive()
    assert message == {"say": "value", "sizes": [3, 5, 0]}
    assert [bytes(there.buffer(size)) for size in message["sizes"]] == [b"one", b"three", b""]


def test_a_message_without_buffers_has_no_sizes(pair: tuple[Channel, Channel]) -> None:
    here, there = pair
    here.send({"say": "started"})
    assert there.receive() == {"say": "started"}


def test_a_buffer_larger_than_a_chunk_arrives_whole(pair: tuple[Channel, Channel]) -> None:
    here, there = pair
    large = bytes(range(256)) * (CHUNK // 256 + 1)
    sender = threading.Thread(target=here.send, args=({"say": "value"}, [large]))
    sender.start()
    (size,) = there.receive()["sizes"]
    assert there.buffer(size) == large
    sender.join()


def test_a_buffer_of_many_items_is_counted_in_bytes(pair: tuple[Channel, Channel]) -> None:
    here, there = pair
    here.send({}, [memoryview(b"12345678").cast("I")])
    (size,) = there.receive()["sizes"]
    assert size == 8
    assert there.buffer(size) == b"12345678"


def test_a_stream_arrives_whatever_pieces_it_was_sent_in(pair: tuple[Channel, Channel]) -> None:
    here, there = pair
    here.send_stream({"say": "job"}, [5, 2], iter([b"ab", b"cde", b"fg"]))
    first, second = there.receive()["sizes"]
    assert list(there.chunks(first)) == [b"abcde"]
    assert list(there.chunks(second, room=3)) == [b"\0\0\0fg"]


def test_who_goes_in_the_middle_of_a_buffer_has_gone(pair: tuple[Channel, Channel]) -> None:
    here, there = pair
    here.send_stream({"say": "job"}, [5], iter([b"ab"]))
    here.close()
    there.receive()
    with pytest.raises(EOFError):
        list(there.chunks(5))


def test_a_buffer_is_put_together_from_the_chunks_of_a_stream(pair: tuple[Channel, Channel]) -> None:
    here, there = pair
    here.send_stream({}, [5], iter([b"ab", b"cde"]))
    assert there.buffer(there.receive()["sizes"][0]) == b"abcde"


def test_receiving_from_who_has_gone_raises_eof(pair: tuple[Channel, Channel]) -> None:
    here, there = pair
    here.send({"say": "last"})
    here.close()
    assert there.receive() == {"say": "last"}
    with pytest.raises(EOFError):
        there.receive()


def test_messages_of_many_threads_are_not_mixed(pair: tuple[Channel, Channel]) -> None:
    here, there = pair

    def speak(name: int) -> None:
        for count in range(50):
            here.send({"name": name, "count": count}, [f"{name}-{count}".encode() * 1000])

    threads = [threading.Thread(target=speak, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    counts: dict[int, list[int]] = {}
    for _ in range(8 * 50):
        message = there.receive()
        name, count = message["name"], message["count"]
        assert there.buffer(message["sizes"][0]) == f"{name}-{count}".encode() * 1000
        counts.setdefault(name, []).append(count)
    for thread in threads:
        thread.join()
    assert counts == {name: list(range(50)) for name in range(8)}


def test_nobody_speaks_between_a_question_and_its_answer(pair: tuple[Channel, Channel]) -> None:
    here, there = pair
    asked, chatted = threading.Event(), threading.Event()
    heard: list[str] = []

    def answer() -> None:
        heard.append(there.receive()["say"])
        asked.set()
        chatter.start()
        there.send({"answer": 42})
        heard.append(there.receive()["say"])

    def chat() -> None:
        here.send({"say": "chat"})
        chatted.set()

    def then(message: dict[str, int]) -> int:
        assert asked.wait(10)
        assert not chatted.wait(0.05)
        return message["answer"]

    chatter = threading.Thread(target=chat)
    answerer = threading.Thread(target=answer)
    answerer.start()
    assert here.ask({"say": "question"}, then) == 42
    answerer.join(10)
    chatter.join(10)
    assert heard == ["question", "chat"]


def test_after_a_hang_up_what_has_arrived_is_still_read(pair: tuple[Channel, Channel]) -> None:
    here, there = pair
    with os.fdopen(os.dup(here._connection.fileno()), "wb"):  # as a child of the worker's holds it open
        here.send({"say": "last"}, [b"word"])
        here.close()
        there.hang_up()
        assert there.receive()["say"] == "last"
        assert there.buffer(4) == b"word"
        with pytest.raises(EOFError):
            there.receive()


def test_hanging_up_a_closed_channel_does_no_harm(pair: tuple[Channel, Channel]) -> None:
    here, _ = pair
    here.close()
    here.hang_up()


def test_forked_processes_take_turns_with_large_messages() -> None:
    script = """
import os, sys
from foundations_runner.channel import Channel
channel = Channel.of(int(sys.argv[1]))
children = []
for child in range(3):
    pid = os.fork()
    if pid == 0:
        for number in range(20):
            channel.send({"from": child, "text": "x" * 300_000})
        os._exit(0)
    children.append(pid)
for number in range(20):
    channel.send({"from": 3}, [b"y" * 300_000])
for pid in children:
    os.waitpid(pid, 0)
"""
    ours, theirs = socket.socketpair()
    with theirs:
        sender = subprocess.Popen([sys.executable, "-c", script, str(theirs.fileno())], pass_fds=[theirs.fileno()])
    receiver = Channel.of(ours.detach())
    seen = []
    for _ in range(80):
        message = receiver.receive()
        seen.append(message["from"])
        for size in message.get("sizes", ()):
            assert receiver.buffer(size) == b"y" * 300_000
    assert sender.wait() == 0
    assert Counter(seen) == {0: 20, 1: 20, 2: 20, 3: 20}


class Wanted(BaseException):
    pass


def test_a_thread_gets_what_it_shall_raise_when_its_message_is_whole(pair: tuple[Channel, Channel]) -> None:
    here, there = pair
    raised = []

    def send() -> None:
        try:
            here.send({"say": "value"}, [bytes(CHUNK)])  # more than the socket takes at once
        except Wanted as error:
            raised.append(error)

    sender = threading.Thread(target=send)
    sender.start()
    (size,) = there.receive()["sizes"]
    assert sender.ident in here.speaking
    here.speaking[sender.ident] = Wanted
    assert len(there.buffer(size)) == CHUNK
    sender.join()
    assert raised
    assert here.speaking == {}
    here.send({"say": "next"})
    assert there.receive() == {"say": "next"}


def test_a_channel_needs_no_folder_for_temporary_files_and_leaves_no_file_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/nowhere")
    before = set(Path("/proc/self/fd").iterdir())
    ours, theirs = socket.socketpair()
    for channel in (Channel.of(ours.detach()), Channel.of(theirs.detach())):
        channel.close()
    assert set(Path("/proc/self/fd").iterdir()) == before
    with pytest.raises(OSError, match="closed"):
        channel.send({"say": "too late"})


def test_a_forked_process_that_is_ended_in_a_message_says_it_to_the_end(pair: tuple[Channel, Channel]) -> None:
    here, there = pair
    child = os.fork()
    if child == 0:
        here.send({"say": "value"}, [bytes(CHUNK)])  # more than the socket takes at once
        signal.pause()
    (size,) = there.receive()["sizes"]
    os.kill(child, signal.SIGTERM)
    here_says = threading.Thread(target=here.send, args=({"say": "next"},))
    here_says.start()
    assert len(there.buffer(size)) == CHUNK
    assert there.receive() == {"say": "next"}
    here_says.join()
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == -signal.SIGTERM
