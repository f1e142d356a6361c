"""What is shown of a search: rows of jobs that have ended, logs with the number of their job, a display of all."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from foundations.search_progress import SearchProgress
from tests.foundations.test_display import bottom, on_terminal, shown_by
from tests.foundations.test_progress import ended, spec

Output = pytest.CaptureFixture[str]


def log(text: str, stream: str = "stdout") -> dict[str, Any]:
    return {"event": "log", "stream": stream, "text": text}


def without_times(text: str) -> list[str]:
    return [re.sub(r"\d+\.\d+ m?s", "TIME", line) for line in text.splitlines()]


def test_the_log_of_a_job_has_its_number_before_each_line_in_a_pipe_too(capsys: Output) -> None:
    search = SearchProgress()
    search.begin(12)
    jobs = [search.job(f"job {number}", {}) for number in range(12)]
    jobs[0].event(log("first"))
    jobs[11].event(log("last"))
    jobs[1].event(log("wrong", "stderr"))
    jobs[1].event(log("a traceback, which is the job's error", "error"))
    out, err = capsys.readouterr()
    assert out == "[ 1] first\n[12] last\n"
    assert err == "[ 2] wrong\n"


def test_a_job_that_has_ended_is_a_row(capsys: Output) -> None:
    with SearchProgress() as search:
        search.begin(3)
        for job_id, rate in (("job-a", 0.1), ("job-bb", 0.25), ("job-c", 1 / 3)):
            search.job(job_id, {"rate": rate, "name": "x"})
        search.ended("job-bb", "Completed", {"accuracy": [0.5, 0.75], "note": "good"})
        search.ended("job-a", "Cancelled", {})
        search.ended("job-c", "Completed", {"accuracy": 1})
    assert without_times(capsys.readouterr().err) == [
        "foundations: [2] rate=0.25, name=x  Completed  TIME  job-bb  accuracy=0.75 (last of 2), note=good",
        "foundations: [1] rate=0.1, name=x   Cancelled  TIME  job-a",
        "foundations: [3] rate=0.333333, name=x  Completed  TIME  job-c   accuracy=1",
        "foundations: 2 completed, 1 cancelled in TIME",
    ]


def test_a_failed_job_says_why(capsys: Output) -> None:
    search = SearchProgress()
    job = search.job("bad", {"rate": 1})
    for line in ("Traceback (most recent call last):", "ValueError: too high", ""):
        job.event(log(line, "error"))
    search.ended("bad", "Failed", {"loss": 2})
    row = "foundations: [1] rate=1  Failed  TIME  bad  loss=2; ValueError: too high"
    assert without_times(capsys.readouterr().err) == [row]


def test_a_job_that_never_started_is_a_row_too(capsys: Output) -> None:
    search = SearchProgress()
    search.ended("unheard of", "Failed", {})
    assert "Failed" in capsys.readouterr().err


def test_a_quiet_search_shows_logs_and_warnings_only(capsys: Output) -> None:
    with SearchProgress(level="WARNING") as search:
        search.begin(1)
        job = search.job("one", {})
        job.begin(spec("load"))
        search.say("ours")
        search.building("a step")
        job.event({"event": "job started"})
        job.event(log("the user's"))
        job.event({"event": "stage retried", "stage": "id of load", "attempt": 1, "error": "OSError: gone"})
        job.event(ended(unserializable="a lock"))
        search.ended("one", "Completed", {})
    out, err = capsys.readouterr()
    assert out == "[1] the user's\n"
    lost = "the result of stage load can't be kept, it can't be serialized: a lock; return what can be pickled"
    assert err.splitlines() == [
        "foundations: warning: [1] stage load failed at attempt 1 and is retried: OSError: gone",
        f"foundations: warning: [1] {lost}",
    ]


class Unspeakable:
    def __repr__(self) -> str:
        raise RuntimeError


def test_any_parameter_and_metric_can_be_shown(capsys: Output) -> None:
    search = SearchProgress()
    search.job("odd", {"layers": [64] * 1000, "model": Unspeakable(), "name": "a\nb\x1b[2J", "none": None})
    search.ended("odd", "Completed", {"nothing": [], "nan": float("nan"), "matrix": [[1, 2], [3, 4]]})
    [line] = capsys.readouterr().err.splitlines()
    assert "layers=[64, 64, 64, 64, 64, 64, 64, 6 ..." in line
    assert "model=<Unspeakable, whose repr raise ..." in line
    assert "name=a\ufffdb\ufffd[2J, none=None" in line
    assert "nothing=[], nan=nan, matrix=[3, 4] (last of 2)" in line


def test_a_terminal_shows_how_many_jobs_are_done_and_run() -> None:
    with on_terminal(100) as terminal, SearchProgress() as search:
        search.begin(4)
        for number in range(1, 5):
            job = search.job(f"job-{number}", {"rate": number})
            if number < 4:
                job.event({"event": "job started"})
        search.ended("job-1", "Failed", {})
        counts = r"━.* 1 of 4 jobs done, 2 running, 1 failed, \d:\d\d"
        terminal.until(bottom(counts, r"  running: 2 \(rate=2\), 3 \(rate=3\)"))
        search.begin(40)
        terminal.until(lambda rows: any("1 of 40 jobs done" in row for row in rows))
        search.building("step 1 of an image")
        terminal.until(lambda rows: rows and rows[-1] == "  step 1 of an image")
        search.close()
        rows = shown_by(terminal)
        assert len(rows) == 2
        assert "[1] rate=1  Failed" in rows[0]
        assert rows[1].startswith("foundations: 1 failed in")


def test_a_search_without_an_end_in_sight_has_no_bar() -> None:
    with on_terminal() as terminal, SearchProgress() as search:
        search.begin()
        search.job("one", {})
        search.ended("one", "Completed", {})
        terminal.until(lambda rows: rows and rows[-1].startswith("jobs done: 1, 0:0"))


def test_jobs_may_be_told_of_from_threads_of_their_own(capsys: Output) -> None:
    count = 200
    together = threading.Barrier(8)
    with SearchProgress() as search:
        search.begin(count)

        def run(number: int) -> None:
            if number < 8:
                together.wait(60)
            job = search.job(f"job-{number}", {"number": number})
            job.event({"event": "job started"})
            for line in range(20):
                job.event(log(f"line {line} of job-{number}"))
            search.ended(f"job-{number}", "Completed", {"score": number})

        with ThreadPoolExecutor(8) as threads:
            list(threads.map(run, range(count)))
    out, err = capsys.readouterr()
    lines = [line.partition("] ")[2] for line in out.splitlines()]
    assert sorted(lines) == sorted(f"line {line} of job-{number}" for line in range(20) for number in range(count))
    assert len({re.search(r"\[ *(\d+)\]", line)[1] for line in err.splitlines()[:-1]}) == count  # type: ignore[index]
    assert err.splitlines()[-1].startswith("foundations: 200 completed in")
