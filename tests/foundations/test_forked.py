"""Processes that a stage forks itself, in jobs in the environment `local`."""

from typing import Any

import pytest

MODEL = """
    import os
    import sys

    import foundations


    def fork(how):
        child = os.fork()
        if child == 0:
            foundations.log_metric("child", 1)
            file = open("written", "w")
            file.write("whole")
            if how == "return":
                return "child"
            if how == "raise":
                raise ValueError("in the child")
            sys.exit({"exit": None, "status": 3, "words": "last words"}[how])
        _, status = os.waitpid(child, 0)
        with open("written") as file:
            assert file.read() == "whole"
        return os.waitstatus_to_exitcode(status)


    def after(status):
        foundations.log_metric("after", 1)
        return status
"""

DRIVER = """
    import ast
    import sys

    import foundations
    from model import after, fork

    how, options = sys.argv[1], ast.literal_eval(sys.argv[2])
    forked = foundations.create_stage(fork)(how).options(**options)
    print("status", foundations.create_stage(after)(forked).persist().run().result())
"""


@pytest.fixture(scope="module")
def project(make_project: Any) -> Any:
    project = make_project("forked")
    project.write("model.py", MODEL)
    project.write("driver.py", DRIVER)
    return project


@pytest.mark.parametrize("options", [{}, {"timeout": 60}, {"process": True}], ids=["thread", "timeout", "process"])
@pytest.mark.parametrize(
    ("how", "status", "words"),
    [
        ("return", 0, ""),
        ("exit", 0, ""),
        ("status", 3, ""),
        ("words", 1, "last words"),
        ("raise", 1, "ValueError: in the child"),
    ],
)
def test_a_forked_process_ends_where_it_leaves_its_stage(
    project: Any, options: dict[str, Any], how: str, status: int, words: str
) -> None:
    ended = project.python("driver.py", how, repr(options))
    assert ended.returncode == 0, ended.stderr
    assert f"status {status}\n" in ended.stdout
    assert words in ended.stdout + ended.stderr
    _, record = project.archive.jobs()[-1]
    assert {series.key: series.values for series in record.metrics} == {"child": (1,), "after": (1,)}
    assert [stage.status for stage in record.stages] == ["succeeded", "succeeded"]
