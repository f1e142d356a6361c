"""Files and variables that a stage leaves for others: a stage served from the cache runs after all when one looks."""

from typing import Any

import pytest

from tests.foundations.conftest import MakeProject, Project

MODEL = """
    import os
    from pathlib import Path

    import numpy


    def make(text):
        Path("out").mkdir(exist_ok=True)
        Path("out/rows.txt").write_text(text)
        return "out/rows.txt"


    def use(path, times):
        return Path(path).read_text() * times


    def side(text):
        Path("side.txt").write_text(text)
        return len(text)


    def implicit(count, times):
        return Path("side.txt").read_text() * times


    def looks(count, times):
        return sorted(path.name for path in Path(".").glob("side*")) * times


    def sets(value):
        os.environ["LEFT_BY_STAGE"] = value
        return 1


    def reads(count, times):
        return os.environ.get("LEFT_BY_STAGE", "nothing") * times


    def saves(count):
        with open("array.bin", "wb") as file:
            numpy.arange(count).tofile(file)
        return {"where": Path("array.bin"), "count": count}


    def loads(found, times):
        return int(numpy.fromfile(found["where"], dtype=int).sum()) * times


    def temporary(text):
        path = Path("scratch.txt")
        path.write_text(text)
        path.unlink()
        return text


    def several(text):
        return [make(text), "other"]


    def first_of(paths, times):
        import ctypes
        libc = ctypes.CDLL(None)
        libc.fopen.restype = ctypes.c_void_p
        found = libc.fopen(paths[0].encode(), b"r")  # as readers in C do, unseen
        return bool(found) * times


    def fails(path, times):
        raise ValueError(Path(path).read_text())


    def fails_once_more(text):
        if os.environ.get("NO_MORE"):
            raise OSError("no more")
        return make(text)
"""
DRIVER = """
    import os
    import sys

    import foundations
    import model

    def stage(name):
        return foundations.create_stage(getattr(model, name))

    first, second, times, how = sys.argv[1:]
    made = stage(first)(3 if first == "saves" else "ab")
    taken = stage(second)(made, int(times)).enable_caching()
    if how == "uncached":
        taken.disable_caching()
    if how == "process":
        taken.options(process=True)
    print("answer:", repr(taken.persist().run().result()))
"""


@pytest.fixture
def project(make_project: MakeProject) -> Project:
    made = make_project("leftovers")
    made.write("model.py", MODEL)
    made.write("driver.py", DRIVER)
    return made


def ran(project: Project, first: str, second: str, times: int, *, how: str = "-", **more: str) -> tuple[str, Any, Any]:
    """Run one stage and another that takes its result; return the answer, and what became of both."""
    ended = project.python("driver.py", first, second, str(times), how, **more)
    assert ended.returncode == 0, ended.stderr
    statuses = project.statuses()
    return ended.stdout.rpartition("answer: ")[2].strip(), statuses[first], statuses[second]


RAN, HIT = "succeeded", "cached"
PAIRS = {
    ("make", "use"): ("'ab'", "'abab'"),
    ("side", "implicit"): ("'ab'", "'abab'"),
    ("side", "looks"): ("['side.txt']", "['side.txt', 'side.txt']"),
    ("sets", "reads"): ("'ab'", "'abab'"),
    ("saves", "loads"): ("3", "6"),
    ("several", "first_of"): ("1", "2"),
}


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_what_is_left_is_made_again_when_a_stage_looks_for_it(project: Project, first: str, second: str) -> None:
    once, twice = PAIRS[first, second]
    assert ran(project, first, second, 1) == (once, RAN, RAN)
    assert ran(project, first, second, 2) == (twice, RAN, RAN)
    assert ran(project, first, second, 3, how="uncached")[1:] == (RAN, RAN)


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_when_nothing_runs_nothing_has_to_be_there(project: Project, first: str, second: str) -> None:
    once, _ = PAIRS[first, second]
    assert ran(project, first, second, 1) == (once, RAN, RAN)
    answer, made, taken = ran(project, first, second, 1)
    assert (answer, made) == (once, HIT if second != "looks" else made)
    assert taken == HIT or second == "looks"  # a listing is compared with what is there


def test_a_stage_that_leaves_nothing_stays_served(project: Project) -> None:
    assert ran(project, "temporary", "reads", 1)[1:] == (RAN, RAN)
    assert ran(project, "temporary", "reads", 2)[1:] == (HIT, RAN)


def test_several_stages_that_look_at_once_all_find_it(project: Project) -> None:
    project.write(
        "several.py",
        """
        import sys

        import foundations
        import model

        side, implicit = map(foundations.create_stage, (model.side, model.implicit))
        made = side("ab")
        taken = [implicit(made, int(sys.argv[1]) + number) for number in range(6)]
        print("answer:", foundations.create_stage(len)(taken).enable_caching().persist().run().result())
        """,
    )
    for times in (1, 100, 200):
        ended = project.python("several.py", str(times))
        assert ended.returncode == 0, ended.stderr
        assert "answer: 6" in ended.stdout
        assert {stage["stage_status"] for stage in project.stages() if stage["stage_name"] == "implicit"} == {RAN}


def test_a_stage_in_a_process_of_its_own_finds_them(project: Project) -> None:
    assert ran(project, "make", "use", 1) == ("'ab'", RAN, RAN)
    assert ran(project, "make", "use", 2, how="process") == ("'abab'", RAN, RAN)
    assert ran(project, "side", "implicit", 1) == ("'ab'", RAN, RAN)
    assert ran(project, "side", "implicit", 2, how="process") == ("'abab'", RAN, RAN)


def test_a_read_only_cache_has_them_made_again_too(project: Project) -> None:
    assert ran(project, "side", "implicit", 1) == ("'ab'", RAN, RAN)
    project.write("config/local.config.yaml", "job_deployment_env: local\ncache: {read_only: true}\n")
    assert ran(project, "side", "implicit", 2) == ("'abab'", RAN, RAN)


def test_metrics_and_lines_of_a_run_that_came_too_early_do_not_count(project: Project) -> None:
    text = MODEL.replace("def implicit(count, times):\n", "def implicit(count, times):\n        note(times)\n")
    more = "\n\n    def note(times):\n        import foundations\n        foundations.log_metric('times', times)\n"
    project.write("model.py", text + more)
    ran(project, "side", "implicit", 1)
    ran(project, "side", "implicit", 2)
    job = project.reader.get_job_information().job_name.iloc[-1]
    record = project.archive.record(project.archive.spec(job))
    assert [series.values for series in record.metrics if series.key == "times"] == [(2,)] or [
        list(series.values) for series in record.metrics if series.key == "times"
    ] == [[2]]
    assert record.stages[1].attempts >= 1


def test_a_stage_that_fails_for_another_reason_fails_with_that(project: Project) -> None:
    ran(project, "make", "use", 1)
    ended = project.python("driver.py", "make", "fails", "1", "-")
    assert ended.returncode == 1
    assert "ValueError: ab" in ended.stderr
    assert project.statuses() == {"make": RAN, "fails": "failed"}


def test_one_that_can_not_be_made_again_is_the_one_that_failed(project: Project) -> None:
    ran(project, "fails_once_more", "use", 1)
    ended = project.python("driver.py", "fails_once_more", "use", "2", "-", NO_MORE="1")
    assert ended.returncode == 1
    assert "OSError: no more" in ended.stderr
    assert project.statuses()["fails_once_more"] == "failed"
    assert project.statuses()["use"] != "failed"


def test_a_result_that_names_the_jobs_own_folder_is_not_kept(project: Project) -> None:
    project.write("model.py", MODEL.replace('Path("array.bin"),', 'Path("array.bin").absolute(),'))
    for times in (1, 2):
        assert ran(project, "saves", "loads", times) == (str(3 * times), RAN, RAN)
    ended = project.python("driver.py", "saves", "loads", "3", "-")
    assert "the result of stage saves is not cached: its result names /" in ended.stderr


def test_what_is_still_there_is_left_alone(project: Project) -> None:
    place = project.root.with_name(f"{project.root.name}-outside")
    place.mkdir()
    model = MODEL.replace('"side.txt"', repr(str(place / "side.txt")))
    project.write("model.py", model)
    assert ran(project, "side", "implicit", 1) == ("'ab'", RAN, RAN)
    assert ran(project, "side", "implicit", 2) == ("'abab'", HIT, RAN)
    (place / "side.txt").write_text("other")
    assert ran(project, "side", "implicit", 3) == ("'ababab'", RAN, RAN)
    (place / "side.txt").unlink()
    assert ran(project, "side", "implicit", 4) == ("'abababab'", RAN, RAN)
