"""A drawing as Mermaid text, which GitHub, GitLab, JupyterLab and many editors draw."""

import re
from collections.abc import Iterator

from foundations.pictures.shapes import Drawing, Edge, Node
from foundations.pictures.text import cut

# Mermaid's own limit is 50,000 characters
_LONGEST = 45_000
_COLUMNS = 34
_SHORT = 8
_CLASSES = {
    "succeeded": "fill:#dff3e6,stroke:#2e9e5b,color:#1f2328",
    "failed": "fill:#fbe3e4,stroke:#d1383d,color:#1f2328,stroke-width:3px",
    "cached": "fill:#e0ecfa,stroke:#3b82d6,color:#1f2328",
    "running": "fill:#f8edd9,stroke:#b7791f,color:#1f2328",
    "skipped": "fill:#eeeff1,stroke:#8a8f98,color:#1f2328,stroke-dasharray:5 3",
    "not run": "fill:#eeeff1,stroke:#8a8f98,color:#1f2328,stroke-dasharray:5 3",
}
# what stands for itself anywhere, and what does between letters only; all else is written as its number, so that no
# user's text is Mermaid's syntax
_PLAIN = frozenset(" ,()'✓✗↺↷○▶·…\N{MULTIPLICATION SIGN}")
_PLAIN_INSIDE = frozenset("_.=-")
# what Mermaid looks for when it has read the numbers: Markdown, formulas, icons, and how it writes numbers itself.
# Markdown's stars mean nothing between spaces, all else nothing when something stands in it: neither is seen
_MARKED = re.compile(r"\*+|~+|(?<![^\W_])_+|_+(?![^\W_])")
_BROKEN = re.compile(r"(?<=\$)(?=\$)|(?<=:)(?=fa-)|(?<=[\\\ufb02¶])")
_BLOCK = re.compile(r"[^\w\s]|\d+[.)]")
_HAIR, _NOTHING = "\N{HAIR SPACE}", "\N{ZERO WIDTH SPACE}"


def mermaid_of(drawing: Drawing) -> str:
    """Return a Mermaid flowchart; of a large picture the names only, so that Mermaid takes it."""
    for lines, columns in ((True, _COLUMNS), (False, _COLUMNS), (False, _SHORT)):
        text = "\n".join(_statements(drawing, lines=lines, columns=columns))
        if len(text) <= _LONGEST:
            break
    return text


def _statements(drawing: Drawing, *, lines: bool, columns: int) -> Iterator[str]:
    yield "flowchart TD"
    yield f"    accTitle: {drawing.title.replace(';', ',').replace('#', '')}"
    for number, node in enumerate(drawing.nodes):
        yield f"    n{number}{_box(node, lines=lines, columns=columns)}{_class(node)}"
    for edge in drawing.edges:
        yield f"    n{edge.start} {_arrow(edge, lines=lines)} n{edge.end}"
    for name in sorted({node.status for node in drawing.nodes if node.status in _CLASSES}):
        yield f"    classDef {name.replace(' ', '_')} {_CLASSES[name]}"


def _box(node: Node, *, lines: bool, columns: int) -> str:
    below = node.lines(_COLUMNS) if lines else [cut(line, _COLUMNS) for line in node.said[:1]]
    return f"[{_quoted(node.title(columns), *below)}]"


def _class(node: Node) -> str:
    return f":::{node.status.replace(' ', '_')}" if node.status in _CLASSES and node.status else ""


def _arrow(edge: Edge, *, lines: bool) -> str:
    arrow = "-.->" if edge.required else "-->"
    return f"{arrow}|{_quoted(cut(edge.label, _COLUMNS))}|" if edge.label and lines else arrow


def _quoted(*lines: str) -> str:
    # a list or a heading is one at the beginning of a label only
    start = f"#{ord(_NOTHING)};" if _BLOCK.match(lines[0]) else ""
    return f'"{start}{"<br/>".join(map(_escaped, lines))}"'


def _escaped(text: str) -> str:
    text = _BROKEN.sub(_NOTHING, _MARKED.sub(rf"{_HAIR}\g<0>{_HAIR}", text))
    around = f" {text} "
    return "".join(
        one if _stands_for_itself(one, before, behind) else f"#{ord(one)};"
        for before, one, behind in zip(around, text, around[2:], strict=False)
    )


def _stands_for_itself(character: str, before: str, behind: str) -> bool:
    if character in _PLAIN_INSIDE:
        return before.isalnum() and behind.isalnum()
    return character in _PLAIN or (character.isascii() and character.isalnum())
