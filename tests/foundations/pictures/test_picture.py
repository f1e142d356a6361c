"""`show`: of a stage, of what it became when it was run, and of a job; saved, printed, and in a notebook."""

import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from foundations import Deployment, Picture, Stage, create_stage, show
from foundations.pictures.latest import latest_job, note_job
from foundations_archive.archive import Archive
from foundations_archive.records import JobSpec, StageRecord
from tests.foundations.conftest import MakeProject

PutJob = Callable[..., JobSpec]


@create_stage
def load(path: str) -> None: ...


def test_a_notebook_shows_a_stage_its_picture_and_a_job_by_themselves(archive: Archive, put_job: PutJob) -> None:
    deployment = Deployment(archive, put_job("nightly"))
    for what in (load("a.csv"), deployment):
        picture = show(what)
        assert what._repr_html_() == picture._repr_html_() == picture.html()
        assert what._repr_mermaid_() == picture._repr_mermaid_() == picture.mermaid() == str(picture)
    assert "job nightly: Completed" in deployment._repr_html_()
    assert repr(show(load("a.csv"))) == "<picture: 1 stage, not run>"


def test_a_job_shows_how_its_stages_ended(archive: Archive, put_job: PutJob) -> None:
    ran = (StageRecord("first", "cached", seconds=0.001, cached_from="other"), StageRecord("second", "succeeded"))
    first, second = show(Deployment(archive, put_job("nightly", stages=ran))).drawing.nodes
    assert (first.name, first.status, first.details) == ("load", "cached", ("path=a.csv",))
    assert (second.name, second.status, second.marks, second.target) == ("train", "succeeded", ("persisted",), True)


@pytest.mark.parametrize("state", ["Queued", "Running"])
def test_a_job_that_has_not_ended_is_shown_as_far_as_it_is(archive: Archive, put_job: PutJob, state: str) -> None:
    picture = show(Deployment(archive, put_job("nightly", state=state)))
    assert picture.drawing.title == f"job nightly: {state}"
    assert [node.status for node in picture.drawing.nodes] == ["not run", "not run"]


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("graph.svg", "<svg "),
        ("graph.html", "<!DOCTYPE html>"),
        ("graph.mmd", "flowchart TD"),
        ("Graph.SVG", "<svg "),
        ("ein Bild.svg", "<svg "),
    ],
)
def test_a_picture_is_saved_in_the_format_that_the_name_says(tmp_path: Path, name: str, begins: str) -> None:
    picture = show(load("größe.csv"))
    saved = picture.save(tmp_path / name)
    assert saved == tmp_path / name
    text = saved.read_text(encoding="utf-8")
    assert text.endswith("\n")
    assert text.startswith(begins)
    assert picture.save(str(saved)).read_text(encoding="utf-8") == text


def test_a_saved_page_is_a_whole_document(tmp_path: Path) -> None:
    page = show(load("a.csv")).save(tmp_path / "graph.html").read_text(encoding="utf-8")
    assert '<meta charset="utf-8">' in page
    root = ElementTree.fromstring(page.partition("<body>\n")[2].partition("\n</body>")[0])
    assert root.get("role") == "img"


@pytest.mark.parametrize("name", ["graph.png", "graph", "graph.svg.gz", ".svg"])
def test_a_format_that_there_is_not_is_refused_with_those_that_there_are(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match=r"can't be saved as '.*'; end its name in \.svg, \.html, \.mmd$"):
        show(load("a.csv")).save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_there_is_not_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        show(load("a.csv")).save(tmp_path / "nowhere" / "graph.svg")


@pytest.mark.parametrize(
    ("what", "told"),
    [
        (None, "something of type NoneType"),
        (load, "the function load, which makes stages; call it, and show what it returns"),
        (print, "something of type builtin_function_or_method"),
        ([load("a.csv")], "something of type list"),
        ({"job": 1}, "something of type dict"),
        ("job", "something of type str"),
        (Stage, "the class Stage"),
        (load("a.csv").graph(), "something of type StageGraph"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_what_is_neither_a_stage_nor_a_job_is_refused_by_name(what: Any, told: str) -> None:
    with pytest.raises(TypeError) as raised:
        show(what)
    assert str(raised.value) == f"show takes a stage or a deployment, got {told}"


@pytest.mark.parametrize(
    ("boxes", "error", "text"),
    [
        (0, ValueError, "boxes is the largest number of boxes, at least 1, got 0"),
        (-3, ValueError, "boxes is the largest number of boxes, at least 1, got -3"),
        (2.5, TypeError, "boxes is the largest number of boxes, got 2.5 of type float"),
        ("9", TypeError, "boxes is the largest number of boxes, got '9' of type str"),
        (True, TypeError, "boxes is the largest number of boxes, got True of type bool"),
    ],
)
def test_a_number_of_boxes_that_can_not_be_is_refused(boxes: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error) as raised:
        show(load("a.csv"), boxes=boxes)
    assert str(raised.value) == text


def test_as_many_boxes_are_drawn_as_asked_for() -> None:
    total = create_stage(lambda *parts: None)(*[load(str(n)) for n in range(20)])
    assert [len(show(total, boxes=boxes).drawing.nodes) for boxes in (1, 2, 20, 21)] == [1, 2, 2, 21]


def test_a_stage_that_is_gone_is_forgotten_with_its_job(archive: Archive, put_job: PutJob) -> None:
    stage = load("a.csv")
    note_job(stage, Deployment(archive, put_job("nightly")))
    latest = latest_job(stage)
    assert latest is not None
    assert latest.job_name() == "nightly"
    assert latest_job(load("a.csv")) is None
    before = len(latest_job.__globals__["_latest"])
    del stage, latest
    gc.collect()
    assert len(latest_job.__globals__["_latest"]) == before - 1


def test_a_picture_can_not_be_changed() -> None:
    picture = show(load("a.csv"))
    assert isinstance(picture, Picture)
    with pytest.raises(AttributeError):
        picture.drawing = show(load("b.csv")).drawing  # type: ignore[misc]


DRIVER = """
    import foundations

    @foundations.create_stage
    def load(n):
        return list(range(n))

    @foundations.create_stage
    def total(numbers, broken):
        if broken:
            raise ValueError("no numbers")
        return sum(numbers)

    data = load(3).enable_caching()
    before = total(data, False)
    print(foundations.show(before).drawing.title)
    before.run(job_name="first")
    deployment = before.run(job_name="second")
    assert foundations.show(before) == foundations.show(deployment)
    print(foundations.show(before))
    broken = total(data, True)
    try:
        broken.run(job_name="third")
    except foundations.JobFailedError:
        print(foundations.show(broken))
    print(foundations.show(data).drawing.title)
"""


def test_a_stage_that_was_run_shows_its_latest_job_even_one_that_failed(make_project: MakeProject) -> None:
    project = make_project("pictures")
    project.write("driver.py", DRIVER)
    said = project.drive().stdout
    assert said.startswith("2 stages, not run\nflowchart TD\n    accTitle: job second: Completed in ")
    first, second = said.split("flowchart TD")[1:]
    assert "<br/>↺ cached in " in first
    assert "<br/>from job first" in first
    assert '"]:::succeeded' in first
    assert "accTitle: job third: Failed in" in second
    assert "<br/>ValueError#58; no numbers" in second
    assert second.endswith("1 stage, not run\n")
