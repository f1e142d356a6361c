"""The lines of code that travels by value."""

import inspect
import linecache
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from foundations.graph import Call, StageGraph
from foundations.pickling import pickle_graph
from foundations.source_lines import lines_of, shown_name, with_lines

MODULE = dedent("""
    def outer(x):
        # a remark
        def inner(y):
            return [
                y,
                1 / x,
            ]

        return inner(
            x
        )
    secret = "stays behind"
    short = lambda x: x / 0
""").lstrip()


@pytest.fixture
def names() -> Iterator[Callable[[str], str]]:
    """Names of files that nothing else has, forgotten afterwards."""
    taken: list[str] = []

    def name(text: str) -> str:
        taken.append(text)
        return text

    yield name
    for one in taken:
        linecache.cache.pop(one, None)


def loaded(tmp_path: Path) -> dict[str, Any]:
    file = tmp_path / "module.py"
    file.write_text(MODULE)
    scope: dict[str, Any] = {}
    exec(compile(MODULE, str(file), "exec"), scope)
    return scope


def test_the_lines_of_a_function_are_its_own_and_no_others(tmp_path: Path) -> None:
    scope = loaded(tmp_path)
    assert lines_of(scope["outer"].__code__) == MODULE[: MODULE.index("secret")]
    assert lines_of(scope["short"].__code__) == "short = lambda x: x / 0\n"


def test_code_without_a_file_has_no_lines() -> None:
    scope: dict[str, Any] = {}
    exec("def f(): pass", scope)
    assert lines_of(scope["f"].__code__) == ""
    assert lines_of(scope["f"].__code__.replace(co_filename="/no/such/file.py")) == ""


def test_lines_are_found_where_they_were_whatever_the_order_in_which_they_come(names: Any) -> None:
    name = names("of_this_test.py")
    assert with_lines(name, 5, "five\nsix\n", sum, ([2, 3],)) == 5
    with_lines(name, 2, "two\n", list, ())
    assert linecache.getlines(name) == ["\n", "two\n", "\n", "\n", "five\n", "six\n"]
    linecache.checkcache()
    assert linecache.getline(name, 6) == "six\n"


def test_only_what_has_no_file_has_a_name_of_its_own() -> None:
    assert shown_name("<stdin>") == "<stdin>"
    assert shown_name("/some/file.py") is None


def test_a_function_that_has_travelled_knows_its_source_without_its_file(tmp_path: Path) -> None:
    scope = loaded(tmp_path)
    scope["outer"].__module__ = scope["short"].__module__ = "__main__"
    calls = tuple(Call(id=name, name=name, function=scope[name]) for name in ("outer", "short"))
    data = pickle_graph(StageGraph(calls, "short"), tmp_path)
    assert b"stays behind" not in data
    assert str(tmp_path).encode() not in data
    (tmp_path / "data").write_bytes(data)
    code = """
        import inspect, pickle, sys, traceback
        outer, short = [call.function for call in pickle.load(open(sys.argv[1], "rb")).calls]
        print(inspect.getsource(short), end="")
        try:
            outer(0)
        except ZeroDivisionError:
            traceback.print_exc(file=sys.stdout)
    """
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", dedent(code), str(tmp_path / "data")],
        cwd=elsewhere,
        capture_output=True,
        text=True,
        check=True,
    )
    said = [line.strip() for line in done.stdout.splitlines()]
    assert said[0] == "short = lambda x: x / 0"
    assert 'File "module.py", line 9, in outer' in said
    assert 'File "module.py", line 6, in inner' in said
    assert "1 / x," in said


def test_ten_thousand_functions_travel_with_one_line_each() -> None:
    functions = [eval(f"lambda x: x + {number}", {}) for number in range(10)]
    calls = tuple(Call(id=str(place), name="f", function=function) for place, function in enumerate(functions * 1000))
    data = pickle_graph(StageGraph(calls, "0"), Path("/nowhere"))
    assert pickle.loads(data).calls[9].function(1) == 10
    assert inspect.isfunction(pickle.loads(data).calls[0].function)
