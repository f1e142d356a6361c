"""SVG and HTML: well-formed whatever the texts, self-contained, and in a real browser as it should look."""

import random
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from foundations import Stage, create_stage, show
from foundations.pictures.drawing import drawing_of_job
from foundations.pictures.picture import Picture
from foundations.pictures.shapes import Drawing, Edge, Node
from foundations.pictures.svg import description_of, html_of, svg_of
from foundations_archive.records import StageRecord, StageSpec
from tests.foundations.pictures.conftest import ODD_TEXTS, Look, function_called, job_of

_SVG = "{http://www.w3.org/2000/svg}"
_ALLOWED = {"svg", "title", "desc", "g", "rect", "path", "text"}

_MEASURE = """
    const inside = (one, other, by) => one.x >= other.x - by && one.y >= other.y - by
        && one.x + one.width <= other.x + other.width + by && one.y + one.height <= other.y + other.height + by;
    const apart = (one, other) => one.x + one.width <= other.x || other.x + other.width <= one.x
        || one.y + one.height <= other.y || other.y + other.height <= one.y;
    return [...document.querySelectorAll("svg")].map(svg => {
        const groups = [...svg.querySelectorAll("g > g")];
        const boxes = groups.map(group => [...group.querySelectorAll("rect")].pop().getBBox());
        const texts = groups.flatMap((group, n) => [...group.querySelectorAll("text")].map(text => [text, boxes[n]]));
        const rects = groups.map(group => [...group.querySelectorAll("rect")].pop().getBoundingClientRect());
        const curves = [...svg.querySelectorAll("g > path[fill=none]")];
        const crossed = curves.filter(curve => [...Array(41).keys()].some(n => {
            const {x, y} = curve.getPointAtLength(curve.getTotalLength() * n / 40);
            return boxes.some(box => x > box.x + 1 && x < box.x + box.width - 1
                && y > box.y + 1 && y < box.y + box.height - 1);
        }));
        return {
            boxes: boxes.length,
            lines: texts.map(([text]) => text.textContent),
            sticking_out: texts.filter(([one, box]) => !inside(one.getBBox(), box, 1)).map(([one]) => one.textContent),
            overlapping: boxes.flatMap((box, n) => boxes.slice(n + 1).filter(other => !apart(box, other))).length,
            out_of_sight: rects.filter(rect => !inside(rect, svg.getBoundingClientRect(), 0)).length,
            crossed: crossed.length,
            colour: getComputedStyle(svg.querySelector("text")).fill,
            scrolls: svg.parentElement.scrollWidth > svg.parentElement.clientWidth,
            page_scrolls: document.documentElement.scrollWidth > innerWidth,
            strange: document.querySelectorAll("img, a, script:not([type=module])").length,
        };
    });
"""


def mesh() -> Stage:
    """Return a graph of several layers whose arrows pass layers and cross."""
    chosen = random.Random(5)
    load, merge = function_called("load"), function_called("merge")
    made = [load(f"{n}.csv") for n in range(6)]
    for n in range(34):
        made.append(merge(*chosen.sample(made[-12:], 2), rate=n / 10))
    return merge(*made[-8:])


def pipeline() -> Stage:
    load, train = function_called("load"), function_called("train")
    rows = function_called("clean")(load("rows.csv").enable_caching(), columns=["a", "b"])
    models = [train(rows=rows, rate=rate) for rate in (0.1, 0.01, 0.001)]
    return function_called("choose")(models=models, holdout=load("holdout.csv")).persist()


def become(stage: StageSpec) -> StageRecord:
    rates = [argument.value for argument in stage.arguments if argument.name == "rate"]
    if stage.name == "load":
        return StageRecord(stage.id, "cached", seconds=0.002, cached_from="019ab2f7-0000-7000-8000-000000000000")
    if rates == [0.01]:
        return StageRecord(stage.id, "failed", seconds=3.2, error='Traceback ...\nValueError: <no> rows & "none"\n')
    if stage.name == "choose":
        return StageRecord(stage.id, "skipped")
    return StageRecord(stage.id, "succeeded", seconds=1.25)


def failed_job() -> Picture:
    return Picture(drawing_of_job(*job_of(pipeline(), become, state="Failed"), boxes=200))


def wide() -> Picture:
    return show(function_called("total")(*[function_called("load")(n) for n in range(150)]))


@pytest.mark.browser
@pytest.mark.parametrize("colour", ["rgb(20, 20, 20)", "rgb(230, 230, 230)"], ids=["light", "dark"])
def test_in_a_notebook_boxes_hold_their_texts_and_arrows_pass_beside_boxes(look: Look, colour: str) -> None:
    pictures = [show(mesh()), failed_job(), wide(), show(mesh(), boxes=12), show(pipeline(), boxes=1)]
    body = "".join(f'<div style="color:{colour}">{picture._repr_html_()}</div>' for picture in pictures)
    seen = look(body, _MEASURE)
    assert [one["boxes"] for one in seen] == [len(picture.drawing.nodes) for picture in pictures]
    for one in seen:
        assert one["sticking_out"] == []
        assert (one["overlapping"], one["crossed"], one["out_of_sight"], one["strange"]) == (0, 0, 0, 0)
        assert one["colour"] == colour
        assert not one["page_scrolls"]
    assert [one["scrolls"] for one in seen][1:3] == [False, True]


@pytest.mark.browser
def test_a_browser_shows_odd_texts_as_they_are_and_runs_none(look: Look, odd: Picture) -> None:
    [seen] = look(odd.html(), _MEASURE)
    expected = [line for node in odd.drawing.nodes for line in (node.title(30), *node.lines(34))]
    assert seen["lines"] == expected
    assert (seen["strange"], seen["overlapping"], seen["crossed"]) == (0, 0, 0)


@pytest.mark.browser
def test_a_saved_svg_is_an_image_that_browsers_draw(look: Look) -> None:
    picture = failed_job()
    script = """
        const image = new Image();
        image.src = "/picture.svg";
        await image.decode();
        const canvas = document.createElement("canvas");
        [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
        const context = canvas.getContext("2d");
        context.drawImage(image, 0, 0);
        const pixels = context.getImageData(0, 0, canvas.width, canvas.height).data;
        const colours = new Set();
        for (let n = 0; n < pixels.length; n += 4) colours.add(pixels.slice(n, n + 3).join());
        return {size: [canvas.width, canvas.height], colours: [...colours]};
    """
    seen = look("", script, picture_svg=picture.svg())
    size = re.search(r'width="(\d+)" height="(\d+)"', picture.svg())
    assert size is not None
    assert seen["size"] == [int(size[1]), int(size[2])]
    assert {"46,158,91", "209,56,61", "59,130,214", "31,35,40"} <= set(seen["colours"])


def elements(svg: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(svg).iter())


def test_svg_is_xml_with_nothing_but_shapes_and_texts_whatever_the_texts_are(odd: Picture) -> None:
    for svg in (odd.svg(), svg_of(odd.drawing, inline=True)):
        svg.encode()
        assert {element.tag.removeprefix(_SVG) for element in elements(svg)} == _ALLOWED
        attributes = {name for element in elements(svg) for name in element.attrib}
        assert not [name for name in attributes if name.startswith("on") or "href" in name or name in ("id", "class")]
        assert "url(" not in svg
        assert "@import" not in svg


def test_html_is_one_element_that_is_closed_whatever_the_texts_are(odd: Picture) -> None:
    class Parser(HTMLParser):
        depth, tops, tags = 0, 0, set[str]()

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.tops += self.depth == 0
            self.depth += 1
            self.tags.add(tag)

        def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.tags.add(tag)

        def handle_endtag(self, tag: str) -> None:
            self.depth -= 1

        def handle_data(self, data: str) -> None:
            assert self.depth or not data.strip()

    parser = Parser()
    parser.feed(odd._repr_html_())
    parser.close()
    assert (parser.depth, parser.tops, parser.tags) == (0, 1, _ALLOWED | {"div"})


def test_a_status_is_told_by_its_word_and_not_by_colour_alone() -> None:
    texts = [element.text for element in elements(failed_job().svg()) if element.tag == f"{_SVG}text"]
    assert {"✗ failed in 3.20 s", 'ValueError: <no> rows & "none"', "✓ succeeded in 1.25 s", "↷ skipped"} <= set(texts)
    assert {"↺ cached in 2.0 ms", "from job 019ab2f7…000000000000", "caching", "persisted"} <= set(texts)
    assert texts[:2] == ["job the-job: Failed in 12.50 s", "7 stages: 3 succeeded, 1 failed, 2 cached, 1 skipped"]


def test_a_picture_has_a_role_a_title_and_a_description_for_those_who_do_not_see_it() -> None:
    [root, title, description, *_] = elements(failed_job().svg())
    assert (root.get("role"), root.get("aria-label")) == ("img", "job the-job: Failed in 12.50 s")
    assert title.text == "job the-job: Failed in 12.50 s"
    assert str(description.text).splitlines()[1] == "clean needs load; ✓ succeeded in 1.25 s"


def test_the_description_of_a_large_picture_is_bounded() -> None:
    node = Node("n" * 1000, said=("s" * 100,))
    edges = tuple(Edge(start, 100) for start in range(100))
    described = description_of(Drawing("many", (node,) * 500, edges))
    assert described.endswith("\nand 440 more")
    assert len(described) < 20_000


def test_arrows_that_hand_nothing_on_are_dashed() -> None:
    nodes = (Node("first"), Node("second"), Node("third"))
    svg = svg_of(Drawing("three", nodes, (Edge(0, 2, required=True), Edge(1, 2, "data"))))
    curves = [element for element in elements(svg) if element.get("fill") == "none"]
    assert sorted(bool(curve.get("stroke-dasharray")) for curve in curves) == [False, True]
    assert "data" in [element.text for element in elements(svg)]


def test_a_box_for_several_stages_has_a_second_one_behind_it() -> None:
    svg = svg_of(Drawing("some", (Node("load", count=1000),), ()))
    assert len([element for element in elements(svg) if element.tag == f"{_SVG}rect"]) == 2
    assert "load \N{MULTIPLICATION SIGN} 1,000" in [element.text for element in elements(svg)]


def test_a_drawing_without_stages_is_a_picture_too() -> None:
    drawing = Drawing("nothing", (), ())
    assert "nothing" in [element.text for element in elements(svg_of(drawing))]
    assert html_of(drawing).count("<svg") == 1


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_an_odd_title_is_a_title(text: str) -> None:
    printable = show(create_stage(print)(text)).drawing.nodes[0].tip
    root = ElementTree.fromstring(svg_of(Drawing(printable, (Node("one", tip=printable),), ())))
    assert root.get("aria-label") is not None
