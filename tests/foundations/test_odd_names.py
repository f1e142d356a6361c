"""Names that users choose, however odd: they come back as they were given, and are no part of a path of the archive."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from foundations.errors import UnknownProject
from foundations_archive import layout
from tests.foundations.conftest import MakeProject, Project

NAMES = [
    "grüße",
    "日本語",
    "over/under",  # no digits of a digest: those are in keys with a slash between
    "/etc/passwd",
    "..",
    "../../up",
    ".",
    "n" * 1000,
    "ü/" * 500,
    "a:b",
    "a\\b",
    "a\0b",
    "two\nlines",
    "\x1b[2J",
    "x-looks-quoted",
    "CON",
    "trailing.",
    " blanks ",
    "a=b",
    "%2e%2e%2f",
    "🎉👩‍👩‍👧",
    "\u202eright to left",
    "\ud800 alone",
    "e\u0301",
    "é",
    "__proto__",
    "$float",
    "job_id",
    "~",
    "a*b?",
    "'; DROP TABLE jobs; --",
]
BLANK = ["", " ", "\t\n"]

DRIVER = """
    import json, sys
    import foundations

    NAMES, BLANK = json.load(open("names.json"))

    def log(what, names):
        for number, name in enumerate(names):
            if what == "metric":
                foundations.log_metric(name, number)
            elif what == "tag":
                foundations.set_tag(name, number)
            elif what == "parameter":
                foundations.log_param(name, number)
            else:
                open("file", "w").write(str(number))
                foundations.save_artifact("file", name)

    def give(value, **more):
        return [value, more]

    refused = {}

    def refusal(what, function, *arguments, **named):
        try:
            function(*arguments, **named)
        except ValueError as error:
            refused[what] = refused.get(what, []) + [str(error)]

    for what in ("metric", "tag", "parameter", "artifact"):
        foundations.set_project_name("odd")
        foundations.create_stage(log)(what, NAMES).run(job_name=what)

    given = [foundations.Hyperparameter(name) for name in NAMES]
    places = {name: place for place, name in enumerate(NAMES)}
    foundations.create_stage(give)(given).persist().run(job_name="hyperparameter", **places)
    foundations.create_stage(give)(0, **places).persist().run(job_name="argument")

    stages = []
    for name in NAMES:
        def function(value):
            return value
        function.__name__ = function.__qualname__ = name
        stages.append(foundations.create_stage(function)(name))
    foundations.create_stage(give)(stages).enable_caching().persist().run(job_name="stage")

    for number, name in enumerate(NAMES):
        foundations.set_project_name(name)
        foundations.create_stage(give)(name).run(job_name=f"project-{number}")

    foundations.set_project_name("odd")
    for name in [*NAMES, *BLANK]:
        refusal("job", foundations.create_stage(give)(0).run, job_name=name)
    for name in BLANK:
        refusal("project", foundations.set_project_name, name)
        refusal("hyperparameter", foundations.Hyperparameter, name)
    for name in (1, None, b"x"):
        for what, log_one in (("metric", foundations.log_metric), ("tag", foundations.set_tag)):
            refusal(what, log_one, name, 1)
    json.dump(refused, open("refused.json", "w"))
"""
# these are names that a job may have
NAMES_OF_JOBS = {"CON", "trailing.", "x-looks-quoted", "job_id"}


@pytest.fixture(scope="module")
def odd(make_project: MakeProject) -> Project:
    project = make_project("odd")
    project.write("names.json", json.dumps([NAMES, BLANK]))
    project.write("driver.py", DRIVER)
    project.drive()
    return project


def row(project: Project, job: str) -> dict[str, Any]:
    frame = project.metrics("odd")
    return dict(frame[frame.job_id == job].dropna(axis="columns").iloc[0])


def test_metrics_tags_and_parameters_have_their_names_in_the_frame(odd: Project) -> None:
    numbers = list(enumerate(NAMES))
    metrics, tags, parameters = (row(odd, job) for job in ("metric", "tag", "parameter"))
    # a metric or a parameter that is called as a column of the frame stands beside it
    assert {name: metrics[{"job_id": "job_id_metric"}.get(name, name)] for name in NAMES} == {n: v for v, n in numbers}
    assert {name: tags[f"tag_{name}"] for name in NAMES} == {n: v for v, n in numbers}
    named = {name: parameters[{"job_id": "job_id_parameter"}.get(name, name)] for name in NAMES}
    assert named == {n: v for v, n in numbers}


def test_parameters_of_a_run_and_keywords_of_a_stage_have_their_names(odd: Project) -> None:
    given = row(odd, "hyperparameter")
    assert [given[{"job_id": "job_id_parameter"}.get(name, name)] for name in NAMES] == list(range(len(NAMES)))
    assert odd.reader.get_unstructured_results("hyperparameter", odd.stages("hyperparameter")[0]["stage_id"]) == [
        [list(range(len(NAMES))), {}]
    ]
    (stage,) = odd.stages("argument")
    places = {name: place for place, name in enumerate(NAMES)}
    assert stage["kwargs"] == places
    assert odd.reader.get_unstructured_results("argument", stage["stage_id"]) == [[0, places]]


def test_artifacts_have_their_keys_and_are_written_only_where_the_reader_says(odd: Project, tmp_path: Path) -> None:
    frame = odd.reader.get_artifacts("artifact")
    assert frame["key"].tolist() == NAMES
    for number, name in enumerate(NAMES):
        target = tmp_path / str(number)
        assert odd.reader.download_artifact("artifact", name, target).read_text() == str(number)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(map(str, range(len(NAMES))))


def test_stages_have_the_names_of_their_functions(odd: Project) -> None:
    stages = odd.stages("stage")
    assert [stage["stage_name"] for stage in stages] == [*NAMES, "give"]
    assert {stage["stage_status"] for stage in stages} == {"succeeded"}
    assert odd.reader.get_unstructured_results("stage", stages[-1]["stage_id"]) == [[NAMES, {}]]


@pytest.mark.parametrize("number", range(len(NAMES)), ids=[ascii(name[:20]) for name in NAMES])
def test_a_project_is_found_under_its_name_and_no_other(odd: Project, number: int) -> None:
    frame = odd.metrics(NAMES[number])
    assert frame["project_name"].tolist() == [NAMES[number]]
    assert frame["job_id"].tolist() == [f"project-{number}"]


def test_no_two_projects_share_a_segment_and_none_goes_by_its_segment(odd: Project) -> None:
    assert len({layout.quoted(name) for name in NAMES}) == len(NAMES)
    for name in NAMES:
        if layout.quoted(name) != name:
            with pytest.raises(UnknownProject):
                odd.metrics(layout.quoted(name))


def test_no_path_of_the_archive_holds_an_odd_name(odd: Project) -> None:
    keys = [entry.key for entry in odd.archive.store.list("")]
    assert len(keys) > len(NAMES)
    segment = r"[A-Za-z0-9][A-Za-z0-9._=-]*"
    assert [key for key in keys if not re.fullmatch(rf"{segment}(/{segment})*", key)] == []
    # a job's name is an id and may be part of a key, but only where it is safe as one; a lone dot is in `spec.json`
    found = [name for name in NAMES if name not in {".", *NAMES_OF_JOBS}]
    assert {name for name in found if any(name in key for key in keys)} == set()
    assert {key.split("/")[1] for key in keys if key.startswith("idx/")} == {layout.quoted(n) for n in [*NAMES, "odd"]}
    on_disk = {path.relative_to(odd.archive_path).as_posix() for path in odd.archive_path.rglob("*") if path.is_file()}
    assert {path for path in on_disk if not path.startswith(".tmp/")} == set(keys)
    assert {path.name for path in odd.archive_path.parent.iterdir() if path.name in ("up", "passwd", "CON")} == set()


def test_what_can_not_be_a_name_is_refused_with_the_reason(odd: Project) -> None:
    refused = json.loads((odd.root / "refused.json").read_text())
    assert {what: len(errors) for what, errors in refused.items()} == {
        "job": len(NAMES) + len(BLANK) - len(NAMES_OF_JOBS),
        "project": len(BLANK),
        "hyperparameter": len(BLANK),
        "metric": 3,
        "tag": 3,
    }
    assert all("can't be the name of a job; use 1 to 128 letters, digits" in error for error in refused["job"])
    assert all("must be a text that is not blank" in error for error in refused["project"])
