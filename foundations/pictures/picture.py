"""What users get of a graph's picture: `show`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foundations.deployment import Deployment
from foundations.pictures.drawing import drawing_of_graph, drawing_of_job
from foundations.pictures.latest import latest_job
from foundations.pictures.mermaid import mermaid_of
from foundations.pictures.shapes import Drawing
from foundations.pictures.svg import html_of, page_of, svg_of
from foundations.signature import STAGE_FUNCTION
from foundations.stage import Stage

_BOXES = 200
_WRITERS = {".svg": svg_of, ".html": page_of, ".mmd": mermaid_of}


@dataclass(frozen=True, repr=False)
class Picture:
    """A graph as it was when `show` was called; a notebook displays it, `str` of it is Mermaid text."""

    drawing: Drawing

    def __repr__(self) -> str:
        return f"<picture: {self.drawing.title}>"

    def __str__(self) -> str:
        return self.mermaid()

    def mermaid(self) -> str:
        """Return the picture as Mermaid text, for pages that draw it: GitHub's, GitLab's, JupyterLab's."""
        return mermaid_of(self.drawing)

    def svg(self) -> str:
        """Return the picture as an SVG document."""
        return svg_of(self.drawing)

    def html(self) -> str:
        """Return the picture as a fragment of HTML, which takes the colours of the page that it is put into."""
        return html_of(self.drawing)

    def save(self, path: str | Path) -> Path:
        """Write the picture to a file and return its path; raise `ValueError` unless it ends in .svg, .html or .mmd."""
        path = Path(path)
        writer = _WRITERS.get(path.suffix.lower())
        if writer is None:
            raise ValueError(f"a picture can't be saved as {path.name!r}; end its name in {', '.join(_WRITERS)}")
        path.write_text(f"{writer(self.drawing)}\n", encoding="utf-8")
        return path

    def _repr_html_(self) -> str:
        return self.html()

    def _repr_mermaid_(self) -> str:
        return self.mermaid()


def show(what: Stage | Deployment, *, boxes: int = _BOXES) -> Picture:
    """Return a picture of a stage with all that it needs, or of a job: what was run, how it ended, how long it took.

    Of a stage that this process has run it shows the latest job. In a notebook the picture is displayed; elsewhere
    save it or print it:

    >>> foundations.show(stage).save("graph.svg")
    >>> print(foundations.show(stage.run()))

    A graph of more than `boxes` stages is folded: stages of one name that play the same part share a box. Raise
    `TypeError` for what is neither a stage nor a deployment, `ValueError` where `boxes` is less than 1.
    """
    if isinstance(boxes, bool) or not isinstance(boxes, int):
        raise TypeError(f"boxes is the largest number of boxes, got {boxes!r} of type {type(boxes).__name__}")
    if boxes < 1:
        raise ValueError(f"boxes is the largest number of boxes, at least 1, got {boxes}")
    deployment = latest_job(what) if isinstance(what, Stage) else what
    if isinstance(deployment, Deployment):
        return Picture(drawing_of_job(deployment._spec, deployment._record(), boxes=boxes))
    if isinstance(what, Stage):
        return Picture(drawing_of_graph(what.graph(), boxes=boxes))
    raise TypeError(f"show takes a stage or a deployment, got {_told(what)}")


def _told(what: Any) -> str:
    if hasattr(what, STAGE_FUNCTION):
        return f"the function {what.__name__}, which makes stages; call it, and show what it returns"
    if isinstance(what, type):
        return f"the class {what.__name__}"
    return f"something of type {type(what).__name__}"
