"""docs/pictures.md: its driver runs, and prints the picture that the page shows."""

import re
from pathlib import Path
from xml.etree import ElementTree

from tests.docs.drivers import ran

PAGE = Path(__file__).parents[2] / "docs" / "pictures.md"


def test_the_pages_driver_prints_the_picture_that_it_shows_and_saves_two(tmp_path: Path) -> None:
    blocks = dict(re.findall(r"^```(\w+)\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL))
    assert ran(blocks["python"], tmp_path, home=tmp_path / "home").stdout == blocks["mermaid"]
    before, after = (ElementTree.parse(tmp_path / name).getroot() for name in ("before.svg", "after.svg"))
    assert before.get("aria-label") == "4 stages, not run"
    assert re.fullmatch(r"job \S+: Completed in .+", after.get("aria-label") or "")
