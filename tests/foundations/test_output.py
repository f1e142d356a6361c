"""What a worker prints carries the stage that printed it."""

import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from foundations import current
from foundations.stage_threads import threads_belong_to_their_stage

SCRIPT = """
import os, sys, threading
from foundations import current
from foundations.output import Output
from foundations.stage_threads import threads_belong_to_their_stage

threads_belong_to_their_stage()
output = Output("abc", {"one": 0, "two": 1})
"""


def run(code: str) -> tuple[bytes, bytes]:
    done = subprocess.run([sys.executable, "-c", SCRIPT + code], capture_output=True, check=True)
    return done.stdout, done.stderr


def test_each_piece_has_the_mark_of_the_stage_that_wrote_it() -> None:
    out, error = run("""
print("nobody")
with current.running("one"):
    sys.stdout.write("first")
    print("!", file=sys.stderr)
with current.running("two"):
    sys.stdout.buffer.write(b"second")
""")
    assert out == b"\x1eabc:\x1fnobody\x1eabc:\x1f\n\x1eabc:0\x1ffirst\x1eabc:1\x1fsecond"
    assert error == b"\x1eabc:0\x1f!\x1eabc:0\x1f\n"


def test_the_beginning_and_end_of_a_stage_are_marked_for_what_passes_by_python() -> None:
    out, _ = run("""
output.begin("two")
os.system("echo from a child")
output.end("two")
output.begin("one")
with current.running("one"):
    sys.stdout.write("no newline")
output.end("one")
""")
    assert out == b"\x1eabc:1\x1ffrom a child\n\x1eabc:0\x1f\x1eabc:0\x1fno newline\x1eabc:0.\x1f"


def test_long_text_is_written_in_pieces_that_arrive_whole() -> None:
    out, _ = run("""
with current.running("one"):
    sys.stdout.write("x" * 10_000)
""")
    pieces = out.split(b"\x1eabc:0\x1f")[1:]
    assert b"".join(pieces) == b"x" * 10_000
    assert all(len(piece) + len(b"\x1eabc:0\x1f") <= 4096 for piece in pieces)


def test_the_streams_are_still_what_programs_expect() -> None:
    out, _ = run("""
assert sys.stdout.fileno() == 1 and sys.stderr.fileno() == 2
assert not sys.stdout.isatty() and sys.stdout.writable()
assert sys.stdout.encoding == "utf-8" or sys.flags.utf8_mode == 0
import contextlib, io, logging, subprocess
with contextlib.redirect_stdout(io.StringIO()) as kept:
    print("kept")
assert kept.getvalue() == "kept\\n"
with current.running("one"):
    subprocess.run(["echo", "program"], stdout=sys.stdout, check=True)
    print("unencodable: \\udcff", end="", flush=True)
""")
    assert out.startswith(b"program\n\x1eabc:0\x1f")


def in_a_thread(work: Callable[[], None]) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def in_a_pool(work: Callable[[], None]) -> None:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(work).result()


@pytest.fixture
def inheriting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading.Thread, "start", threading.Thread.start)
    monkeypatch.setattr(ThreadPoolExecutor, "submit", ThreadPoolExecutor.submit)
    threads_belong_to_their_stage()


@pytest.mark.usefixtures("inheriting")
@pytest.mark.parametrize("do", [in_a_thread, in_a_pool])
def test_a_thread_belongs_to_the_stage_that_started_it(do: Callable[[Callable[[], None]], None]) -> None:
    seen: list[str | None] = []
    with current.running("other"), current.running("mine"):
        do(lambda: seen.append(current.stage()))
        do(lambda: do(lambda: seen.append(current.stage())))
    assert seen == ["mine", "mine"]


@pytest.mark.usefixtures("inheriting")
def test_tasks_of_one_pool_belong_each_to_the_stage_that_submitted_it() -> None:
    with ThreadPoolExecutor(1) as pool:
        with current.running("one"):
            first = pool.submit(current.stage)
        with current.running("two"):
            second = pool.submit(current.stage)
    assert (first.result(), second.result()) == ("one", "two")


@pytest.mark.usefixtures("inheriting")
def test_subclasses_of_thread_and_their_errors_are_as_before() -> None:
    class Own(threading.Thread):
        def run(self) -> None:
            seen.append((current.stage(), self.name))

    seen: list[object] = []
    with current.running("mine"):
        thread = Own(name="own")
        thread.start()
        thread.join()
        with pytest.raises(RuntimeError, match="threads can only be started once"):
            thread.start()
    assert seen == [("mine", "own")]


def test_a_thread_that_nobody_knows_belongs_to_the_only_stage_that_runs() -> None:
    seen: list[str | None] = []
    look = threading.Thread(target=lambda: seen.append(current.stage()))
    with current.running("alone"):
        look.start()
        look.join()
    assert seen == ["alone"]


def test_what_is_diverted_into_a_file_has_no_marks_in_it(tmp_path: Path) -> None:
    file = tmp_path / "captured"
    out, _ = run(f"""
with current.running("one"):
    keep = os.dup(1)
    with open({str(file)!r}, "wb") as captured:
        os.dup2(captured.fileno(), 1)
        output.begin("two")
        sys.stdout.write("in the file")
        output.end("one")
        os.dup2(keep, 1)
    print("and back")
""")
    assert file.read_bytes() == b"in the file"
    assert out == b"\x1eabc:1\x1f\x1eabc:0\x1fand back\x1eabc:0\x1f\n"


def test_a_stage_that_closes_its_output_harms_no_stage_behind_it() -> None:
    out, _ = run("""
with current.running("one"):
    os.close(1)
    try:
        print("into nothing")
    except OSError as error:
        assert error.errno == 9
output.end("one")
output.begin("two")
""")
    assert out == b"\x1eabc:1\x1f"
