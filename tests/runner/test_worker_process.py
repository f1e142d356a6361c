"""A worker's process: its log line by line, its end, and the children that outlive it."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from foundations_runner import worker_process
from foundations_runner.order import Order
from foundations_runner.runtime import Runtime
from foundations_runner.worker_process import WorkerProcess
from tests.runner.conftest import until

OnLine = Callable[[str, str], None]
Start = Callable[..., WorkerProcess]


@pytest.fixture
def lines() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def start(runtime: Runtime, tmp_path: Path, lines: list[tuple[str, str]]) -> Iterator[Start]:
    """Start a worker that runs a script; whatever it left behind is ended after the test."""
    started: list[WorkerProcess] = []

    def call(script: str, on_line: OnLine | None = None) -> WorkerProcess:
        order = Order("job", "", str(runtime.path), str(tmp_path), sys.executable, "scripted_worker:main")
        root = tmp_path / "model"
        root.mkdir()

        def record(stream: str, text: str) -> None:
            lines.append((stream, text))

        worker = WorkerProcess(
            order,
            root=root,
            working_directory=root,
            on_line=lambda stream, text, stage: (on_line or record)(stream, text),
        )
        started.append(worker)
        worker.channel.send({"say": "job"}, [script.encode()])
        return worker

    yield call
    for worker in started:
        worker.signal(signal.SIGKILL)
        with suppress(ChildProcessError):
            worker.wait()
        worker.drain()
        worker.channel.close()
        for stream in (worker._process.stdout, worker._process.stderr):
            if stream:
                stream.close()


def ended(worker: WorkerProcess) -> int:
    status = worker.wait()
    worker.drain()
    return status


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        (b"one\ntwo\n", ["one", "two"]),
        (b"no newline at the end", ["no newline at the end"]),
        (b"\n\n", ["", ""]),
        (b"10%\r20%\rdone\n", ["10%", "20%", "done"]),
        (b"dos\r\nlines\r\n", ["dos", "lines"]),
        ("naïve ünïcode ☃\n".encode(), ["naïve ünïcode ☃"]),
        (b"\xff\xfe not utf-8 \xc3\n", ["\\xff\\xfe not utf-8 \\xc3"]),
        (b"a\x00b\x1b[31mred\n", ["a\x00b\x1b[31mred"]),
        (b"", []),
    ],
    ids=["lines", "unended", "empty", "progress", "dos", "unicode", "bytes", "control", "nothing"],
)
def test_a_log_is_read_line_by_line(
    start: Start, lines: list[tuple[str, str]], written: bytes, seen: list[str]
) -> None:
    ended(start(f"import os; os.write(1, {written!r})"))
    assert lines == [("stdout", text) for text in seen]


def test_a_line_end_that_comes_in_two_pieces_is_one(start: Start, lines: list[tuple[str, str]]) -> None:
    worker = start("import os; os.write(1, b'one\\r'); channel.receive(); os.write(1, b'\\ntwo\\r\\n')")
    until(lambda: lines == [("stdout", "one")], what="the first line")
    worker.channel.send({})
    ended(worker)
    assert [text for _, text in lines] == ["one", "two"]


def test_a_line_is_there_before_the_next_one_begins(start: Start, lines: list[tuple[str, str]]) -> None:
    worker = start("print('50%', end='\\r', flush=True); channel.receive()")
    until(lambda: lines == [("stdout", "50%")], what="a line that ends with a carriage return")
    worker.channel.send({})
    ended(worker)


def test_a_line_of_any_length_comes_in_pieces_that_make_it_up(start: Start, lines: list[tuple[str, str]]) -> None:
    ended(start("print('x' * 300_000 + 'end')"))
    assert "".join(text for _, text in lines) == "x" * 300_000 + "end"
    assert max(len(text) for _, text in lines) <= 2 * 65536


def test_no_character_is_cut_where_a_long_line_is(start: Start, lines: list[tuple[str, str]]) -> None:
    ended(start("print('x' + '☃' * 100_000)"))
    assert "".join(text for _, text in lines) == "x" + "☃" * 100_000


def test_standard_error_is_told_apart(start: Start, lines: list[tuple[str, str]]) -> None:
    ended(start("import sys; print('out'); print('err', file=sys.stderr)"))
    assert sorted(lines) == [("stderr", "err"), ("stdout", "out")]


def test_the_wait_status_tells_how_a_worker_ended(start: Start) -> None:
    assert os.waitstatus_to_exitcode(ended(start("import os; os._exit(7)"))) == 7


@pytest.mark.parametrize("apart", [False, True])
def test_a_child_that_keeps_the_log_open_does_not_hold_up_the_end(
    start: Start, lines: list[tuple[str, str]], apart: bool
) -> None:
    worker = start(
        "import subprocess\n"
        f"child = subprocess.Popen(['sleep', '60'], start_new_session={apart})\n"
        "print(child.pid, flush=True)"
    )
    began = time.monotonic()
    ended(worker)
    assert time.monotonic() - began < 5
    child = int(lines[0][1])
    if apart:
        os.kill(child, signal.SIGKILL)
    until(lambda: not runs(child), what="the end of the child")


def test_a_child_that_writes_for_ever_does_not_hold_up_the_end(start: Start, lines: list[tuple[str, str]]) -> None:
    worker = start(
        "import subprocess\n"
        "child = subprocess.Popen(['yes'], start_new_session=True)\n"
        "import sys; print(child.pid, file=sys.stderr, flush=True)"
    )
    worker.wait()
    drainer = threading.Thread(target=worker.drain)
    drainer.start()
    drainer.join(20)
    pid = int(next(text for stream, text in lines if stream == "stderr"))
    os.kill(pid, signal.SIGKILL)
    assert not drainer.is_alive()


def test_lines_of_a_worker_that_has_gone_wait_for_a_slow_reader(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_process, "_DRAIN_SECONDS", 0.01)
    lines: list[str] = []
    go_on = threading.Event()

    def slow(stream: str, text: str) -> None:
        assert go_on.wait(20)
        lines.append(text)

    worker = start("for n in range(1000): print(n)", slow)
    worker.wait()
    drainer = threading.Thread(target=worker.drain)
    drainer.start()
    drainer.join(0.5)
    assert drainer.is_alive()
    go_on.set()
    drainer.join(20)
    assert lines == [str(n) for n in range(1000)]


def test_a_program_that_a_stage_starts_does_not_get_the_channel(start: Start, lines: list[tuple[str, str]]) -> None:
    ended(start("import os; os.system('ls -l /proc/self/fd')"))
    assert lines
    assert not [text for _, text in lines if "socket:" in text]


def test_the_worker_imports_nothing_of_the_couriers_libraries(start: Start, lines: list[tuple[str, str]]) -> None:
    ended(start("import sys; print(sorted(name for name in sys.modules if name.startswith('foundations_')))"))
    assert lines == [("stdout", "['foundations_runner', 'foundations_runner.channel', 'foundations_runner.ring']")]


def test_the_users_own_packages_come_before_ours(start: Start, lines: list[tuple[str, str]], runtime: Runtime) -> None:
    ended(start("import sys; print(sys.path[-1])\nprint(sys.path.count(sys.path[-1]))\nprint(sys.argv)"))
    assert [text for _, text in lines] == [
        str(runtime.path / "worker"),
        "1",
        repr([str(runtime.path / "start_worker.py")]),
    ]


def test_a_worker_does_not_outlive_its_courier(runtime: Runtime, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "courier.py").write_text(COURIER)
    arguments = [sys.executable, str(tmp_path / "courier.py"), str(runtime.path), str(tmp_path)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as courier:
        assert courier.stdout
        worker = int(courier.stdout.readline())
        courier.kill()
    until(lambda: not runs(worker), what="the end of the worker")


COURIER = """\
import sys
from pathlib import Path
from foundations_runner.order import Order
from foundations_runner.worker_process import WorkerProcess

order = Order("job", "", sys.argv[1], sys.argv[2], sys.executable, "scripted_worker:main")
root = Path(sys.argv[2], "model")
worker = WorkerProcess(order, root=root, working_directory=root, on_line=lambda *line: print(line[1], flush=True))
worker.channel.send({"say": "job"}, [b"import os, time; print(os.getpid(), flush=True); time.sleep(60)"])
worker.wait()
"""


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False
