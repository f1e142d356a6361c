"""The display below a job's lines, event by event, on a real pty and an emulator's screen."""

import io
import os
import re
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest

from foundations.progress import Progress
from tests.foundations.terminals import Terminal
from tests.foundations.test_progress import ended, spec


@contextmanager
def on_terminal(columns: int = 80, rows: int = 24, **environment: str) -> Iterator[Terminal]:
    with Terminal(columns, rows) as terminal, terminal.as_ours(**environment):
        yield terminal


def bottom(*patterns: str) -> Callable[[list[str]], object]:
    """Tell whether the last rows of a screen match."""
    count = len(patterns)
    return lambda rows: len(rows) >= count and all(map(re.fullmatch, patterns, rows[-count:]))


def shown_by(terminal: Terminal) -> list[str]:
    terminal.rest()
    return terminal.everything


def log(text: str, stage: str | None = None, stream: str = "stdout") -> dict[str, Any]:
    return {"event": "log", "stream": stream, "text": text, "stage": stage and f"id of {stage}"}


def started(name: str) -> dict[str, Any]:
    return {"event": "stage started", "stage": f"id of {name}"}


def done(name: str, status: str = "succeeded", **fields: Any) -> dict[str, Any]:
    return ended(stage=f"id of {name}", status=status, cached_from="another-job", **fields)


def test_it_counts_stages_and_names_those_that_run() -> None:
    with on_terminal() as terminal:
        progress = Progress()
        progress.begin(spec("load", "split", "train", "test"))
        for event in (
            done("load", "cached"),
            started("split"),
            done("split", "failed"),
            started("train"),
            started("test"),
        ):
            progress.event(event)
        terminal.until(bottom(r"━.* 2 of 4 stages done, 1 cached, 1 failed, \d:\d\d", "  running: train, test"))
        progress.close()
        assert "".join(shown_by(terminal)) == (
            "foundations: job the-job of project demo, 4 stages, environment local"
            "foundations: stage load served from the cache in 250.0 ms, computed by job another-job"
            "foundations: stage split failed in 250.0 ms"
        )


def test_stages_of_one_name_are_told_apart_by_their_place() -> None:
    with on_terminal() as terminal:
        progress = Progress()
        twice = spec("load", "train")
        stages = tuple(replace(stage, name="fit") for stage in twice.stages)
        progress.begin(replace(twice, stages=stages))
        progress.event(started("load"))
        progress.event(started("train"))
        terminal.until(lambda rows: rows and rows[-1] == "  running: fit#0, fit#1")
        progress.close()


def test_very_many_stages_that_run_at_once_are_not_all_named() -> None:
    with on_terminal() as terminal:
        names = [f"s{number}" for number in range(1000)]
        progress = Progress()
        progress.begin(spec(*names))
        for name in names:
            progress.event(started(name))
        terminal.until(lambda rows: rows and rows[-1] == "  running: s0, s1, s2, s3, s4, s5, s6, s7 and 992 more")
        progress.close()


def test_lines_of_stages_that_run_together_are_told_apart() -> None:
    with on_terminal() as terminal:
        progress = Progress()
        progress.begin(spec("load", "train"))
        for event in (
            started("load"),
            log("alone", "load"),
            started("train"),
            log("together", "load"),
            log("together", "train", "stderr"),
            log("of no stage"),
            done("train"),
            log("alone again", "load"),
        ):
            progress.event(event)
        progress.close()
        rows = [row for row in shown_by(terminal) if not row.startswith("foundations: ")]
        assert rows == ["alone", "load | together", "train | together", "of no stage", "alone again"]
        assert "\x1b[2mload | \x1b[0mtogether" in terminal.seen


def test_lines_are_shown_as_they_are() -> None:
    with on_terminal() as terminal:
        progress = Progress()
        progress.begin(spec("load"))
        for text in ("one", "", "  [bold]no markup[/bold] :smile:", "a\ttab", "\x1b[1mbold\x1b[0m", "w" * 100, ""):
            progress.event(log(text))
        progress.close()
        rows = shown_by(terminal)
        assert rows[1:5] == ["one", "", "  [bold]no markup[/bold] :smile:", "a       tab"]
        assert rows[5:] == ["bold", "w" * 80, "w" * 20]
        assert "\x1b[1mbold\x1b[0m\r\n" in terminal.seen
        assert "w" * 100 + "\r\n\r\n" in terminal.seen


def test_a_display_stays_while_nobody_reads_the_pipe_that_the_output_goes_to() -> None:
    reading, writing = os.pipe()
    with on_terminal() as terminal, os.fdopen(writing, "w") as pipe, patch.object(sys, "stdout", pipe):
        progress = Progress()
        progress.begin(spec("load"))
        progress.event(started("load"))
        terminal.until(lambda rows: rows and rows[-1] == "  running: load")
        for _ in range(100):
            progress.event(log("x" * 10_000))  # more than a pipe holds
        progress.say("held back, as the lines before it are")
        with os.fdopen(reading, "rb") as taken:
            assert taken.read(1) == b"x"
            terminal.until(lambda rows: rows and rows[-1] == "  running: load")
            assert taken.read(100 * 10_001 - 1) == ((b"x" * 10_000 + b"\n") * 100)[1:]
            progress.close()
        assert shown_by(terminal)[1:] == ["foundations: held back, as the lines before it are"]


def test_an_odd_name_moves_no_cursor() -> None:
    with on_terminal() as terminal:
        odd = "a\x1b[2J\nb[red]日本"
        progress = Progress()
        progress.begin(spec(odd))
        progress.event(started(odd))
        terminal.until(lambda rows: rows and rows[-1].replace(" ", "").endswith("running:a�[2J�b[red]日本"))
        progress.close()


def test_the_build_of_an_image_is_shown_by_its_last_line() -> None:
    with on_terminal() as terminal:
        progress = Progress()
        progress.begin(spec("load"))
        for number in range(100):
            progress.building(f"step {number}")
        terminal.until(bottom(r"preparing the image, \d:\d\d", "  step 99"))
        progress.say("image x built in 1 s")
        terminal.until(lambda rows: rows and "0 of 1 stage done" in rows[-1])
        progress.close()
        assert shown_by(terminal)[1:] == ["foundations: image x built in 1 s"]


def test_the_end_of_a_job_takes_it_down_and_lines_may_follow() -> None:
    with on_terminal() as terminal:
        progress = Progress()
        progress.begin(spec("load"))
        progress.event(done("load"))
        progress.event({"event": "job ended", "state": "Completed"})
        progress.say("said later")
        progress.close()
        progress.event(log("logged later"))
        rows = shown_by(terminal)
        assert re.fullmatch(r"foundations: job Completed in 0\.\d\d s, stages: 1 succeeded", rows[-3])
        assert rows[-2:] == ["foundations: said later", "logged later"]


def test_a_retried_stage_is_a_warning_with_the_last_line_of_its_error() -> None:
    with on_terminal() as terminal:
        progress = Progress(level="ERROR")
        progress.begin(spec("load"))
        error = "Traceback ...\n  File ...\nOSError: no network\n"
        progress.event({"event": "stage retried", "stage": "id of load", "attempt": 1, "error": error})
        warning = "foundations: warning: stage load failed at attempt 1 and is retried: OSError: no network"
        assert "".join(shown_by(terminal)) == warning


@pytest.mark.parametrize("columns", [1, 2, 5, 9, 25, 79, 300])
def test_a_terminal_of_any_width_gets_every_line_and_keeps_no_display(
    columns: int,
) -> None:
    with on_terminal(columns, 10) as terminal:
        progress = Progress()
        progress.begin(spec("load", "train"))
        progress.event(started("load"))
        for number in range(300):
            if number % 100 == 50:  # a terminal this narrow has no room for a display
                terminal.until(lambda rows: columns < 5 or (rows and rows[-1].startswith("  ")))
            progress.event(log(f"number{number}"))
        progress.close()
        text = "".join(shown_by(terminal))
        assert "".join(f"number{number}" for number in range(300)) in text
        assert not re.search(r"running|[━╸╺]", text)


@pytest.mark.parametrize("size", [(30, 24), (12, 6), (120, 50), (80, 2), (1, 2), (80, 1), (1, 1)])
def test_a_terminal_may_change_its_size_while_a_job_runs(size: tuple[int, int]) -> None:
    with on_terminal() as terminal:
        progress = Progress()
        progress.begin(spec("load", "train"))
        progress.event(started("load"))
        progress.event(log("first"))
        terminal.until(lambda rows: rows and rows[-1] == "  running: load")
        terminal.resize(*size)
        for number in range(1000):
            progress.event(log(f"number{number}"))
        progress.close()
        text = "".join(shown_by(terminal))
        assert "".join(f"number{number}" for number in range(1000)) in text
        # a window of a single row has lost sight of the display's first one
        assert size[1] == 1 or not re.search(r"running|[━╸╺]", text)


def test_no_color_leaves_colours_out() -> None:
    with on_terminal(NO_COLOR="1") as terminal:
        progress = Progress()
        progress.begin(spec("load", "train"))
        progress.event(started("load"))
        progress.event(started("train"))
        progress.event(log("together", "load"))
        terminal.until(lambda rows: rows and rows[-1] == "  running: load, train")
        progress.close()
        assert "load | together" in shown_by(terminal)
        assert not re.search(r"\x1b\[[0-9;]*m", terminal.seen)


def test_many_threads_may_tell_it() -> None:
    with on_terminal() as terminal:
        names = [f"s{number}" for number in range(2000)]
        progress = Progress()
        progress.begin(spec(*names))

        def one(name: str) -> None:
            progress.event(started(name))
            progress.event(log(f"line of {name}"))
            progress.event(done(name))

        with ThreadPoolExecutor(8) as threads:
            list(threads.map(one, names))
        progress.event({"event": "job ended", "state": "Completed"})
        rows = shown_by(terminal)
        said = [row.rpartition("| ")[2] for row in rows if "line of" in row]
        assert sorted(said) == sorted(f"line of {one}" for one in names)
        assert rows[-1].endswith("stages: 2000 succeeded")


def test_a_terminal_that_goes_away_stops_nothing() -> None:
    with on_terminal() as terminal:
        progress = Progress()
        progress.begin(spec("load"))
        terminal.rest()
        for number in range(100):
            progress.event(log(f"number {number}"))
        progress.event({"event": "job ended", "state": "Completed"})
        progress.close()


def test_what_the_driver_prints_meanwhile_goes_above_the_display() -> None:
    with on_terminal() as terminal:
        out, err = sys.stdout, sys.stderr
        with Progress() as progress:
            progress.begin(spec("load"))
            progress.event(started("load"))
            terminal.until(lambda rows: rows and rows[-1] == "  running: load")
            print("printed by the driver")
            print("an error", "of the driver", file=sys.stderr)
            sys.stdout.writelines(["two\n", "lines\n"])
            assert sys.stdout.isatty()
            terminal.until(lambda rows: "lines" in rows and rows[-1] == "  running: load")
            print("no end of the line", end="", flush=True)
        assert (sys.stdout, sys.stderr) == (out, err)
        rows = shown_by(terminal)
        assert rows[1:] == ["printed by the driver", "an error of the driver", "two", "lines", "no end of the line"]


def test_a_stream_that_the_driver_puts_in_place_stays() -> None:
    with on_terminal() as terminal:
        progress = Progress()
        progress.begin(spec("load"))
        taken = io.StringIO()
        with patch.object(sys, "stdout", taken):
            progress.event(log("into the driver's own"))
            progress.close()
            assert sys.stdout is taken
        assert taken.getvalue() == "into the driver's own\n"
        print("after", file=sys.stdout, flush=True)
        assert shown_by(terminal)[-1] == "after"


def test_whoever_keeps_a_stream_beyond_the_display_can_write_to_it() -> None:
    with on_terminal() as terminal:
        with Progress() as progress:
            progress.begin(spec("load"))
            kept = sys.stdout
        kept.write("kept\n")
        sys.stdout.flush()
        assert shown_by(terminal)[-1] == "kept"


def test_closing_it_twice_and_telling_it_more_is_allowed() -> None:
    with on_terminal() as terminal:
        progress = Progress()
        progress.close()
        progress.begin(spec("load"))
        progress.close()
        progress.close()
        progress.event(log("later"))
        assert shown_by(terminal)[-1] == "later"


def test_where_a_terminal_wraps_anew_all_rows_of_the_display_are_taken_away() -> None:
    # the emulator cuts rows off instead; tmux and most windows of today turn the 66 columns of the bar into 3 rows
    with on_terminal(TMUX="a socket") as terminal:
        progress = Progress()
        progress.begin(spec("load", "train"))
        progress.event(started("load"))
        terminal.until(bottom(r"━{40} 0 of 2 stages done, 0:\d\d", "  running: load"))
        before = len(terminal.seen)
        terminal.resize(30, 24)
        progress.event(log("a line"))
        progress.close()
        terminal.rest()
        assert "\x1b[3A\x1b[J" in terminal.seen[before:]
