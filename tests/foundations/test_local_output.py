"""What a job writes, on its way to the terminal and to the archive."""

from typing import Any

import pytest

TALK = """
    import os
    import sys

    import foundations

    def lines():
        for number in range(100_000):
            print(number)

    def talk():
        print("grüße 🎉 \\u2028 日本")
        sys.stdout.flush()
        os.write(1, b"half a character: \\xf0\\x9f\\n")
        for percent in (0, 50, 100):
            print(f"\\r{percent} %", end="")
        print()
        print("z" * 200_000)
        print()
        print("error", file=sys.stderr)
        os.system("echo from a child")
        sys.stdout.write("no newline at the end")

    foundations.create_stage(lines)().run(job_name="lines")
    deployment = foundations.create_stage(talk)().run(job_name="talk")
    assert "no newline at the end" in deployment.get_job_logs()
"""


@pytest.fixture(scope="module")
def talk(make_project: Any) -> Any:
    project = make_project("talk")
    project.write("driver.py", TALK)
    return project, project.drive()


def test_a_hundred_thousand_lines_come_in_order(talk: Any) -> None:
    project, ended = talk
    numbers = [str(number) for number in range(100_000)]
    assert ended.stdout.splitlines()[:100_000] == numbers
    assert project.log("lines", "stdout") == numbers


def test_a_log_has_every_line_whatever_is_in_it(talk: Any) -> None:
    project, ended = talk
    out = project.log("talk", "stdout")
    assert out[0] == "grüße 🎉 \u2028 日本"
    assert out[1] == "half a character: \\xf0\\x9f"
    assert "100 %" in out
    assert "".join(out).count("z") == 200_000
    assert "from a child" in out
    assert out[-1] == "no newline at the end"
    assert project.log("talk", "stderr") == ["error"]
    assert ended.stdout.endswith("no newline at the end\n")
    assert "\nerror\n" in ended.stderr
