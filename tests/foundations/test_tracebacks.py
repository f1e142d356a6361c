"""An exception as its user wants to see it."""

import sys
import traceback
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from textwrap import dedent
from types import ModuleType, TracebackType
from typing import Any

import pytest

import foundations.tracebacks
from foundations import create_stage
from foundations.execute import StageFailed
from foundations.tracebacks import user_traceback
from tests.foundations.test_execute import run

MODEL = """
    def divide(x):
        return 1 / x

    def twice(x):
        return divide(x) + divide(x)

    def chained():
        try:
            divide(0)
        except ZeroDivisionError as error:
            raise ValueError("bad data") from error

    def during():
        try:
            divide(0)
        except ZeroDivisionError:
            {}["key"]

    def silent():
        try:
            divide(0)
        except ZeroDivisionError:
            raise ValueError("alone") from None

    def group():
        errors = []
        for x in (0, "text"):
            try:
                divide(x)
            except Exception as error:
                errors.append(error)
        raise ExceptionGroup("two of them", errors)

    def several_lines():
        return max(
            [
                divide(0),
                2,
            ]
        )

    def deep(n):
        return deep(n - 1) if n else divide(0)

    def see(n):
        return saw(n - 1) if n else divide(0)

    def saw(n):
        return see(n - 1) if n else divide(0)

    def noted():
        error = ValueError("first")
        error.add_note("look at the data")
        raise error

    def ring():
        error = ValueError("itself")
        other = KeyError("other")
        error.__context__, other.__context__ = other, error
        raise error

    def broken():
        import models_of_this_test.broken
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("root")
    package = folder / "models_of_this_test"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "model.py").write_text(dedent(MODEL).lstrip())
    (package / "broken.py").write_text("x = 1\ndef f(:\n")
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))


@pytest.fixture
def model(root: Path) -> ModuleType:
    return import_module("models_of_this_test.model")


def seen_in_a_stage(function: Callable[..., Any], root: Path, *args: Any) -> str:
    with pytest.raises(StageFailed) as raised:
        run(create_stage(function)(*args).graph(), traceback=lambda error: user_traceback(error, str(root)))
    return raised.value.traceback


def raised_by(call: Callable[[], Any]) -> Exception:
    with pytest.raises(Exception) as raised:
        call()
    return raised.value


def without_this_file(error: BaseException) -> TracebackType | None:
    frame = error.__traceback__
    while frame is not None and frame.tb_frame.f_code.co_filename == __file__:
        frame = frame.tb_next
    return frame


def test_only_the_users_frames_are_there_with_paths_as_in_their_project(model: ModuleType, root: Path) -> None:
    lines = [line for line in seen_in_a_stage(model.twice, root, 0).splitlines() if "^" not in line]
    assert lines == [
        "Traceback (most recent call last):",
        '  File "models_of_this_test/model.py", line 5, in twice',
        "    return divide(x) + divide(x)",
        '  File "models_of_this_test/model.py", line 2, in divide',
        "    return 1 / x",
        "ZeroDivisionError: division by zero",
    ]


@pytest.mark.parametrize("name", ["twice", "chained", "during", "silent", "group", "several_lines", "deep", "noted"])
def test_but_for_our_frames_it_is_what_python_prints(model: ModuleType, root: Path, name: str) -> None:
    args: tuple[int, ...] = {"twice": (0,), "deep": (50,)}.get(name, ())
    error = raised_by(lambda: getattr(model, name)(*args))
    pythons = "".join(traceback.format_exception(error.with_traceback(without_this_file(error))))
    lines = pythons.replace(f"{root}/", "").splitlines()
    assert seen_in_a_stage(getattr(model, name), root, *args).splitlines() == lines


def test_exceptions_that_lead_to_one_another_in_a_ring_end(model: ModuleType, root: Path) -> None:
    said = seen_in_a_stage(model.ring, root)
    assert "ValueError: itself" in said
    assert str(root) not in said


def test_a_syntax_error_has_a_path_as_in_the_project(model: ModuleType, root: Path) -> None:
    said = seen_in_a_stage(model.broken, root)
    assert 'File "models_of_this_test/broken.py", line 2' in said
    assert said.endswith("SyntaxError: invalid syntax")
    assert str(root) not in said


def test_a_root_with_a_slash_at_its_end_is_the_same_root(model: ModuleType, root: Path) -> None:
    error = raised_by(lambda: model.divide(0))
    assert 'File "models_of_this_test/model.py", line 2' in user_traceback(error, f"{root}/")
    assert f'File "{root}/models_of_this_test/model.py"' in user_traceback(error, "/nowhere")
    assert f'File "{root}/models_of_this_test/model.py"' in user_traceback(error, str(root)[:-1])


def test_a_project_beside_ours_whose_name_begins_like_it_is_not_ours(tmp_path: Path) -> None:
    ours = Path(foundations.tracebacks.__file__).parent
    code = compile("1 / 0", f"{ours}_of_mine/model.py", "exec")
    error = raised_by(lambda: exec(code))
    assert f'File "{ours}_of_mine/model.py", line 1' in user_traceback(error, str(tmp_path))


def test_an_error_without_a_frame_of_the_user_is_one_line(root: Path) -> None:
    assert user_traceback(ValueError("no frames"), str(root)) == "ValueError: no frames"


def test_code_without_a_file_has_no_line_to_show(root: Path) -> None:
    error = raised_by(lambda: exec("def f():\n    1 / 0\nf()"))
    assert '  File "<string>", line 2, in f\n' in user_traceback(error, str(root))


def test_an_exception_whose_text_raises_is_shown(root: Path) -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert "Mute: <exception str() failed>" in user_traceback(Mute(), str(root))


def test_frames_of_ours_are_there_when_they_are_asked_for(model: ModuleType, root: Path) -> None:
    error = raised_by(create_stage(model.divide))
    ours = str(Path(foundations.tracebacks.__file__).with_name("stage.py"))
    assert ours not in user_traceback(error, str(root))
    assert ours in user_traceback(error, str(root), verbose=True)


def test_a_function_that_calls_itself_for_ever_is_shown_as_python_shows_it(model: ModuleType, root: Path) -> None:
    said = seen_in_a_stage(model.deep, root, 100_000)
    assert "[Previous line repeated" in said
    assert said.count("return deep(n - 1) if n else divide(0)") == 3
    assert said.splitlines()[-1].startswith("RecursionError: maximum recursion depth exceeded")


def test_the_middle_of_a_very_long_stack_is_left_out_and_counted(model: ModuleType, root: Path) -> None:
    said = seen_in_a_stage(model.see, root, 300)
    assert said.count("File ") == 60
    assert "\n  ... 242 frames left out ...\n" in said
    assert said.splitlines()[1].endswith(", in see")
    assert said.splitlines()[-1] == "ZeroDivisionError: division by zero"
    assert "left out" not in seen_in_a_stage(model.see, root, 58)


def test_the_middle_of_a_very_long_text_is_left_out_and_counted(root: Path) -> None:
    said = user_traceback(ValueError("a" * 50_000 + "b" * 50_000), str(root))
    assert said.startswith("ValueError: aaa")
    assert said.endswith("bbb")
    assert "\n... 40012 characters left out ...\n" in said


def test_an_exception_that_can_not_even_be_looked_at_is_named(root: Path) -> None:
    class Sealed(Exception):
        @property
        def __notes__(self) -> list[str]:  # type: ignore[override]
            raise OSError

    said = user_traceback(Sealed(), str(root))
    assert said.endswith("Sealed: its traceback can't be made, that raised OSError")
