"""What a notebook shows of a job, from a real kernel: every message that it sends to the frontend."""

import json
from typing import Any

import pytest

from foundations.board import Board
from foundations.notebook_view import bundle_of

MODEL = """
    import sys
    import time

    def load(path):
        print("loading", path)
        print("an error line", file=sys.stderr)
        time.sleep(1.2)
        return path

    def fail(path):
        raise ValueError("the model is wrong")
"""

RUN = """
import foundations, model
deployment = foundations.create_stage(model.load)("a<b.csv").run(job_name="in-a-notebook")
print("the cell goes on")
"""

FAIL = """
foundations.create_stage(model.fail)("x").run(job_name="failing")
"""

SEARCH = """
from foundations.search_progress import SearchProgress
with SearchProgress() as progress:
    progress.begin(2)
    for number in (1, 2):
        job = progress.job(f"job-{number}", {"rate": number / 10})
        job.event({"event": "job started"})
        job.event({"event": "log", "stream": "stdout", "text": "said"})
        progress.ended(f"job-{number}", "Completed", {"accuracy": [0.5, 0.75]})
"""

# prints every message that a cell has sent, as a line of JSON: the kernel's client is noisy about what it uses itself
CLIENT = """
import json, sys
from jupyter_client.manager import start_new_kernel

manager, client = start_new_kernel(cwd=sys.argv[1])
try:
    for cell in sys.argv[2:]:
        heard = []
        client.execute_interactive(cell, timeout=60, output_hook=heard.append)
        print(json.dumps([[one["msg_type"], one["content"]] for one in heard]))
finally:
    client.stop_channels()
    manager.shutdown_kernel(now=True)
"""

Messages = list[tuple[str, dict[str, Any]]]


@pytest.fixture(scope="module")
def cells(make_project: Any) -> list[Messages]:
    project = make_project("notebook")
    project.write("model.py", MODEL)
    project.write("client.py", CLIENT)
    ended = project.python("client.py", str(project.root), RUN, FAIL, SEARCH)
    assert ended.returncode == 0, ended.stderr
    return [json.loads(line) for line in ended.stdout.splitlines()]


def streamed(messages: Messages, name: str) -> str:
    return "".join(content["text"] for kind, content in messages if kind == "stream" and content["name"] == name)


def displays(messages: Messages) -> list[dict[str, str]]:
    """Every state of the cell's only display, the last one is what stays."""
    first, *updates = [(kind, content) for kind, content in messages if kind in ("display_data", "update_display_data")]
    assert first[0] == "display_data"
    assert {kind for kind, _ in updates} == {"update_display_data"}
    assert len({content["transient"]["display_id"] for _, content in (first, *updates)}) == 1
    return [content["data"] for _, content in (first, *updates)]


def test_the_users_lines_are_the_cells_output(cells: list[Messages]) -> None:
    assert streamed(cells[0], "stdout") == "loading a<b.csv\nthe cell goes on\n"
    assert streamed(cells[0], "stderr") == "an error line\n"


def test_one_display_changes_in_place_and_ends_with_the_state(cells: list[Messages]) -> None:
    states = displays(cells[0])
    assert any("0 of 1 stage done" in state["text/plain"] for state in states)
    assert any("running: load" in state["text/plain"] for state in states)
    assert any("<progress max=" in state["text/html"] for state in states)
    assert "job Completed in" in states[-1]["text/plain"].splitlines()[-1]
    assert "stages: 1 succeeded" in states[-1]["text/html"]
    assert "<progress" not in states[-1]["text/html"]


def test_no_cell_gets_control_characters(cells: list[Messages]) -> None:
    for messages in cells[::2]:
        assert not any("\x1b" in str(content) for kind, content in messages if kind != "error")


def test_a_failed_job_is_an_error_of_its_cell_and_its_display_says_so(cells: list[Messages]) -> None:
    assert "job Failed in" in displays(cells[1])[-1]["text/plain"]
    [error] = [content for kind, content in cells[1] if kind == "error"]
    assert error["ename"] == "JobFailedError"
    assert "the model is wrong" in error["evalue"]


def test_a_search_is_a_table_with_a_row_for_each_job(cells: list[Messages]) -> None:
    assert streamed(cells[2], "stdout") == "[1] said\n[2] said\n"
    html = displays(cells[2])[-1]["text/html"]
    assert html.count("<tr>") == 3
    assert "<td>rate=0.1</td><td>Completed</td>" in html
    assert "<td>accuracy=0.75 (last of 2)</td>" in html
    assert "2 completed in" in html


def test_names_are_no_markup() -> None:
    board = Board("stages", total=2, detail="running: <b>load</b>\x1b[2J", table=(("<i>",), ("&",)))
    bundle = bundle_of(board, ("a & <script>",), ended=False)
    assert "<script>" not in bundle["text/html"]
    assert "a &amp; &lt;script&gt;" in bundle["text/html"]
    assert "running: &lt;b&gt;load&lt;/b&gt;\ufffd[2J" in bundle["text/html"]
    assert "<td>&lt;i&gt;</td>" in bundle["text/html"]
    assert bundle["text/plain"].splitlines()[-1] == "running: <b>load</b>\ufffd[2J"


def test_a_long_table_keeps_its_newest_rows() -> None:
    rows = tuple((f"row {number}",) for number in range(1000))
    text = bundle_of(Board("jobs", table=(("head",), *rows)), (), ended=True)["text/plain"].splitlines()
    assert text[0] == "head"
    assert text[1] == "row 900"
    assert text[-1] == "row 999"
