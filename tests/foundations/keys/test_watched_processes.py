import hashlib
import multiprocessing
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from foundations.keys.observed import still_holds

from .conftest import See


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def forked(function: Callable[[], Any]) -> int:
    """Run something in a forked process, which ends by itself or is dead at once."""
    process = os.fork()
    if process == 0:
        try:
            function()
        finally:
            os._exit(0)
    return os.waitpid(process, 0)[1]


def read_all(name: str) -> None:
    Path(name).read_text()
    os.environ.get("OBSERVED_IN_CHILD")
    os.path.exists("absent")


def test_what_a_forked_process_reads_counts(root: Path, see: See) -> None:
    (root / "a").write_text("1")
    observed = see(lambda: forked(lambda: read_all("a")))
    assert observed.files == {"a": sha(b"1"), "absent": None}
    assert observed.variables == {"OBSERVED_IN_CHILD": None}
    (root / "a").write_text("2")
    assert still_holds(observed, root=root) == "file a changed"


def test_what_a_process_read_before_it_was_killed_counts(root: Path, see: See) -> None:
    (root / "a").write_text("1")

    def dying() -> None:
        read_all("a")
        os.kill(os.getpid(), 9)

    assert see(lambda: forked(dying)).files["a"] == sha(b"1")


def test_a_process_that_closes_all_files_is_still_heard(root: Path, see: See) -> None:
    (root / "a").write_text("1")

    def daemon() -> None:
        os.closerange(3, 1000)
        forked(lambda: read_all("a"))

    assert see(lambda: forked(daemon)).files["a"] == sha(b"1")


def test_a_process_that_outlives_its_stage_has_nobody_to_tell(root: Path, see: See) -> None:
    (root / "a").write_text("1")
    receiving, sending = os.pipe()
    answer, answering = os.pipe()

    def late() -> None:
        os.read(receiving, 1)
        read_all("a")
        os.write(answering, b"done")

    def stage() -> None:
        if os.fork() == 0:
            try:
                late()
            finally:
                os._exit(0)

    observed = see(stage)
    os.write(sending, b"x")
    assert os.read(answer, 10) == b"done"
    assert observed.files == {}
    os.wait()
    for descriptor in (receiving, sending, answer, answering):
        os.close(descriptor)


def test_what_a_child_writes_is_the_stages_own(root: Path, see: See) -> None:
    def stage() -> None:
        forked(lambda: Path("made").write_text("1"))
        Path("made").read_text()

    observed = see(stage)
    assert observed.files == {}
    assert observed.wrote == ("made",)


def test_pools_of_forked_processes(root: Path, see: See) -> None:
    for name in ("a", "b", "c"):
        (root / name).write_text(name)
    context = multiprocessing.get_context("fork")

    def stage() -> None:
        with context.Pool(2) as pool:
            pool.map(read_all, ["a"])
        with ProcessPoolExecutor(1, mp_context=context) as executor:
            executor.submit(read_all, "b").result()
        process = context.Process(target=read_all, args=("c",))
        process.start()
        process.join()

    assert see(stage).files == {"a": sha(b"a"), "absent": None, "b": sha(b"b"), "c": sha(b"c")}


def test_nothing_of_it_is_left_behind(root: Path, see: See, monkeypatch: pytest.MonkeyPatch) -> None:
    import tempfile

    (root / "a").write_text("1")
    see(lambda: forked(lambda: read_all("a")))
    assert not list(Path(tempfile.gettempdir()).glob(f"foundations-observed-{os.getpid()}-*"))


def test_a_fork_in_one_thread_while_others_read(root: Path, see: See) -> None:
    (root / "a").write_text("1")
    stop = threading.Event()

    def busy() -> None:
        while not stop.is_set():
            Path("a").read_text()
            os.environ.get("HOME")

    def stage() -> None:
        thread = threading.Thread(target=busy)
        thread.start()
        try:
            for _ in range(10):
                assert forked(lambda: read_all("a")) == 0
        finally:
            stop.set()
            thread.join()

    assert see(stage).files["a"] == sha(b"1")


def test_a_program_is_told_of_and_the_files_that_it_is_given_count(root: Path, see: See) -> None:
    (root / "script.py").write_text("print(open('input').read())")
    (root / "input").write_text("1")
    (root / "option").write_text("1")

    def stage() -> None:
        subprocess.run([sys.executable, "script.py", "input", "--file=option"], check=True, stdout=subprocess.DEVNULL)

    observed = see(stage)
    assert set(observed.files) == {"script.py", "input", "option"}
    assert observed.processes == (sys.executable,)
    (root / "script.py").write_text("print(2)")
    assert still_holds(observed, root=root) == "file script.py changed"


@pytest.mark.parametrize(
    "run",
    [
        lambda: os.system("cat 'in put' | wc -l > /dev/null"),
        lambda: subprocess.run("cat 'in put'", shell=True, check=True, stdout=subprocess.DEVNULL),
        lambda: subprocess.run([b"/bin/cat", os.fsencode("in put")], check=True, stdout=subprocess.DEVNULL),
        lambda: subprocess.run(["cat", Path("in put")], check=True, stdout=subprocess.DEVNULL),
        lambda: os.waitpid(os.posix_spawn("/bin/test", ["test", "-f", "in put"], {}), 0),
        lambda: os.spawnv(os.P_WAIT, "/bin/test", ["test", "-f", "in put"]),
        lambda: forked(lambda: os.execv("/bin/test", ["test", "-f", "in put"])),
    ],
)
def test_every_way_to_start_a_program(root: Path, see: See, run: Callable[[], Any]) -> None:
    (root / "in put").write_text("1")
    observed = see(run)
    assert observed.files == {"in put": sha(b"1")}
    assert observed.processes


def test_a_program_in_another_folder(root: Path, see: See) -> None:
    (root / "sub").mkdir()
    (root / "sub" / "a").write_text("1")
    observed = see(lambda: subprocess.run(["cat", "a"], cwd="sub", check=True, stdout=subprocess.DEVNULL))
    assert observed.files == {"sub/a": sha(b"1")}


def test_a_file_that_a_program_writes_again_holds_as_it_was_and_as_it_is(root: Path, see: See) -> None:
    (root / "out").write_text("1")
    observed = see(lambda: os.system("sh -c 'echo 2 > $0' out"))
    assert not observed.spoiled
    assert still_holds(observed, root=root) is None
    (root / "out").write_text("1")
    assert still_holds(observed, root=root) is None
    (root / "out").write_text("3")
    assert still_holds(observed, root=root) == "file out changed"


def test_a_command_line_of_anything(see: See) -> None:
    def stage() -> None:
        for words in (["true", "a\0b"], ["true", "'unclosed"], ["true", "x" * 10_000]):
            try:
                subprocess.run(words, check=True)
            except ValueError:
                assert "\0" in words[1]

    assert not see(stage).spoiled


def test_processes_that_multiprocessing_spawns_are_told_of(see: See) -> None:
    def stage() -> None:
        process = multiprocessing.get_context("spawn").Process(target=os.getpid)
        process.start()
        process.join()

    assert see(stage).processes


def test_whom_a_stage_talks_to_is_told(see: See, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as local:
        port = server.getsockname()[1]
        local.bind(str(tmp_path / "s"))
        local.listen()

        def stage() -> None:
            socket.create_connection(("127.0.0.1", port)).close()
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(tmp_path / "s"))

        observed = see(stage)
    assert observed.network == (str(tmp_path / "s"), f"127.0.0.1:{port}")
    assert not observed.spoiled
