"""What a terminal shows of a job."""

import io
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from foundations.board import seconds_text
from foundations.progress import Progress
from foundations_archive.records import JobSpec, StageSpec, Value

Output = pytest.CaptureFixture[str]


def spec(*names: str) -> JobSpec:
    return JobSpec(
        job_id="the-job",
        project="demo",
        user="me",
        created=0.0,
        target="",
        stages=tuple(StageSpec(f"id of {name}", name, f"models:{name}") for name in names),
        graph=Value("pickle5"),
        bundle="",
        paths=(),
        directory=".",
        python="3.11",
        environment="local",
    )


def ended(**fields: Any) -> dict[str, Any]:
    return {"event": "stage ended", "stage": "id of load", "status": "succeeded", "seconds": 0.25, **fields}


def test_the_jobs_log_goes_where_the_job_wrote_it(capsys: Output) -> None:
    progress = Progress()
    for stream, text in (("stdout", "one"), ("stderr", "two"), ("error", "the driver raises this"), ("stdout", "")):
        progress.event({"event": "log", "stream": stream, "text": text})
    assert capsys.readouterr() == ("one\n\n", "two\n")


def test_our_own_lines_say_which_job_it_is_and_what_becomes_of_its_stages(capsys: Output) -> None:
    progress = Progress()
    progress.begin(spec("load", "train"))
    progress.event(ended())
    progress.event(ended(stage="id of train", status="cached", seconds=1.5, cached_from="another-job"))
    progress.event(ended(stage="not in the spec", status="failed", seconds=61))
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "foundations: job the-job of project demo, 2 stages, environment local",
        "foundations: stage load succeeded in 250.0 ms",
        "foundations: stage train served from the cache in 1.50 s, computed by job another-job",
        "foundations: stage not in the spec failed in 61.00 s",
    ]


def test_one_stage_is_not_called_stages(capsys: Output) -> None:
    Progress().begin(spec("load"))
    assert ", 1 stage, " in capsys.readouterr().err


def test_the_end_says_state_and_time(capsys: Output) -> None:
    Progress().event({"event": "job ended", "state": "Completed"})
    assert capsys.readouterr().err.startswith("foundations: job Completed in 0.0")


@pytest.mark.parametrize("kind", ["job started", "metric", "of a later version"])
def test_other_events_are_not_shown(capsys: Output, kind: str) -> None:
    Progress().event({"event": kind})
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("level", "shown"), [("DEBUG", True), ("INFO", True), ("WARNING", False), ("ERROR", False)])
def test_a_log_level_above_info_leaves_our_lines_out_and_the_users_in(capsys: Output, level: str, shown: bool) -> None:
    progress = Progress(level=level)
    progress.say("ours")
    progress.event(ended(unserializable="lock: cannot pickle"))
    progress.event({"event": "log", "stream": "stderr", "text": "the user's"})
    said = capsys.readouterr().err
    assert ("foundations: ours" in said) == shown
    assert "the user's\n" in said
    assert "foundations: warning: the result of stage" in said
    assert "can't be kept, it can't be serialized: lock: cannot pickle" in said


def test_a_result_that_can_not_be_kept_nor_cached_is_told_with_a_way_out(capsys: Output) -> None:
    progress = Progress()
    progress.event(ended(unserializable="generator: cannot pickle it", cache_key="k"))
    progress.event(ended(unserializable="lock: cannot pickle it"))
    one, other = capsys.readouterr().err.splitlines()[::2]
    assert "can't be kept, nor cached, it can't" in one
    assert one.endswith("generator: cannot pickle it; go on with .stage(list)")
    assert "cached" not in other
    assert other.endswith("lock: cannot pickle it; return what can be pickled")


def test_few_stages_get_a_line_each(capsys: Output) -> None:
    names = [f"s{number}" for number in range(50)]
    progress = Progress()
    progress.begin(spec(*names))
    for name in names:
        progress.event(ended(stage=f"id of {name}", seconds=0.001))
    assert capsys.readouterr().err.splitlines()[1:] == [
        f"foundations: stage {name} succeeded in 1.0 ms" for name in names
    ]


def test_many_stages_get_a_line_a_second_and_one_for_each_that_failed_or_was_slow(
    capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr(time, "perf_counter", lambda: now)
    names = [f"s{number}" for number in range(10_000)]
    progress = Progress()
    progress.begin(spec(*names))
    for number, name in enumerate(names):
        now = number / 4000
        status = {17: "failed"}.get(number, "cached" if number % 10 == 0 else "succeeded")
        seconds = 6.5 if number == 18 else 0.001
        progress.event({"event": "stage started", "stage": f"id of {name}"})
        progress.event(ended(stage=f"id of {name}", status=status, seconds=seconds, cached_from="another-job"))
    progress.event({"event": "job ended", "state": "Failed"})
    assert capsys.readouterr().err.splitlines()[1:] == [
        "foundations: stage s17 failed in 1.0 ms",
        "foundations: stage s18 succeeded in 6.50 s",
        "foundations: 4001 of 10000 stages done, 401 cached, 1 failed, 0:01",
        "foundations: 8001 of 10000 stages done, 801 cached, 1 failed, 0:02",
        "foundations: job Failed in 2.50 s, stages: 8999 succeeded, 1 failed, 1000 cached",
    ]


def test_a_quiet_level_says_nothing_of_many_stages(capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(time, "perf_counter", lambda: now)
    names = [f"s{number}" for number in range(100)]
    progress = Progress(level="WARNING")
    progress.begin(spec(*names))
    for name in names:
        now += 1
        progress.event(ended(stage=f"id of {name}"))
    progress.event({"event": "job ended", "state": "Completed"})
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("Traceback ...\n  File ...\nOSError: no network\n", "OSError: no network"),
        ("", "no reason is known"),
        (None, "no reason is known"),
    ],
)
def test_a_stage_that_is_retried_is_a_warning(capsys: Output, error: str | None, reason: str) -> None:
    progress = Progress(level="ERROR")
    progress.begin(spec("load"))
    progress.event({"event": "stage retried", "stage": "id of load", "attempt": 2, "error": error})
    warning = f"foundations: warning: stage load failed at attempt 2 and is retried: {reason}\n"
    assert capsys.readouterr().err == warning


def test_the_log_in_a_pipe_names_no_stages(capsys: Output) -> None:
    progress = Progress()
    progress.begin(spec("load", "train"))
    for name in ("load", "train"):
        progress.event({"event": "stage started", "stage": f"id of {name}"})
    progress.event({"event": "log", "stream": "stdout", "text": "exactly this", "stage": "id of load"})
    assert capsys.readouterr().out == "exactly this\n"


def test_the_build_of_an_image_is_told_line_by_line_in_a_pipe(capsys: Output) -> None:
    progress = Progress()
    progress.building("step 1")
    progress.building("step 2")
    assert capsys.readouterr().err == "foundations: step 1\nfoundations: step 2\n"


def test_a_line_comes_in_one_piece_however_many_threads_write(capsys: Output) -> None:
    progress = Progress()
    lines = [str(number) * 50 for number in range(2000)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda text: progress.event({"event": "log", "stream": "stdout", "text": text}), lines))
    assert sorted(capsys.readouterr().out.splitlines()) == sorted(lines)


def test_a_program_without_a_console_runs_its_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    with Progress() as progress:
        progress.begin(spec("load"))
        progress.event({"event": "log", "stream": "stdout", "text": "unheard"})


def test_a_terminal_that_knows_few_letters_gets_the_rest_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
    Progress().event({"event": "log", "stream": "stdout", "text": "grüße 🎉"})
    assert written.getvalue() == b"gr\\xfc\\xdfe \\U0001f389\n"


def test_a_log_with_half_a_character_is_shown(capsys: Output) -> None:
    Progress().event({"event": "log", "stream": "stdout", "text": "\\xff"})
    assert capsys.readouterr().out == "\\xff\n"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0.0 ms"),
        (0.0004, "0.4 ms"),
        (0.25, "250.0 ms"),
        (1.0, "1.00 s"),
        (59.999, "60.00 s"),
        (3600, "3600.00 s"),
    ],
)
def test_a_duration_has_a_unit_that_fits_it(seconds: float, text: str) -> None:
    assert seconds_text(seconds) == text


class Gone(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_terminal_that_has_gone_stops_nothing(monkeypatch: pytest.MonkeyPatch, stream: str) -> None:
    closed = io.StringIO()
    closed.close()
    for gone in (Gone(), closed):
        monkeypatch.setattr(sys, stream, gone)
        Progress().begin(spec("load"))
        Progress().event({"event": "log", "stream": stream, "text": "unheard"})
