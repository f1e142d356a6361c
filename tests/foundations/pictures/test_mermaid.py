"""Mermaid text, read and drawn by Mermaid itself."""

import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import pytest

from foundations import create_stage, show
from foundations.pictures.mermaid import mermaid_of
from foundations.pictures.picture import Picture
from foundations.pictures.shapes import Drawing, Edge, Node
from foundations.pictures.text import cut
from tests.foundations.pictures.conftest import ODD_TEXTS, Look, function_called

_DRAW = """
    mermaid.initialize({startOnLoad: false});
    const drawn = [];
    for (const text of JSON.parse(document.getElementById("texts").textContent)) {
        const {svg} = await mermaid.render("drawn" + drawn.length, text);
        const place = document.createElement("div");
        place.innerHTML = svg;
        document.body.append(place);
        const number = element => Number(element.id.match(/n(\\d+)/g).pop().slice(1));
        drawn.push({
            nodes: [...place.querySelectorAll("g.node")].map(node => [number(node),
                node.querySelector(".nodeLabel")?.innerText ?? "", [...node.classList]]),
            labels: [...place.querySelectorAll("span.edgeLabel")].map(one => one.innerText),
            arrows: place.querySelectorAll("path.flowchart-link").length,
            dashed: place.querySelectorAll("path.flowchart-link.edge-pattern-dotted").length,
            title: place.querySelector("title")?.textContent,
            strange: place.querySelectorAll("script, img, a, i, b, em, strong, del, .katex, math, h1, li").length,
        });
    }
    return drawn;
"""


def drawn_by_mermaid(look: Look, *texts: str) -> list[dict[str, Any]]:
    data = json.dumps(texts).replace("<", "\\u003c")
    found = importlib.util.find_spec("mmdc")
    assert found is not None
    assert found.origin is not None
    script = (Path(found.origin).parent / "assets" / "mermaid.js").read_text(encoding="utf-8")
    body = f'<script id="texts" type="application/json">{data}</script><script src="/mermaid.js"></script>'
    drawn = look(body, _DRAW, mermaid_js=script)
    assert isinstance(drawn, list)
    return drawn


def shown(text: str) -> str:
    return " ".join(re.sub("[\N{HAIR SPACE}\N{ZERO WIDTH SPACE}]", "", text).split())


def lines_of(node: Node) -> str:
    return shown(" ".join([node.title(34), *node.lines(34)]))


@pytest.mark.browser
def test_mermaid_shows_every_odd_text_as_it_is(look: Look, odd: Picture) -> None:
    [drawn] = drawn_by_mermaid(look, odd.mermaid())
    nodes = odd.drawing.nodes
    assert {number: shown(label) for number, label, _ in drawn["nodes"]} == dict(enumerate(map(lines_of, nodes)))
    assert drawn["strange"] == 0
    assert drawn["arrows"] == len(odd.drawing.edges)


@pytest.mark.browser
def test_mermaid_shows_labels_that_are_odd_texts(look: Look) -> None:
    load = function_called("load")
    picture = show(function_called("merge")(**{text: load(text) for text in ODD_TEXTS}))
    [drawn] = drawn_by_mermaid(look, picture.mermaid())
    labels = [shown(cut(edge.label, 34)) for edge in picture.drawing.edges]
    assert sorted(filter(None, map(shown, drawn["labels"]))) == sorted(filter(None, labels))
    assert drawn["strange"] == 0


@pytest.mark.browser
def test_mermaid_takes_pictures_of_the_largest_and_the_oddest_graphs(look: Look) -> None:
    long = [function_called(f"{'#' * 300}{n}")(*["#" * 300] * 3, **{"#" * 300: 1}) for n in range(199)]
    many = [function_called(f"stage_{n}")() for n in range(20)]
    dense = [function_called(f"next_{n}")(*many) for n in range(19)]
    texts = [show(function_called("all")(*some)).mermaid() for some in (long, dense)]
    for text, drawn in zip(texts, drawn_by_mermaid(look, *texts), strict=True):
        assert len(text) <= 50_000  # Mermaid's own limit
        assert len(drawn["nodes"]) == text.count('["')
        assert drawn["arrows"] == text.count("-->")


@pytest.mark.browser
def test_mermaid_shows_how_each_stage_ended_and_what_was_only_required(look: Look) -> None:
    statuses = ("succeeded", "failed", "cached", "running", "skipped", "not run")
    nodes = tuple(Node(status, status=status, said=(status,)) for status in statuses)
    edges = (Edge(0, 1, "data"), Edge(0, 2, required=True))
    [drawn] = drawn_by_mermaid(look, mermaid_of(Drawing("job x: Failed", nodes, edges)))
    for (_, label, classes), status in zip(sorted(drawn["nodes"]), statuses, strict=True):
        assert label.split("\n") == [status, status]
        assert status.replace(" ", "_") in classes
    assert (drawn["arrows"], drawn["dashed"], drawn["title"]) == (2, 1, "job x: Failed")


def load(path: str, rate: float = -1) -> None: ...


def test_the_text_of_a_picture_is_the_same_each_time() -> None:
    made, total = create_stage(load), create_stage(sum)
    stage = total([made("a.csv"), made("b_1.csv", rate=0.5).enable_caching()]).persist()
    assert show(stage).mermaid() == show(stage).mermaid() == MERMAID


MERMAID = """\
flowchart TD
    accTitle: 3 stages, not run
    n0["load<br/>path=a.csv<br/>rate#61;#45;1"]
    n1["load<br/>path=b_1.csv<br/>rate=0.5<br/>caching"]
    n2["sum<br/>start=0<br/>persisted"]
    n0 --> n2
    n1 --> n2"""


@pytest.mark.parametrize(
    ("boxes", "kept"),
    [(1, ["name", "detail", "succeeded"]), (190, ["name", "succeeded"]), (1000, ["name", "succeeded"])],
)
def test_a_text_too_long_for_mermaid_loses_its_details_first(boxes: int, kept: list[str]) -> None:
    details = tuple(f"detail {n} {'#' * 24}" for n in range(3))
    node = Node(f"name{'x' * 30}", details=details, status="succeeded", said=("succeeded",))
    text = mermaid_of(Drawing("large", (node,) * boxes, ()))
    assert [word for word in ("name", "detail", "succeeded") if f"{word}" in text.partition("classDef")[0]] == kept
    assert text.count('["name') == boxes


def test_a_drawing_without_stages_is_a_flowchart_too() -> None:
    assert mermaid_of(Drawing("nothing", (), ())) == "flowchart TD\n    accTitle: nothing"
