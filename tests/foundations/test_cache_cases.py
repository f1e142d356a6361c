"""The table of edits: every case is run before and after its edit, and served from the cache just where it may be.

Each project is run by its own driver with `run()`, three times against one archive: as it is, as it is once more in
another directory and with another hash seed, and edited, in a third directory. What became of a stage is what the job's
record says of it, and each answer is compared with what `run_same_process` gives for the code as it is then.
"""

import importlib.util
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import foundations
from tests.foundations.case_running import FOLDERS, RUNS, TARGET, Foundations, Lanes, Ran, answer_of, statuses_of
from tests.foundations.case_table import Case, all_cases, python_is_new_enough
from tests.foundations.conftest import MakeProject

WITH_REAL_PROCESSES = (
    "arguments/object_code",
    "classes/metaclass",
    "computed/exec",
    "cosmetic/helper_moved",
    "driver/class",
    "driver/moved_to_a_module",
    "files/outside_the_project",
    "functions/helper_over_three_modules",
    "stages/global_rebound",
    "upstream/same_result",
    "variables/appears",
)


def runnable(case: Case) -> str | None:
    """Return why a case can't be run here, or None."""
    if not python_is_new_enough(case):
        return f"is for Python from {case.min_python} on"
    if lacking := [name for name in case.requires if importlib.util.find_spec(name) is None]:
        return f"needs {', '.join(lacking)}"
    if lacking := [name for name in case.needs if not _is_there(name)]:
        return f"is about an option that is not there yet: {', '.join(lacking)}"
    return None


def _is_there(option: str) -> bool:
    match option:
        case "ignored values" | "own keys":
            return hasattr(foundations, "ignore")
        case "refresh":
            return option in inspect.signature(foundations.Stage.run).parameters
    return option in inspect.signature(foundations.Stage.enable_caching).parameters


def _parameters() -> Iterator[Any]:
    for case in all_cases():
        reason = runnable(case)
        marks = [pytest.mark.skip(reason=reason)] if reason else []
        yield pytest.param(case, id=case.name, marks=marks)


@pytest.fixture(scope="module")
def lanes(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, foundations_home: Path
) -> Iterator[Lanes]:
    """The runs of every case that a test of this session asks for."""
    asked = {item.callspec.id for item in request.session.items if hasattr(item, "callspec")}
    all_asked = any(item.name == test_every_case_is_what_it_says.__name__ for item in request.session.items)
    lanes = Lanes(Foundations(foundations_home), tmp_path_factory.mktemp("cases"))
    lanes.begin(case for case in all_cases() if not runnable(case) and (all_asked or case.name in asked))
    yield lanes
    lanes.close()


def problems(case: Case, runs: list[Ran]) -> Iterator[str]:
    """Yield what is not as it must be: what is wrong first."""
    for run, name in zip(runs, ("first", "second", "edited"), strict=True):
        if run.answer != run.uncached:
            yield f"the {name} run answers {run.answer}, and without a cache {run.uncached}"
    for stage, expected in {TARGET: case.expect, **case.stages}.items():
        for run, name in zip(runs, ("first", "unchanged", "edited"), strict=True):
            wanted = "miss" if name == "first" or expected == "never" else "hit" if name == "unchanged" else expected
            status = run.statuses[stage]
            if expected != "either" and not _is(status, wanted, stage):
                yield f"{stage} is {status} in the {name} run and should be a {wanted}: {case.why}"


def _is(status: str, wanted: str, stage: str) -> bool:
    if wanted == "miss":
        return status == "succeeded"
    # what is above a hit and needed by nothing else need not be looked up
    return status == "cached" if stage == TARGET else status != "succeeded"


@pytest.mark.parametrize("case", list(_parameters()))
def test_an_edit_is_served_from_the_cache_just_where_it_may_be(case: Case, lanes: Lanes) -> None:
    runs = lanes.runs(case)
    found = list(problems(case, runs))
    assert not found, "\n".join([*found, *(run.said for run in runs)])


@pytest.mark.timeout(900)
def test_every_case_is_what_it_says(lanes: Lanes) -> None:
    wrong = []
    for case in all_cases():
        if runnable(case):
            continue
        first, again, edited = (run.uncached for run in lanes.runs(case))
        if first != again:
            wrong.append(f"{case.name} is not the same in two runs: {first}, {again}")
        if (first == edited) != (case.expect == "hit" or case.same_answer):
            wrong.append(f"{case.name} ({case.expect}) answers {first} before and {edited} after")
    assert not wrong, "\n".join(wrong)


def test_the_table_is_as_large_as_it_has_to_be() -> None:
    assert sum(case.must_recompute for case in all_cases()) >= 85
    assert sum(case.expect == "hit" for case in all_cases()) >= 45


@pytest.mark.parametrize("name", WITH_REAL_PROCESSES)
def test_a_case_with_processes_of_its_own(name: str, make_project: MakeProject, tmp_path: Path) -> None:
    (case,) = [case for case in all_cases() if case.name == name]
    project, runs = make_project("case"), []
    for number, when in enumerate(RUNS):
        root, outside = tmp_path / FOLDERS[number], tmp_path / "outside"
        case.lay_out(when, root, outside)
        variables = case.variables_of(when, outside) | {"PYTHONHASHSEED": str(number)}
        cached = project.python("driver.py", cwd=root, **variables)
        uncached = project.python("driver.py", "uncached", cwd=root, **variables)
        assert uncached.returncode == cached.returncode == 0, uncached.stderr + cached.stderr
        statuses = statuses_of(project.archive)
        runs.append(Ran(answer_of(cached.stdout), answer_of(uncached.stdout), statuses, cached.stderr))
    found = list(problems(case, runs))
    assert not found, "\n".join([*found, *(run.said for run in runs)])
