"""A drawing as SVG and HTML: no script, no style sheet, no id and nothing from elsewhere, so it can stand in any page.

Colours are told by text and stroke as well. Inside a page the text takes the page's own colour, dark or light.
"""

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from foundations.pictures.layout import Curve, Size, Spot, layout_of
from foundations.pictures.shapes import Drawing, Edge, Node
from foundations.pictures.text import columns, cut

_MARGIN = 14.0
_PAD = 12.0
_NAME_COLUMN, _TEXT_COLUMN = 7.9, 6.65
_NAME_LINE, _TEXT_LINE = 19.0, 15.0
_NAMES, _LINES, _LABELS = 30, 34, 24
_HEAD_LINE = 18.0
_DESCRIBED = 60
_LABEL_COLUMN = 6.05
_ARROW = 7.0
_FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
_COLOURS = {
    "succeeded": "#2e9e5b",
    "failed": "#d1383d",
    "cached": "#3b82d6",
    "running": "#b7791f",
    "skipped": "#8a8f98",
    "not run": "#8a8f98",
}
_DASHED = frozenset({"skipped", "not run"})


def svg_of(drawing: Drawing, *, inline: bool = False) -> str:
    """Return an SVG document, or an element that takes the colours of the page around it."""
    layout = layout_of([_size(node) for node in drawing.nodes], drawing.edges)
    head = [drawing.title, *drawing.remarks]
    top = _MARGIN + len(head) * _HEAD_LINE + 6
    wide = max(layout.size.width, *(columns(line) * _TEXT_COLUMN for line in head)) + 2 * _MARGIN
    high = top + layout.size.height + _MARGIN
    left = (wide - layout.size.width) / 2
    style = "max-width:none;color:inherit" if inline else "color:#1f2328;background:#ffffff"
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide:.0f}" height="{high:.0f}" '
        f'viewBox="0 0 {wide:.0f} {high:.0f}" role="img" aria-label={quoteattr(drawing.title)} style="{style}" '
        f'font-family="{_FONT}" font-size="11" fill="currentColor">'
    )
    lines = [
        opening,
        f"<title>{escape(drawing.title)}</title>",
        f"<desc>{escape(description_of(drawing))}</desc>",
        *(_text(line, _MARGIN, _MARGIN + 12 + number * _HEAD_LINE) for number, line in enumerate(head)),
        f'<g transform="translate({left:.1f} {top:.1f})">',
        *(line for curve in layout.curves for line in _curve(curve)),
        *(_node(node, spot) for node, spot in zip(drawing.nodes, layout.spots, strict=True)),
        "</g>",
        "</svg>",
    ]
    return "\n".join(lines)


def html_of(drawing: Drawing) -> str:
    """Return a self-contained fragment of HTML, which scrolls where the picture is larger than its place."""
    return (
        '<div tabindex="0" style="max-width:100%;max-height:640px;overflow:auto">\n'
        f"{svg_of(drawing, inline=True)}\n</div>"
    )


def page_of(drawing: Drawing) -> str:
    """Return a page of HTML with nothing but the picture."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n'
        f'<head><meta charset="utf-8"><title>{escape(drawing.title)}</title></head>\n'
        f"<body>\n{svg_of(drawing)}\n</body>\n</html>"
    )


def description_of(drawing: Drawing) -> str:
    """Return what the picture shows, for those who don't see it."""
    needs: dict[int, list[str]] = {}
    for edge in drawing.edges:
        needs.setdefault(edge.end, []).append(drawing.nodes[edge.start].name)
    lines = []
    for number, node in enumerate(drawing.nodes[:_DESCRIBED]):
        above = needs.get(number, ())
        after = f" needs {cut(', '.join(above), 200)}" if above else ""
        lines.append(f"{node.title(_NAMES)}{after}{'; ' if node.said else ''}{', '.join(node.said)}")
    more = len(drawing.nodes) - _DESCRIBED
    return "\n".join([*lines, f"and {more:,} more"] if more > 0 else lines)


def _size(node: Node) -> Size:
    widths = [
        columns(node.title(_NAMES)) * _NAME_COLUMN,
        *(columns(line) * _TEXT_COLUMN for line in node.lines(_LINES)),
    ]
    return Size(max(72.0, *widths) + 2 * _PAD, _NAME_LINE + len(node.lines(_LINES)) * _TEXT_LINE + 12)


def _node(node: Node, spot: Spot) -> str:
    size, lines = _size(node), []
    left = spot.x - size.width / 2
    colour = _COLOURS.get(node.status or "", "currentColor")
    heavy = 2.5 if node.target or node.status == "failed" else 1.2
    dash = ' stroke-dasharray="5 3"' if node.status in _DASHED else ""
    box = f'width="{size.width:.1f}" height="{size.height:.1f}" rx="6" stroke="{colour}"'
    if node.count > 1:  # a second box behind the first
        lines.append(f'<rect x="{left + 4:.1f}" y="{spot.top - 4:.1f}" {box} fill="none" stroke-opacity="0.5"/>')
    lines.append(
        f'<rect x="{left:.1f}" y="{spot.top:.1f}" {box} stroke-width="{heavy}"{dash} fill="{colour}" '
        f'fill-opacity="{0.14 if node.status else 0.05}"/>'
    )
    y = spot.top + _NAME_LINE
    lines.append(_text(node.title(_NAMES), left + _PAD, y, more=' font-size="13" font-weight="bold"'))
    for number, line in enumerate(node.lines(_LINES), 1):
        lines.append(_text(line, left + _PAD, y + number * _TEXT_LINE))
    return f"<g><title>{escape(node.tip)}</title>{''.join(lines)}</g>"


def _curve(curve: Curve) -> Iterator[str]:
    """Yield a piece of an arrow and, where it reaches its box, the arrow's head and its label."""
    left, (right, bottom) = curve.start.x, curve.end
    bottom -= _ARROW if curve.edge else 0
    middle = (curve.start.floor + bottom) / 2
    # straight down to where its row ends, so that it touches no box of the row
    way = f"M{left:.1f} {curve.start.bottom:.1f}V{curve.start.floor:.1f}"
    bend = f"{left:.1f} {middle:.1f} {right:.1f} {middle:.1f} {right:.1f} {bottom:.1f}"
    yield f'<path d="{way}C{bend}" {_stroke(curve.required)}/>'
    if curve.edge:
        yield f'<path d="M{right:.1f} {bottom + _ARROW:.1f}l{-_ARROW / 2} {-_ARROW}h{_ARROW}z" fill-opacity="0.6"/>'
        yield from _label(curve.edge, (left + right) / 2, middle, leap=abs(right - left))


def _label(edge: Edge, x: float, y: float, *, leap: float) -> Iterator[str]:
    """Yield an arrow's label: beside one that goes down, above one that goes across."""
    label = cut(edge.label, _LABELS)
    more = ' font-size="10" fill-opacity="0.75"'
    if label and leap < columns(label) * _LABEL_COLUMN:
        yield _text(label, x + 6, y + 3, more=more)
    elif label:
        yield _text(label, x - columns(label) * _LABEL_COLUMN / 2, y - 9, more=more)


def _stroke(required: bool) -> str:
    dash = ' stroke-dasharray="4 3"' if required else ""
    return f'fill="none" stroke="currentColor" stroke-opacity="0.6"{dash}'


def _text(text: str, x: float, y: float, *, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" xml:space="preserve"{more}>{escape(text)}</text>'
