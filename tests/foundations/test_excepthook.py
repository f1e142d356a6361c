"""What Python prints of an error that nobody catches."""

import os
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

import foundations.excepthook
from foundations.excepthook import cut
from foundations.settings import set_environment

PREPARED = """
    import sys
    from foundations import create_stage
    from foundations.excepthook import install
    from foundations.errors import ArchiveUnreachable, JobFailedError, UnknownEnvironment

    def fail(error):
        raise error

    install()
    install()
"""


def printed(tmp_path: Path, code: str) -> tuple[int, str]:
    driver = tmp_path / "driver.py"
    driver.write_text(dedent(PREPARED) + dedent(code))
    done = subprocess.run([sys.executable, str(driver)], capture_output=True, text=True, check=False, cwd=tmp_path)
    return done.returncode, done.stderr


def test_an_error_of_ours_is_printed_without_our_frames_and_without_what_led_to_it(tmp_path: Path) -> None:
    code, said = printed(
        tmp_path,
        """
        from foundations.settings import load_environment
        from pathlib import Path
        try:
            1 / 0
        except ZeroDivisionError:
            load_environment("nope", Path("/nowhere"))
        """,
    )
    assert code == 1
    assert "File" in said
    assert str(Path(foundations.excepthook.__file__).parent) not in said
    assert "ZeroDivisionError" not in said
    assert said.splitlines()[-1].startswith("foundations.errors.UnknownEnvironment: there is no environment 'nope'")
    assert said.count("Traceback") == 1


@pytest.mark.parametrize(
    "error", ["JobFailedError('text', job_id='j', state='Failed', stage=None)", "ArchiveUnreachable('x')"]
)
def test_an_error_raised_by_the_users_own_lines_keeps_them(tmp_path: Path, error: str) -> None:
    _, said = printed(tmp_path, f"fail({error})")
    assert said.count('driver.py", line') == 2
    assert "in fail" in said


def test_an_error_that_is_not_ours_is_printed_as_ever(tmp_path: Path) -> None:
    _, said = printed(
        tmp_path,
        """
        try:
            1 / 0
        except ZeroDivisionError as error:
            raise ValueError("mine") from error
        """,
    )
    assert "ZeroDivisionError: division by zero" in said
    assert said.endswith("ValueError: mine\n")


@pytest.mark.parametrize(
    ("call", "text"),
    [
        ("create_stage(lambda x: x)()", "TypeError: <lambda>() missing 1 required positional argument: 'x'"),
        ("create_stage(3)", "TypeError: create_stage takes a function, got 3 of type int"),
        (
            "list(create_stage(dict)())",
            "TypeError: the result of the stage dict can't be taken apart before it has run",
        ),
        ("set_environment('no/name')", "ValueError: 'no/name' can't be an environment's name"),
        ("set_project_name('')", "ValueError: a project name must be a text that is not blank, got ''"),
    ],
)
def test_a_misuse_of_ours_ends_with_the_line_that_holds_it(tmp_path: Path, call: str, text: str) -> None:
    driver = tmp_path / "driver.py"
    driver.write_text(f"from foundations import create_stage, set_environment, set_project_name\n{call}\n")
    done = subprocess.run([sys.executable, str(driver)], capture_output=True, text=True, check=False, cwd=tmp_path)
    first, place, line, said = done.stderr.splitlines()[:4]
    assert (first, place.strip()) == ("Traceback (most recent call last):", f'File "{driver}", line 2, in <module>')
    assert line.strip() == call
    assert said.startswith(text)
    assert len(done.stderr.splitlines()) == 4


def test_a_fault_of_ours_is_printed_whole(tmp_path: Path) -> None:
    _, said = printed(tmp_path, "from foundations.settings import load_environment\nload_environment('x', None)")
    assert "foundations/settings.py" in said
    assert "TypeError: unsupported operand" in said


def test_an_error_of_a_stage_in_this_process_is_the_users_own(tmp_path: Path) -> None:
    _, said = printed(
        tmp_path,
        """
        import json
        def parse(text):
            return json.loads(text)
        create_stage(parse)("{").run_same_process()
        """,
    )
    assert "foundations/" not in said
    assert "in parse\n    return json.loads(text)" in said
    assert "json/decoder.py" in said
    assert said.splitlines()[-1].startswith("json.decoder.JSONDecodeError: ")


def test_everything_is_printed_in_verbose_mode(tmp_path: Path) -> None:
    _, said = printed(
        tmp_path,
        """
        import foundations
        foundations.set_error_verbosity("verbose")
        try:
            1 / 0
        except ZeroDivisionError:
            foundations.set_environment("no/name")
        """,
    )
    assert "foundations/settings.py" in said
    assert "ZeroDivisionError" in said


def test_an_error_is_afterwards_what_it_was(tmp_path: Path) -> None:
    _, said = printed(
        tmp_path,
        """
        import atexit
        cause = ValueError("the original")
        error = JobFailedError("text", job_id="j", state="Failed", stage=None)
        atexit.register(lambda: print(repr(sys.last_value.__cause__), file=sys.stderr))
        raise error from cause
        """,
    )
    assert said.count("the original") == 1  # what the last line looks at
    assert said.endswith("JobFailedError: text\nValueError('the original')\n")


NOTEBOOK = """
    import sys
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    for cell in (
        "import foundations",
        "foundations.create_stage(len)()",
        "from foundations.errors import JobFailedError",
        "raise JobFailedError('the text', job_id='j', state='Failed', stage=None) from ValueError('the original')",
        "print(repr(sys.last_value.__cause__))",
        "1 / 0",
        "foundations.set_error_verbosity('verbose')",
        "foundations.create_stage(len)()",
    ):
        print("=====", cell)
        shell.run_cell("import sys\\n" + cell)
"""


def test_a_notebook_shows_what_the_prompt_shows(tmp_path: Path) -> None:
    driver = tmp_path / "notebook.py"
    driver.write_text(dedent(NOTEBOOK))
    own = {"IPYTHONDIR": str(tmp_path / "ipython"), "NO_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, str(driver)], capture_output=True, text=True, check=False, env={**os.environ, **own}
    )
    colours = re.compile(r"\x1b\[[0-9;]*m")
    _, _, wrong, _, failed, cause, mine, _, verbose = colours.sub("", done.stdout).split("===== ")
    assert "TypeError: len() missing 1 required positional argument: 'obj'" in wrong
    assert "----> 2 foundations.create_stage(len)()" in wrong
    assert len(re.findall(r"--> \d", wrong)) == 1
    assert "JobFailedError: the text" in failed
    assert "\nValueError: the original" not in failed
    assert "ValueError('the original')" in cause
    assert "ZeroDivisionError: division by zero" in mine
    assert len(re.findall(r"--> \d", verbose)) > 1


def test_a_hook_that_was_there_before_still_has_its_say(tmp_path: Path) -> None:
    driver = tmp_path / "driver.py"
    driver.write_text(
        dedent("""
        import sys
        sys.excepthook = lambda kind, error, traceback: print("mine:", error)
        from foundations.excepthook import install
        from foundations.errors import UnknownProject
        install()
        raise UnknownProject("which one", project="p")
        """)
    )
    done = subprocess.run([sys.executable, str(driver)], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("mine: which one\n", "")


def test_a_traceback_that_is_all_ours_is_kept_whole() -> None:
    with pytest.raises(ValueError) as raised:
        set_environment("no/name")
    inner = raised.value.__traceback__
    assert inner is not None
    assert cut(inner.tb_next) is inner.tb_next
    kept = cut(inner)
    assert kept is not None
    assert kept.tb_frame is inner.tb_frame
    assert kept.tb_next is None
    assert cut(None) is None


def test_a_project_beside_ours_whose_name_begins_like_it_is_not_cut_off() -> None:
    ours = Path(foundations.excepthook.__file__).parent
    code = compile("1 / 0", f"{ours}_of_mine/driver.py", "exec")
    with pytest.raises(ZeroDivisionError) as raised:
        exec(code)
    kept = cut(raised.value.__traceback__)
    assert kept is not None
    assert kept.tb_next is not None
    assert kept.tb_next.tb_frame.f_code is code
