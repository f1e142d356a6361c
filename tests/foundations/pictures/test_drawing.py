"""What a picture says of stages, before and after they ran."""

from collections.abc import Callable
from typing import Any

import pytest

from foundations import Stage, create_stage, show
from foundations.pictures.drawing import drawing_of_job
from foundations.pictures.shapes import Drawing, Edge, Node
from foundations_archive.records import StageRecord, StageSpec
from tests.foundations.pictures.conftest import function_called, job_of


def load(path: str, *, rows: int = 3) -> None: ...


def train(data: Any, rate: float, more: Any = None) -> None: ...


def drawn(stage: Stage, boxes: int = 200) -> Drawing:
    return show(stage, boxes=boxes).drawing


def ran(stage: Stage, become: Callable[[StageSpec], StageRecord], boxes: int = 200, **fields: Any) -> Drawing:
    return drawing_of_job(*job_of(stage, become, **fields), boxes=boxes)


def succeeded(stage: StageSpec) -> StageRecord:
    return StageRecord(stage.id, "succeeded", seconds=0.5)


def test_a_stage_that_has_not_run_shows_its_arguments_and_what_is_to_become_of_its_result() -> None:
    data = create_stage(load)("a.csv").enable_caching()
    drawing = drawn(create_stage(train)(data, 0.1, more={"data": [data]}).persist())
    assert drawing.title == "2 stages, not run"
    assert drawing.remarks == ()
    [first, second] = drawing.nodes
    assert (first.name, first.details, first.marks) == ("load", ("path=a.csv", "rows=3"), ("caching",))
    assert (second.details, second.marks, second.target) == (("rate=0.1",), ("persisted",), True)
    assert (first.status, first.said, first.target) == (None, (), False)
    assert drawing.edges == (Edge(0, 1, "data, more"),)


def test_arguments_are_few_and_short_in_the_box_and_whole_beside_it() -> None:
    arguments = {f"argument_{n}": "x" * 30 for n in range(5)}
    [node] = drawn(function_called("many")(**arguments)).nodes
    assert node.details[0] == f"argument_0={'x' * 22}…"
    assert node.details[3:] == ("and 2 more",)
    assert f"argument_4={'x' * 30}" in node.tip
    [node] = drawn(function_called("many")("y" * 10_000)).nodes
    assert all(len(line) <= 300 for line in node.tip.splitlines())


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (float("nan"), "nan"),
        (None, "None"),
        (True, "True"),
        ((1, "a"), "[1, 'a']"),
        ({"k": float("inf")}, "{'k': inf}"),
        ("two\nlines", "two lines"),
        (10**999, f"1{'0' * 25}…"),
        (10**5000, "<int>"),
    ],
    ids=lambda value: str(value)[:9] if isinstance(value, str) else type(value).__name__,
)
def test_an_argument_is_told_as_python_writes_it(value: Any, told: str) -> None:
    assert drawn(function_called("f")(values=value)).nodes[0].details == (f"values={told}",)


def test_an_argument_whose_repr_raises_is_told_all_the_same() -> None:
    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError("no")

    assert "Broken, whose repr raised RuntimeError>" in drawn(function_called("f")(value=Broken())).nodes[0].tip


def test_an_arrow_is_named_where_that_tells_it_from_the_others() -> None:
    made = create_stage(load)
    one, two, three = made("1"), made("2"), made("3")
    assert [edge.label for edge in drawn(create_stage(train)(one, 1, more=[two, {"k": three}])).edges] == [
        "data",
        "more",
        "more",
    ]
    assert [edge.label for edge in drawn(function_called("f")(one, two, three)).edges] == ["", "", ""]
    assert [edge.label for edge in drawn(function_called("f")(one)).edges] == ["parts"]


def test_a_stage_that_has_to_run_first_and_hands_nothing_on_is_required() -> None:
    first = StageSpec("1", "prepare", "m:prepare")
    second = StageSpec("2", "train", "m:train", ("1",))
    spec, record = job_of(create_stage(load)("x"), succeeded)
    drawing = drawing_of_job(type(spec)(**{**vars(spec), "stages": (first, second), "target": "2"}), record, boxes=9)
    assert drawing.edges == (Edge(0, 1, required=True),)
    assert "dashed arrow: has to run first, its result is not handed on" in drawing.remarks


def pipeline() -> Stage:
    return create_stage(train)(create_stage(load)("a.csv"), 0.1)


@pytest.mark.parametrize(
    ("record", "status", "said"),
    [
        ({"status": "succeeded", "seconds": 1.5}, "succeeded", ("✓ succeeded in 1.50 s",)),
        (
            {"status": "cached", "seconds": 0.001, "cached_from": "nightly"},
            "cached",
            ("↺ cached in 1.0 ms", "from job nightly"),
        ),
        (
            {"status": "failed", "seconds": 2.0, "error": "Traceback\n  ...\nKeyError: 'x'\n\n"},
            "failed",
            ("✗ failed in 2.00 s", "KeyError: 'x'"),
        ),
        ({"status": "failed", "error": " \n"}, "failed", ("✗ failed",)),
        ({"status": "skipped"}, "skipped", ("↷ skipped",)),
        ({"status": "not run"}, "not run", ("○ not run",)),
        (
            {"status": "succeeded", "seconds": 1.0, "unserializable": "lock: no"},
            "succeeded",
            ("✓ succeeded in 1.00 s", "result not kept: can't be serialized"),
        ),
        ({"status": "retired by a later version"}, "retired by a later version", ("? retired by a later version",)),
    ],
)
def test_a_stage_that_ran_shows_what_became_of_it(record: dict[str, Any], status: str, said: tuple[str, ...]) -> None:
    nodes = ran(pipeline(), lambda stage: StageRecord(stage.id, **record)).nodes
    assert [(node.said, node.tip.splitlines()[2 : 2 + len(said)]) for node in nodes] == [(said, list(said))] * 2
    assert nodes[0].status == status


def test_a_stage_that_has_begun_in_a_running_job_is_running() -> None:
    def begun(stage: StageSpec) -> StageRecord:
        return StageRecord(stage.id, "not run", started=101.0 if stage.name == "load" else None)

    drawing = ran(pipeline(), begun, state="Running", ended=None)
    assert [node.status for node in drawing.nodes] == ["running", "not run"]
    assert drawing.title == "job the-job: Running"
    assert drawing.remarks == ("2 stages: 1 not run, 1 running",)
    assert [node.status for node in ran(pipeline(), begun, state="Cancelled").nodes] == ["not run", "not run"]


def test_a_stage_of_which_the_record_says_nothing_has_not_run() -> None:
    spec, record = job_of(pipeline(), succeeded, state="Lost")
    drawing = drawing_of_job(spec, type(record)(**{**vars(record), "stages": ()}), boxes=9)
    assert [node.status for node in drawing.nodes] == ["not run", "not run"]


def test_a_long_job_id_is_shortened_in_the_box_and_whole_beside_it() -> None:
    job_id = "019ab2f7-0000-7000-8000-0123456789ab"
    drawing = ran(pipeline(), lambda stage: StageRecord(stage.id, "cached", cached_from=job_id))
    assert drawing.nodes[0].said[1] == "from job 019ab2f7…0123456789ab"
    assert f"cached from job {job_id}" in drawing.nodes[0].tip


def fan(width: int) -> Stage:
    made, step = create_stage(load), create_stage(train)
    return function_called("total")(parts=[step(made(f"{n}.csv"), 0.1) for n in range(width)])


def test_a_box_for_several_stages_tells_how_many_and_what_they_have_in_common() -> None:
    drawing = drawn(fan(1000))
    assert [(node.name, node.count, node.details) for node in drawing.nodes] == [
        ("load", 1000, ("rows=3",)),
        ("train", 1000, ("rate=0.1", "more=None")),
        ("total", 1, ()),
    ]
    assert drawing.edges == (Edge(0, 1, "data"), Edge(1, 2, "parts"))
    assert drawing.title == "2,001 stages, not run"
    assert drawing.remarks == ("2,001 stages drawn as 3 boxes",)


def test_a_box_for_several_stages_tells_how_they_ended_and_how_long_they_took_together() -> None:
    def become(stage: StageSpec) -> StageRecord:
        if stage.name == "load" and stage.arguments[0].value == "7.csv":
            return StageRecord(stage.id, "failed", seconds=0.5, error="OSError: 7")
        return succeeded(stage)

    drawing = ran(fan(1000), become, state="Failed")
    assert [(node.count, node.said) for node in drawing.nodes if node.name == "load"] == [
        (999, ("✓ succeeded in 499.50 s together",)),
        (1, ("✗ failed in 500.0 ms", "OSError: 7")),
    ]
    [mixed] = ran(fan(1000), become, boxes=1, state="Failed").nodes
    assert mixed.status == "failed"
    assert mixed.said == ("✓ 2,000 succeeded", "✗ 1 failed", "in 1000.50 s together")
    assert mixed.details == (
        "1,000 \N{MULTIPLICATION SIGN} load",
        "1,000 \N{MULTIPLICATION SIGN} train",
        "1 \N{MULTIPLICATION SIGN} total",
        "one after another",
    )
    assert (mixed.name, mixed.target) == ("stages of 3 kinds", True)


def test_parts_of_one_result_share_a_box_whatever_their_places() -> None:
    data = create_stage(load)("a.csv")
    parts = [function_called(f"load[{n}]['x']")(data) for n in range(300)]
    drawing = drawn(function_called("total")(*parts))
    assert [(node.name, node.count) for node in drawing.nodes] == [("load", 1), ("load[…]['x']", 300), ("total", 1)]
    assert [node.name for node in drawn(function_called("total")(*parts[:2])).nodes[1:3]] == [
        "load[0]['x']",
        "load[1]['x']",
    ]


def test_marks_of_several_stages_are_counted_where_not_all_have_them() -> None:
    made = create_stage(load)
    stages = [made(str(n)) for n in range(300)]
    stages[0].enable_caching()
    for stage in stages:
        stage.persist()
    assert drawn(function_called("total")(*stages)).nodes[0].marks == ("1 caching", "persisted")


def test_a_node_is_cut_to_the_columns_that_there_are() -> None:
    node = Node("a_rather_long_name", count=1200, details=("rate=0.125",), marks=("caching", "persisted"))
    assert node.title(8) == "a_rathe… \N{MULTIPLICATION SIGN} 1,200"
    assert node.lines(6) == ["rate=…", "cachi…"]


def test_a_picture_of_ten_thousand_stages_is_bounded_and_says_the_same_each_time() -> None:
    step = create_stage(train)
    chain = create_stage(load)("a.csv")
    for n in range(10_000):
        chain = step(chain, n % 3, more=chain)
    pictures = [show(chain), show(fan(5000))]
    assert [len(picture.drawing.nodes) for picture in pictures] == [2, 3]
    assert max(len(picture.svg()) + len(picture.html()) + len(picture.mermaid()) for picture in pictures) < 20_000
    assert [show(chain).svg(), show(chain).mermaid()] == [pictures[0].svg(), pictures[0].mermaid()]
