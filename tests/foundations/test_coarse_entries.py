"""Stages whose code can't be followed are served from the cache while nothing of the project changes: each its own."""

import pytest

from tests.foundations.conftest import MakeProject, Project

MODEL = """
    import functools
    import subprocess


    def run(line):
        return int(subprocess.run(line, shell=True, capture_output=True, text=True, check=True).stdout)


    def count_lines(folder):
        return run(f"cat {folder}/*.csv | wc -l")


    def count_files(folder):
        return run(f"ls {folder}/*.csv | wc -l")


    def count_more(more, folder):
        return run(f"cat {folder}/*.csv | wc -l") + more


    class Counter:
        def __init__(self, factor):
            self.factor = factor

        def count(self, folder):
            return self.factor * run(f"ls {folder}/*.csv | wc -l")


    one_more, two_more = functools.partial(count_more, 1), functools.partial(count_more, 2)
    tenfold, hundredfold = Counter(10).count, Counter(100).count
"""
DRIVER = """
    import foundations
    import model


    def joined(*numbers):
        return numbers


    functions = (model.count_lines, model.count_files, model.one_more, model.two_more, model.tenfold, model.hundredfold)
    stages = [foundations.create_stage(function)("raw").enable_caching() for function in functions]
    job = foundations.create_stage(joined)(*stages).persist().run()
    print("ANSWER", *job.result())
"""


@pytest.fixture
def project(make_project: MakeProject) -> Project:
    made = make_project("shells")
    made.write("model.py", MODEL)
    made.write("driver.py", DRIVER)
    made.write("raw/a.csv", "1\n2\n3\n")
    made.write("raw/b.csv", "4\n")
    return made


def ran(project: Project) -> tuple[str, int]:
    """Run the driver; return its answer, and how many stages were served from the cache."""
    done = project.python("driver.py")
    assert done.returncode == 0, done.stderr
    cached = [stage for stage in project.stages() if stage["stage_status"] == "cached"]
    return done.stdout.splitlines()[-1], len(cached)


def test_stages_called_alike_are_not_taken_for_one_another(project: Project) -> None:
    assert ran(project) == ("ANSWER 4 2 5 6 20 200", 0)
    assert ran(project) == ("ANSWER 4 2 5 6 20 200", 6)
    project.write("raw/b.csv", "4\n5\n")
    assert ran(project) == ("ANSWER 5 2 6 7 20 200", 0)


def test_why_more_counts_is_told_in_one_line_and_only_where_a_stage_runs(project: Project) -> None:
    project.write(
        "model.py",
        """
        import math


        def named(name):
            exec("made = 1")
            return getattr(math, name), eval("1"), len(globals())
        """,
    )
    project.write(
        "driver.py",
        """
        import foundations
        import model

        foundations.create_stage(model.named)("pi").enable_caching().persist().run()
        """,
    )
    first, second = project.drive().stderr, project.drive().stderr
    assert first.count("more counts in its cache key") == 1
    assert "since " in first
    assert "served from the cache" in second
    assert "more counts" not in second
